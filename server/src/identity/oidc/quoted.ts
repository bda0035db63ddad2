/** Words that name what a provider sent. They are for people, so every text in them is bounded and without control characters. */

const LENGTH_MAX = 120;
const LISTED_MAX = 12;
/** Controls, line separators, and marks that change the direction of text. */
const DECEPTIVE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Returns a hostile value as words: `"text"` for texts, the kind for everything that is no text, number or boolean. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${plain(value)}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length <= LISTED_MAX && value.every(isText) ? `[${listed(value)}]` : 'a list';
  return 'an object';
}

/** Returns texts as `a, b, c and 4 more`; `none` without any. */
export function listed(texts: readonly string[]): string {
  if (texts.length === 0) return 'none';
  const shown = texts.slice(0, LISTED_MAX).map(plain).join(', ');
  return texts.length > LISTED_MAX ? `${shown} and ${texts.length - LISTED_MAX} more` : shown;
}

/** Returns the text in at most 120 characters, with a replacement for each character that could deceive. */
export function plain(text: string): string {
  return cleaned(text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text);
}

/** Returns the text with a replacement for each character that could deceive. */
export function cleaned(text: string): string {
  return text.replace(DECEPTIVE, '\ufffd');
}

/** Returns the beginning of a secret of one sign-in: enough to compare, and of no use to anybody. */
export function beginning(secret: string | undefined): string {
  return secret === undefined ? 'nothing' : `"${plain(secret.slice(0, 8))}…"`;
}

/** Reports whether the text has a character that could deceive its readers, or breaks a line. */
export function isDeceptive(text: string): boolean {
  return text.search(DECEPTIVE) !== -1;
}

/** Returns the time of a claim in words; what it is if it is no time. */
export function timeOf(seconds: unknown): string {
  if (typeof seconds !== 'number') return quoted(seconds);
  const ms = seconds * 1_000;
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().replace('.000Z', 'Z') : 'a time beyond all calendars';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
