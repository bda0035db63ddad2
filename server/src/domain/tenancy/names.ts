import type { ModelLimit } from '../limits/rate-limit.ts';
import { invalid, type Parsed, valid } from '../parsed.ts';

/** The longest name that people may give, in characters (code points). */
export const NAME_LENGTH_MAX = 200;

/**
 * Characters that make one name look like another or break a line: controls, line separators, marks that change the direction of
 * text, the byte order mark, and halves of surrogate pairs.
 */
const DECEPTIVE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;
/** The same class as in `DECEPTIVE`, without names of Unicode properties: not every reader of a JSON Schema knows those. */
const PLAIN = '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff';
/** The names that `parseName` reads, as a pattern for the reference of the API. Halves of surrogate pairs are no text there. */
export const NAME_PATTERN = namePattern(NAME_LENGTH_MAX);
export const SLUG_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The names that `parseModelName` reads, and the targets that `parseTarget` reads. */
const MODEL = `(?:[^\\p{C}\\p{Z}\\s*]{3,${NAME_LENGTH_MAX}}|[^\\p{C}\\p{Z}\\s*.][^\\p{C}\\p{Z}\\s*]?|\\.[^\\p{C}\\p{Z}\\s*.])`;
export const MODEL_NAME_PATTERN = `^${MODEL}$`;
export const TARGET_PATTERN = `^(?:\\*|${MODEL}\\*?)$`;
/** Printable in any script: no spaces, no controls, no invisible or unassigned characters. */
const MODEL_NAME = /^[^\p{C}\p{Z}\s]+$/u;

/** Reads a name: 1 to 200 characters after trimming, none of them deceptive. */
export function parseName(text: string): Parsed<string> {
  const name = text.length > NAME_LENGTH_MAX * 4 ? text : text.trim();
  if (charsOf(name) > NAME_LENGTH_MAX) return invalid(`must have at most ${NAME_LENGTH_MAX} characters`);
  if (name === '') return invalid('must not be empty');
  if (DECEPTIVE.test(name)) return invalid('must not contain control characters or marks that change the direction of text');
  return valid(name);
}

/** Returns the pattern of names of at most `charsMax` characters. Spaces around a name are cut. */
export function namePattern(charsMax: number): string {
  return `^\\s*[^\\s${PLAIN}](?:[^${PLAIN}]{0,${charsMax - 2}}[^\\s${PLAIN}])?\\s*$`;
}

/** Counts characters, not UTF-16 units. A text that is far too long is not counted. */
function charsOf(text: string): number {
  return text.length > NAME_LENGTH_MAX * 2 ? text.length : [...text].length;
}

/** Reads a slug: 1 to 63 lower-case letters, digits and inner hyphens, so that it is safe in a URL and never looks like an id. */
export function parseSlug(text: string): Parsed<string> {
  if (!SLUG.test(text)) return invalid('must be 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end');
  return valid(text);
}

/**
 * Reads the name of a model or route group: 1 to 200 printable characters without spaces. `*` is reserved for prefixes. `.` and
 * `..` are refused, because they are path segments in a URL even if they are encoded.
 */
export function parseModelName(text: string): Parsed<string> {
  if (text === '' || charsOf(text) > NAME_LENGTH_MAX) return invalid(`must have 1 to ${NAME_LENGTH_MAX} characters`);
  if (!MODEL_NAME.test(text)) return invalid('must not contain spaces or invisible characters');
  if (text.includes('*')) return invalid('must not contain "*", which marks a prefix in limits and budgets');
  if (text === '.' || text === '..') return invalid('must not be "." or ".."');
  return valid(text);
}

/** Reads the target of a limit or budget: a model name, or a prefix that ends in one `*`. `*` alone matches every name. */
export function parseTarget(text: string): Parsed<Extract<ModelLimit['match'], { is: 'exact' | 'prefix' }>> {
  if (text === '*') return valid({ is: 'prefix', prefix: '' });
  const isPrefix = text.endsWith('*');
  const name = parseModelName(isPrefix ? text.slice(0, -1) : text);
  if (name.is === 'invalid') return name;
  return valid(isPrefix ? { is: 'prefix', prefix: name.value } : { is: 'exact', name: name.value });
}
