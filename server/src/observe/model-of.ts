/**
 * Returns the model that an answer names in its first 1,024 bytes; null if it names none there. Quotes inside the answer's text
 * are escaped, so such text cannot match.
 */
export function modelOf(first: Buffer): string | null {
  return MODEL.exec(first.toString('latin1', 0, BYTES_MAX))?.[1] ?? null;
}

/** The number of bytes to search. Vendors name the model before the answer's text. */
const BYTES_MAX = 1_024;
const MODEL = /"model(?:Version)?"\s*:\s*"([\w.:/@-]{1,100})"/;
