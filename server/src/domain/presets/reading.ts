/** The small steps of reading a preset, each with its fault. */

/** Returns what is wrong with a base URL; null if nothing is. */
export type CheckAddress = (url: string) => string | null;

/** A fault of a preset. Its message continues the name of the field. */
export class Fault extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** Returns the object's own fields. Throws for any that is not known, whatever its name. `where`: the object's own name. */
export function objectFrom(value: unknown, where: string, known: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fault(where || 'preset', 'must be an object');
  const unknown = Object.keys(value).find((name) => !known.has(name));
  if (unknown !== undefined) throw new Fault(pointer(where, unknown), 'is not a field of presets');
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

export function textFrom(value: unknown, field: string, form: RegExp, words: string): string {
  if (typeof value !== 'string' || !form.test(value)) throw new Fault(field, words);
  return value;
}

export function oneOf<T extends string>(value: unknown, field: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new Fault(field, `must be ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`);
  return found;
}

const SHOWN_CHARS_MAX = 64;

/** Returns the name of a field in an object. A name from outside is cut and cleaned, because it is shown. */
export function pointer(where: string, name: string): string {
  const shown = name.replace(/[^\w.-]/g, '_').slice(0, SHOWN_CHARS_MAX);
  return where === '' ? shown : `${where}/${shown}`;
}
