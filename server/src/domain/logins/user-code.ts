/** The code that a person types to approve a device: eight letters of twenty that nobody mistakes for others, `WDJB-MJHT`. */

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

/** Returns a new code from random bytes. Bytes that would make some letters likelier are left out. */
export function newUserCode(random: (size: number) => Uint8Array): string {
  let code = '';
  while (code.length < LENGTH) {
    for (const byte of random(LENGTH * 2)) {
      if (byte < LETTERS.length * Math.floor(256 / LETTERS.length) && code.length < LENGTH)
        code += LETTERS[byte % LETTERS.length];
    }
  }
  return shownUserCode(code);
}

/** Returns the eight letters of a code as a person typed it; null if it cannot be one. */
export function readUserCode(text: string): string | null {
  const letters = text.toUpperCase().replace(/[\s-]/g, '');
  return letters.length === LENGTH && [...letters].every((letter) => LETTERS.includes(letter)) ? letters : null;
}

/** Writes eight letters as people read them. */
function shownUserCode(letters: string): string {
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
