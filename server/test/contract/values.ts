/** Values inside a schema, as fast-check makes them, and beside it. */
import fc from 'fast-check';
import type { Schema } from './contract.ts';

/** What a value is made with. */
export interface Making {
  resolve(schema: Schema): Schema;
  /** Values for a field of this name that the gateway knows: ids of what is there. Empty if it knows none. */
  known(name: string): readonly string[];
}

/** The value of a field that is left out. */
const ABSENT = Symbol('absent');

const DEPTH_MAX = 6;
const ITEMS_MAX = 3;

/** Returns values of a schema for the field `name`. Rules that `not` states are the caller's to check. */
export function valuesOf(schema: Schema, name: string, making: Making, depth = 0): fc.Arbitrary<unknown> {
  const { $ref, enum: values, anyOf, oneOf } = schema;
  if ($ref !== undefined) return valuesOf(making.resolve(schema), name, making, depth);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(values)) return fc.constantFrom(...values);
  const branches = anyOf ?? oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => valuesOf(branch, name, making, depth)));
  switch (schema.type) {
    case 'string':
      return textsOf(schema, name, making);
    case 'integer':
      return wholeNumbers(schema);
    case 'number':
      return fc.double({ min: Number(schema.minimum ?? 0), max: Number(schema.maximum ?? 1e6), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return arraysOf(schema, name, making, depth);
    case 'object':
      return objectsOf(schema, making, depth);
    default:
      return fc.jsonValue({ maxDepth: 2, noUnicodeString: false });
  }
}

function wholeNumbers({ minimum, maximum }: Schema): fc.Arbitrary<number> {
  const min = Math.max(Number(minimum ?? 0), Number.MIN_SAFE_INTEGER);
  const max = Math.min(Number(maximum ?? 1_000_000), Number.MAX_SAFE_INTEGER);
  const small = fc.integer({ min, max: Math.min(max, min + 50) });
  const anywhere = fc.double({ min: 0, max: 1, noNaN: true }).map((share) => Math.floor(min + share * (max - min)));
  return fc.oneof(fc.constantFrom(min, max), small, anywhere);
}

function arraysOf(schema: Schema, name: string, making: Making, depth: number): fc.Arbitrary<unknown[]> {
  const minLength = Number(schema.minItems ?? 0);
  const maxLength = Math.max(minLength, Math.min(Number(schema.maxItems ?? ITEMS_MAX), depth > DEPTH_MAX ? 0 : ITEMS_MAX));
  return fc.array(valuesOf(schema.items ?? {}, name.replace(/s$/, ''), making, depth + 1), { minLength, maxLength });
}

function objectsOf(schema: Schema, making: Making, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const names = Object.keys(properties);
  // Half of what may be absent is there, so that values are as often small as large.
  const shape = names.map((field) => {
    const values = valuesOf(properties[field] as Schema, field, making, depth + 1);
    return required.includes(field) ? values : fc.option(values, { freq: 2, nil: ABSENT });
  });
  const fields = fc
    .tuple(...shape)
    .map((made) => Object.fromEntries(made.flatMap((value, at) => (value === ABSENT ? [] : [[names[at] as string, value]]))));
  if (typeof additionalProperties !== 'object' || additionalProperties === null || names.length > 0) return fields;
  const keys = textsOf((propertyNames ?? { maxLength: 20 }) as Schema, '', making);
  const max = Math.min(Number(schema.maxProperties ?? ITEMS_MAX), ITEMS_MAX);
  return fc
    .dictionary(keys, valuesOf(additionalProperties as Schema, '', making, depth + 1), { maxKeys: max })
    .map((made) => ({ ...made }));
}

/** Texts in several scripts, with characters of two UTF-16 units and marks that combine. */
const CHARS = [...'abcXYZ019 -_.,:/@éßжλ中文字한ก😀🚀👩‍🚀\'"<>&%$#()[]{}|~`+=!?*;'];

/** Texts for a field. What is known of it is looked up when a value is made: the arbitrary is kept, and the gateway changes. */
function textsOf(schema: Schema, name: string, making: Making): fc.Arbitrary<string> {
  const free = freeTexts(schema);
  return fc.tuple(free, fc.nat(4), fc.nat(997)).map(([made, chance, at]) => {
    const known = making.known(name);
    return known.length > 0 && chance > 0 ? (known[at % known.length] as string) : made;
  });
}

/** To read a pattern takes long, and few patterns are in many fields. */
const madeBefore = new Map<string, fc.Arbitrary<string>>();

function freeTexts({ format, pattern, minLength, maxLength }: Schema): fc.Arbitrary<string> {
  const key = JSON.stringify([format, pattern, minLength, maxLength]);
  const known = madeBefore.get(key) ?? newTexts({ format, pattern, minLength, maxLength } as Schema);
  madeBefore.set(key, known);
  return known;
}

/** A condition on what follows or comes before, with at most one group inside. */
const LOOKING_AROUND = /\(\?<?[!=](?:[^()]|\([^()]*\))*\)/g;

function newTexts({ format, pattern, minLength, maxLength }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return instants();
  const min = Number(minLength ?? 0);
  const max = Number(maxLength ?? 300);
  const isPlain =
    typeof pattern === 'string' &&
    !pattern.includes('\\p{') &&
    !pattern.startsWith('^[^') &&
    !pattern.startsWith('^(?!\\s)(?:[^') &&
    !pattern.startsWith('^\\s*[^');
  if (isPlain) {
    const regex = new RegExp(pattern, 'u');
    // What must not follow is left out when texts are made, and judged afterwards.
    const made = new RegExp(pattern.replace(LOOKING_AROUND, ''), 'u');
    return fc.stringMatching(made).filter((text) => regex.test(text) && [...text].length <= max && [...text].length >= min);
  }
  const regex = new RegExp(typeof pattern === 'string' ? pattern : '', 'u');
  const unit = fc.constantFrom(...CHARS);
  return fc
    .oneof(
      fc.string({ unit, minLength: Math.max(min, 1), maxLength: Math.min(max, 24) }),
      fc.string({ unit: 'grapheme-ascii', minLength: Math.max(min, 1), maxLength: Math.min(max, 12) }),
      fc.constantFrom(
        'a',
        'Ada',
        'x'.repeat(Math.min(max, 3_000)),
        '😀'.repeat(Math.min(max, 200)),
        'a'.repeat(Math.max(min, 1)),
      ),
    )
    .filter((text) => regex.test(text) && [...text].length <= max);
}

function instants(): fc.Arbitrary<string> {
  const dates = fc.date({ min: new Date('1970-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true });
  const near = fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2028-01-01T00:00:00Z'), noInvalidDate: true });
  const written = (date: Date, zone: string) => date.toISOString().replace(/\.\d+Z$|Z$/, zone);
  return fc
    .tuple(fc.oneof(near, near, dates), fc.constantFrom('Z', '.5Z', '+02:00', '-11:30'))
    .map(([date, zone]) => written(date, zone));
}

/** What a value is replaced by, to leave its schema. The judge decides whether it did. */
const STRANGE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e21, 2 ** 53, '', ' ', 'x', '0', 'true', [], {}, [null], [[]], { a: 1 }],
  ...[
    'x'.repeat(5_000),
    'a\0b',
    '\u202eabc',
    'a\nb',
    '1.1234567891',
    '1e3',
    '-1',
    '😀'.repeat(300),
    '../..',
    '*',
    '2026-02-30T00:00:00Z',
    'Mars/Olympus',
  ],
];

/** Changes one place of a value: another value, a field less, a field more, an item more. `pick` returns a number below its argument. */
export function spoiled(value: unknown, pick: (below: number) => number): unknown {
  if (typeof value === 'object' && value !== null && pick(4) > 0) {
    const entries = Object.entries(value);
    const isList = Array.isArray(value);
    const at = entries[pick(Math.max(entries.length, 1))];
    const kind = pick(4);
    if (at !== undefined && kind > 1)
      return rebuilt(
        value,
        entries.map(([name, inner]) => [name, name === at[0] ? spoiled(inner, pick) : inner]),
      );
    if (at !== undefined && kind === 1)
      return rebuilt(
        value,
        entries.filter(([name]) => name !== at[0]),
      );
    if (isList) return [...value, STRANGE[pick(STRANGE.length)]];
    return {
      ...value,
      [['unknown', 'id', 'organization_id', '__proto_', 'Name'][pick(5)] as string]: STRANGE[pick(STRANGE.length)],
    };
  }
  return STRANGE[pick(STRANGE.length)];
}

function rebuilt(value: object, entries: readonly (readonly [string, unknown])[]): unknown {
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
