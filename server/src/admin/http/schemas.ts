import { z } from 'zod';

/** Schemas whose form in the reference says exactly what they accept. */

const NO_NUL = '^[^\\u0000]*$';

/**
 * Returns a schema for text of `charsMin` to `charsMax` characters (code points, as JSON Schema counts them) without NUL, which
 * PostgreSQL cannot store.
 */
export function text(charsMax: number, charsMin = 0) {
  return z
    .string()
    .refine((value) => charsUpTo(value, charsMax + 1) <= charsMax, `must have at most ${charsMax} characters`)
    .refine(
      (value) => charsUpTo(value, charsMin) >= charsMin,
      charsMin === 1 ? 'must not be empty' : `must have at least ${charsMin} characters`,
    )
    .refine((value) => value.isWellFormed(), 'must not contain half of a surrogate pair')
    .refine((value) => !value.includes('\0'), 'must not contain NUL characters')
    .meta({ pattern: NO_NUL, ...(charsMin === 0 ? {} : { minLength: charsMin }), maxLength: charsMax });
}

/** Counts the characters of a text, up to `max`. */
function charsUpTo(value: string, max: number): number {
  // Each character has one or two UTF-16 units.
  if (value.length < max) return value.length >= max ? max : countOf(value, max);
  return value.length >= max * 2 ? max : countOf(value, max);
}

function countOf(value: string, max: number): number {
  let count = 0;
  for (const _ of value) {
    count += 1;
    if (count >= max) break;
  }
  return count;
}

/** Returns a schema for text of 1 to `charsMax` characters after spaces around it are cut. */
export function trimmedText(charsMax: number) {
  return z
    .string()
    .transform((value) => value.trim())
    .pipe(text(charsMax, 1))
    .meta({ pattern: `^\\s*[^\\s\\u0000](?:[^\\u0000]{0,${charsMax - 2}}[^\\s\\u0000])?\\s*$` });
}

/** The pattern of an id in a list, which has no comma. */
export const ID_IN_LIST = '[!-+\\--~]{1,64}';

/**
 * Returns the pattern of a list in a query, separated by commas. `item` is the pattern of one part, without anchors.
 */
export function commaList(item: string, itemsMax: number): { readonly pattern: string } {
  return { pattern: `^${item}(?:,${item}){0,${itemsMax - 1}}$` };
}

/** A query parameter that is on or off: `true` or `false`, and nothing else. */
export const onOff = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean('must be true or false'),
);

/** Returns a schema for a whole number in a query, written in decimal digits. */
export function wholeNumber(min: number, max: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?[0-9]{1,16}$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  );
}

/** Returns a schema for a number in a query, written as JSON writes it. */
export function decimalNumber(min: number, max: number) {
  return z.preprocess(
    (value) =>
      typeof value === 'string' && /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(value) ? Number(value) : value,
    z.number().min(min).max(max),
  );
}

/**
 * Returns the part of a JSON Schema that refuses what fits one of `shapes`, for rules between fields. Generators of clients ignore
 * `not`, so the type stays a plain object.
 */
export function never(...shapes: readonly object[]) {
  return { not: shapes.length === 1 ? shapes[0] : { anyOf: shapes } };
}

/** The shape of an object that has each of these fields with a value of its type. Absent and null fields do not fit. */
export function has(fields: Readonly<Record<string, 'string' | 'integer'>>) {
  return {
    required: Object.keys(fields),
    properties: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
  };
}

/** The shape of an object that has none of these fields. A field that is null is there. */
export function lacks(...names: readonly string[]) {
  return { not: { anyOf: names.map((name) => ({ required: [name] })) } };
}

/** The form of an address that `checkWebhookUrl` demands. */
export const URL_PATTERN =
  '^[Hh][Tt][Tt][Pp][Ss]?://[^/\\s\\\\@?#\\u0000-\\u001f\\u007f]+(?:\\?[^\\s\\\\@#/\\u0000-\\u001f\\u007f]*)?(?:/[^\\s\\\\#\\u0000-\\u001f\\u007f]*)?$';
