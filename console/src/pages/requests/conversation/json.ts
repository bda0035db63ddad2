import { words } from '../words.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a stored body as a value: text is parsed. Null if it is not JSON, such as a stream, or a body that was cut. */
export function parsedOrNull(body: unknown): unknown {
  if (typeof body !== 'string') return body ?? null;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return null;
  }
}

/** Returns any value as text: a string as it is, else as JSON. Parsed JSON can be too deep to be written again. */
export function writtenText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, null, 2) ?? '';
  } catch {
    return words.nestedTooDeeplyToBeShown;
  }
}

/** Returns a text field, or '' if it is not text. */
export function textIn(object: Json, name: string): string {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'string' ? value : '';
}
