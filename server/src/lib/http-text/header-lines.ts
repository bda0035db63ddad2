import { COLON, CR, IN_NAME, IN_VALUE, KIND, LF, SPACE, TAB } from './characters.ts';

/** The header lines of a message could not be read plainly. Whoever sees it reads the message in full instead. */
export const ODD = -1;

/**
 * The names that stood at each place of the head read last. Most heads of one side are alike, and a name that is the same as before need not be
 * made into a string, put into lower case and looked up anew. Only a guess: each is compared byte by byte.
 */
export class LastNames {
  readonly written: string[] = [];
  readonly lowerCase: string[] = [];
}

/**
 * Reads header lines until the empty one, in one pass. Names go to `pairs` in lower case, each followed by its value without the white space
 * before it. `text` is the same as `bytes`, in latin1. Returns where the body begins, or `ODD`, also when the lines do not end: a caller
 * has seen that they do.
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
    // White space behind a value is no part of it, and not every parser leaves it out.
    if (at > valueAt && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) return ODD;
    pairs.push(name, text.substring(valueAt, at));
    at += 2;
  }
}

/** Beyond this many lines nothing is remembered. */
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
