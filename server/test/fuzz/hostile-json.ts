/** JSON as hostile or broken servers write it: values that no serializer of ours would, put anywhere into an answer. */
import type { Random } from '../simulation/random.ts';

/** Text that stands for a value as it is. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A tree that is written as JSON; a Raw stands for itself, and an object may have a key twice. */
export type Tree = string | number | boolean | null | Raw | Tree[] | Fields;
export interface Fields {
  [key: string]: Tree;
}

export function written(tree: Tree): string {
  if (tree instanceof Raw) return tree.text;
  if (Array.isArray(tree)) return `[${tree.map(written).join(',')}]`;
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree);
  return `{${Object.entries(tree)
    .map(([key, value]) => `${JSON.stringify(key)}:${written(value)}`)
    .join(',')}}`;
}

const NUMBERS = [
  ...[
    '18446744073709551615',
    '9223372036854775807',
    '9007199254740993',
    '9007199254740991',
    '100000001',
    '100000000',
    '4294967296',
  ],
  ...['1e999', '-1e999', '1e-7', '1.5', '0.1', '99999999.5', '-1', '-0', '-9007199254740993', '0', '1', '7', '1E2', '12.0'],
] as const;

const STRINGS = [
  ...[
    '""',
    '"12"',
    '"NaN"',
    '"Infinity"',
    '"\\t"',
    '"\\u001e\\u001f"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u2028"',
  ],
  ...[
    '"stop\\tE\\u001e1\\u001f2\\nB\\t"',
    '"通义千问"',
    '"\\u202e"',
    '"__proto__"',
    '"constructor"',
    '"[DONE]"',
    '"data: [DONE]"',
    '"\\\\"',
  ],
] as const;

const OTHERS = ['null', 'true', 'false', '[]', '{}', '[[]]', '{"value":1}', '[1,2]', '{"__proto__":{"input_tokens":5}}'] as const;

/** Any value, written as JSON or as what some servers take for it. */
export function hostileValue(random: Random): Raw {
  return new Raw(
    random.weighted<() => string>([
      [6, () => random.pick(NUMBERS)],
      [3, () => random.pick(STRINGS)],
      [3, () => random.pick(OTHERS)],
      [1, () => JSON.stringify(anyText(random, 40))],
      [1, () => `"${'x'.repeat(random.pick([200, 5_000, 70_000]))}"`],
      [1, () => '['.repeat(random.whole(1, 300)) + ']'.repeat(random.whole(1, 300))],
    ])(),
  );
}

/** Text of any characters there are. */
export function anyText(random: Random, charsMax: number): string {
  const point = () =>
    random.weighted<() => number>([
      [3, () => random.whole(0x20, 0x7e)],
      [2, () => random.whole(0, 0x1f)],
      [2, () => random.whole(0x80, 0x2fff)],
      [2, () => random.whole(0x3000, 0xffff)],
      [1, () => random.whole(0x10000, 0x10ffff)],
    ])();
  return Array.from({ length: random.whole(0, charsMax) }, () => String.fromCodePoint(point())).join('');
}

/** Every place in a tree that a value could stand in, with how to put one there. */
function placesIn(tree: Tree): ((value: Tree | undefined) => void)[] {
  if (tree instanceof Raw || typeof tree !== 'object' || tree === null) return [];
  const places: ((value: Tree | undefined) => void)[] = [];
  for (const key of Object.keys(tree)) {
    const holder = tree as Fields;
    places.push((value) => {
      if (value === undefined) delete holder[key];
      else put(holder, key, value);
    });
    places.push(...placesIn(holder[key] as Tree));
  }
  return places;
}

/** Puts hostile values into some places of a tree, takes others out, and adds fields that nobody asked for. Changes the tree. */
export function mutateTree(tree: Fields, names: readonly string[], random: Random): void {
  for (let left = random.whole(1, 4); left > 0; left -= 1) {
    const places = placesIn(tree);
    const add = () => put(objectIn(tree, random), random.pick(names), hostileValue(random));
    if (places.length === 0) add();
    else {
      random.weighted<() => void>([
        [6, () => random.pick(places)(hostileValue(random))],
        [1, () => random.pick(places)(undefined)],
        [2, add],
      ])();
    }
  }
}

/** Also where the name is one that objects have of themselves. */
function put(holder: Fields, key: string, value: Tree): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function objectIn(tree: Fields, random: Random): Fields {
  const inner = Object.values(tree).filter((value): value is Fields => isFields(value));
  return inner.length === 0 || random.chance(0.3) ? tree : objectIn(random.pick(inner), random);
}

function isFields(value: Tree): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Raw);
}

/** Cut, repeated, flipped, filled with anything: what a connection or a proxy makes of bytes. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let out = bytes;
  for (let left = random.whole(1, 3); left > 0; left -= 1) {
    const at = random.whole(0, Math.max(0, out.length - 1));
    const to = Math.min(out.length, at + random.whole(1, 60));
    out = random.weighted<() => Buffer>([
      [3, () => out.subarray(0, at)],
      [2, () => Buffer.concat([out.subarray(0, at), out.subarray(to)])],
      [2, () => Buffer.concat([out.subarray(0, to), out.subarray(at)])],
      [2, () => Buffer.concat([out.subarray(0, at), random.bytes(random.whole(1, 30)), out.subarray(at)])],
      [2, () => Buffer.from(out.map((byte, index) => (index === at ? byte ^ (1 << random.whole(0, 7)) : byte)))],
      [1, () => Buffer.concat([out, out])],
    ])();
  }
  return out;
}
