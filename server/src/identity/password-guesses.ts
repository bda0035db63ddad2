import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';

/**
 * Estimates how many guesses a password takes: by common passwords, words, names, dates, keyboards and patterns. Loading it takes
 * half a second of CPU and 100 MB, so only a thread and tests import it.
 */

/** The characters that are judged, because the time grows with the square of their number. The rest can only make it stronger. */
const JUDGED_LENGTH_MAX = 64;
/** The readings of signs as letters that are tried. By default it is 100, and each costs as much as the password itself. */
const READINGS_MAX = 10;
/** The score of passwords that take more than 10^8 guesses, which protects against a thief of hashes. */
const SCORE_MIN = 3;
/** Shorter parts of names are parts of many words. */
const KNOWN_LENGTH_MIN = 4;
const PRODUCT = 'headgate';

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary, 'passwords-famous': ['correcthorsebatterystaple'] },
  graphs: common.adjacencyGraphs,
  maxLength: JUDGED_LENGTH_MAX,
  l33tMaxSubstitutions: READINGS_MAX,
});

/** Returns null, or why the password is easy to guess, as the end of a sentence. `about`: the person's name and address. */
export function whyGuessable(password: string, about: readonly string[]): string | null {
  const { score, sequence, feedback } = zxcvbn.check(password, [PRODUCT, ...about.flatMap(formsOf)]);
  if (score >= SCORE_MIN) return null;
  if (sequence.some(({ dictionaryName }) => dictionaryName === 'userInputs')) return WHY.userInputs;
  return WHY[feedback.warning as keyof typeof WHY] ?? 'it is made of common words or patterns';
}

/** Returns what an attacker who knows the text tries first: the text, the text in one word, and its words. */
function formsOf(text: string): string[] {
  const words = text.split(/[^\p{L}\p{N}]+/u);
  return [text, words.join(''), ...words].filter(({ length }) => length >= KNOWN_LENGTH_MIN);
}

/** The library's warnings in our words. */
const WHY = {
  straightRow: 'it follows the keys of a keyboard',
  keyPattern: 'it follows the keys of a keyboard',
  simpleRepeat: 'it repeats itself',
  extendedRepeat: 'it repeats itself',
  sequences: 'it is a sequence like abc or 123',
  recentYears: 'it is mostly a year',
  dates: 'it is mostly a date',
  topTen: 'it is a common password',
  topHundred: 'it is a common password',
  common: 'it is a common password',
  similarToCommon: 'it is like a common password',
  wordByItself: 'it is a single word',
  namesByThemselves: 'it is a common name',
  commonNames: 'it is mostly a common name',
  userInputs: 'it contains your name, your e-mail address or “headgate”',
} as const;
