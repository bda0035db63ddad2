/** Reads single values of settings in JSON, for reports. A text that is no JSON has none. */
import { parseJsonc, plainValue } from './jsonc.ts';

/** Returns the value at a path; undefined if there is none. */
export function settingAt(text: string | null, path: readonly string[]): unknown {
  let value: unknown;
  try {
    const node = text === null ? null : parseJsonc(text);
    value = node === null ? undefined : plainValue(node);
  } catch {
    return undefined;
  }
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

export function textAt(text: string | null, path: readonly string[]): string | null {
  const value = settingAt(text, path);
  return typeof value === 'string' ? value : null;
}
