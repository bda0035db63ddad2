import { COLON, CR, IN_NAME, IN_VALUE, KIND, LF, SPACE, TAB } from './characters.ts';

/** The result for header lines in an unusual form. The caller then reads the message with the full parser. */
export const ODD = -1;

/**
 * The names at each place of the head that was read last. Most heads of one side are alike. A name that is the same as before
 * need not become a string, be put into lower case and be looked up again. Each is only a guess and is compared byte by byte.
 */
export class LastNames {
  readonly written: string[] = [];
  readonly lowerCase: string[] = [];
}

/**
 * Reads header lines until the empty one, in one pass. Appends to `pairs` each name in lower case, and its value without leading
 * white space. `text` is the same as `bytes`, in latin1. Returns the offset of the body, or `ODD`. The caller must have checked
 * that the lines end; otherwise the result is `ODD` too.
 */
export function readHeaderLines(bytes: Buffer, from: number, text: string, pairs: string[], last: LastNames): number {
  let at = from;
  for (let place = 0; ; place += 1) {
    const nameAt = at;
    let capitals = 0;
    let byte = bytes[at] as number;
    while ((KIND[byte] as number) & IN_NAME) {
      if (byte >= 65 && byte <= 90) capitals = 1;
      byte = bytes[++at] as number;
    }
    if (byte !== COLON || at === nameAt) {
      const isEmptyLine = at === nameAt && byte === CR && bytes[at + 1] === LF;
      return isEmptyLine ? at + 2 : ODD;
    }
    const name = nameOf(bytes, nameAt, at, text, capitals, place, last);
    byte = bytes[++at] as number;
    while (byte === SPACE || byte === TAB) byte = bytes[++at] as number;
    const valueAt = at;
    while ((KIND[byte] as number) & IN_VALUE) byte = bytes[++at] as number;
    if (byte !== CR || bytes[at + 1] !== LF) return ODD;
    // White space after a value is not part of it, and not every parser removes it.
    if (at > valueAt && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) return ODD;
    pairs.push(name, text.substring(valueAt, at));
    at += 2;
  }
}

/** The most lines whose names are remembered. */
const PLACES_MAX = 64;

function nameOf(bytes: Buffer, from: number, to: number, text: string, capitals: number, place: number, last: LastNames): string {
  const guess = last.written[place];
  if (guess !== undefined && guess.length === to - from && isWritten(bytes, from, guess)) return last.lowerCase[place] as string;
  const written = text.substring(from, to);
  const lowerCase = capitals === 0 ? written : written.toLowerCase();
  if (place < PLACES_MAX) {
    last.written[place] = written;
    last.lowerCase[place] = lowerCase;
  }
  return lowerCase;
}

function isWritten(bytes: Buffer, from: number, name: string): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[from + at] !== name.charCodeAt(at)) return false;
  return true;
}
