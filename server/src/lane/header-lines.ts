import { COLON, CR, IN_NAME, IN_VALUE, KIND, LF, SPACE, TAB } from './characters.ts';

/** The header lines of a message could not be read plainly. Whoever sees it reads the message in full instead. */
export const ODD = -1;

/**
 * Reads header lines until the empty one, in one pass. Names go to `pairs` in lower case, each followed by its value without the white space
 * before it. `text` is the same as `bytes`, in latin1. Returns where the body begins, or `ODD`, also when the lines do not end: a caller
 * has seen that they do.
 */
export function readHeaderLines(bytes: Buffer, from: number, text: string, pairs: string[]): number {
  let at = from;
  for (;;) {
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
    const name = text.substring(nameAt, at);
    byte = bytes[++at] as number;
    while (byte === SPACE || byte === TAB) byte = bytes[++at] as number;
    const valueAt = at;
    while ((KIND[byte] as number) & IN_VALUE) byte = bytes[++at] as number;
    if (byte !== CR || bytes[at + 1] !== LF) return ODD;
    // White space behind a value is no part of it, and not every parser leaves it out.
    if (at > valueAt && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) return ODD;
    pairs.push(capitals === 0 ? name : name.toLowerCase(), text.substring(valueAt, at));
    at += 2;
  }
}
