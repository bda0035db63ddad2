import { closingQuote } from '../json.ts';

/**
 * Functions that find a few JSON values in text without parsing it. A key inside a JSON string has its quotes escaped. So
 * `"usage"` followed by a colon is always a key.
 */

/**
 * Returns the index at which the value of the next `quotedKey` (quotes included) at or after `from` begins; -1 if there is none.
 */
export function valueStart(text: string, quotedKey: string, from: number): number {
  let at = text.indexOf(quotedKey, from);
  while (at !== -1) {
    const colon = skipSpace(text, at + quotedKey.length);
    if (text.charCodeAt(colon) === 58) return skipSpace(text, colon + 1);
    at = text.indexOf(quotedKey, at + 1);
  }
  return -1;
}

/** Returns the last non-empty string value of `quotedKey`, with its escapes; null if there is none. */
export function lastStringOf(text: string, quotedKey: string): string | null {
  let found: string | null = null;
  for (let at = valueStart(text, quotedKey, 0); at !== -1; at = valueStart(text, quotedKey, at)) {
    found = stringAt(text, at) || found;
  }
  return found;
}

/** Returns the string that begins at `at`, with its escapes; empty if none does. */
export function stringAt(text: string, at: number): string {
  return text.charCodeAt(at) === 34 ? text.slice(at + 1, closingQuote(text, at)) : '';
}

/** Returns the number of characters in all string values of `quotedKey`, with their escapes. */
export function stringLengths(text: string, quotedKey: string): number {
  let length = 0;
  for (let at = valueStart(text, quotedKey, 0); at !== -1; at = valueStart(text, quotedKey, at)) {
    if (text.charCodeAt(at) === 34) length += closingQuote(text, at) - at - 1;
  }
  return length;
}

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

export function isSpace(code: number | undefined): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}
