/** The words of a search, and the conditions that they make on names. */
import { and, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { lowered } from '../named-list.ts';
import { literally } from '../paging.ts';

/** The most words of a search that are compared. A search with more finds what the first ones find. */
const WORDS_MAX = 10;
/** A shorter word is in no index. */
const TRIGRAM_CHARS = 3;
/** A shorter word matches only exactly: with a letter changed, it would match almost everything. */
const TYPO_CHARS_MIN = 4;
const TWO_TYPOS_CHARS_MIN = 8;
/** In a longer word, two exchanged letters leave enough trigrams as they were. */
const EXCHANGED_CHARS_MAX = 6;

/** Returns the words of the text that spaces separate, each once, at most ten. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(text.split(/\s+/u).filter((word) => word !== ''))].slice(0, WORDS_MAX);
}

/** Reports whether no word is long enough for an index of trigrams. */
export function areShort(words: readonly string[]): boolean {
  return words.every(isShort);
}

function isShort(word: string): boolean {
  return word.length < TRIGRAM_CHARS;
}

/** Returns the runs of letters and digits in the text, in lower case, each once, at most ten. Typos are looked for in these. */
export function plainWordsOf(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .filter((word) => word !== ''),
    ),
  ].slice(0, WORDS_MAX);
}

/** Reports whether the word is long enough for a typo. */
export function mayBeMistyped(word: string): boolean {
  return word.length >= TYPO_CHARS_MIN;
}

/** Returns the condition that every word is a part of one of the names. The case of letters does not matter. */
export function haveParts(names: readonly PgColumn[], words: readonly string[]): SQL | undefined {
  return and(...words.map((word) => hasPart(names, word)));
}

/**
 * Returns the condition that every word is a part of one of the names, or similar to one. Needs `pg_trgm`. It lets more through
 * than small typos: `typosOf` decides.
 */
export function havePartsLike(names: readonly PgColumn[], words: readonly string[]): SQL | undefined {
  return and(
    ...words.map((word) => {
      if (!mayBeMistyped(word)) return hasPart(names, word);
      const similar = names.map((name) => sql`${lowered(name)} %> ${word}`);
      const exchanged = word.length > EXCHANGED_CHARS_MAX ? [] : exchangedLetters(word);
      return or(hasPart(names, word), ...similar, ...exchanged.map((other) => hasPart(names, other)));
    }),
  );
}

/** Returns an expression for how similar the names are to the words. Greater is more similar. */
export function similarity(names: readonly PgColumn[], words: readonly string[]): SQL {
  const best = (word: string) =>
    sql`greatest(${sql.join(
      names.map((name) => sql`word_similarity(${word}, ${lowered(name)})`),
      sql`, `,
    )})`;
  return sql.join(words.map(best), sql` + `);
}

function hasPart(names: readonly PgColumn[], word: string): SQL | undefined {
  // The database lowers both sides: its lower case can differ from JavaScript's.
  const pattern = `%${literally(word)}%`;
  // An index of trigrams would give all its rows for a shorter word. With `|| ''` the database uses none.
  if (isShort(word)) return or(...names.map((name) => sql`(${lowered(name)} || '') like lower(${pattern})`));
  return or(...names.map((name) => sql`${lowered(name)} like lower(${pattern})`));
}

/** Returns the words with two neighbouring letters exchanged. */
function exchangedLetters(word: string): readonly string[] {
  return Array.from({ length: word.length - 1 }, (_, at) => word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2));
}

/**
 * Returns how many typos separate the words from parts of the names: letters that were changed, left out, added, or exchanged with
 * the next. Null if a word has more than a small typo: none in words of up to 3 letters, one in up to 7, two in longer ones.
 */
export function typosOf(words: readonly string[], names: readonly string[]): number | null {
  const lower = names.map((name) => name.toLowerCase());
  const known = lower.flatMap(plainWordsOf);
  let sum = 0;
  for (const word of words) {
    if (lower.some((name) => name.includes(word))) continue;
    const most = !mayBeMistyped(word) ? 0 : word.length < TWO_TYPOS_CHARS_MIN ? 1 : 2;
    const least = Math.min(...known.map((one) => distanceToBeginning(word, one, most)));
    if (!(least <= most)) return null;
    sum += least;
  }
  return sum;
}

/** Returns the least distance of the word from a beginning of the name: people search before they have typed all of it. */
function distanceToBeginning(word: string, name: string, most: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let chars = word.length - most; chars <= word.length + most && chars <= name.length; chars += 1) {
    least = Math.min(least, distance(word, name.slice(0, chars)));
  }
  return least;
}

/** Returns the number of single changes that turn `from` into `to`: change, add or remove a letter, or exchange two neighbours. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      row.push(isExchanged ? Math.min(cost, (beforeLast[j - 2] ?? 0) + 1) : cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
