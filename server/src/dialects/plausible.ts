/**
 * The bounds of a provider's numbers, checked before any other code counts, prices or stores them. One impossible number makes
 * the whole report of an answer unbelievable, because all its numbers have the same source.
 */
import { isPiece, type Usage } from '../domain/usage/usage.ts';
import type { AnswerFacts } from './dialect.ts';

/** The usage that an answer reports: nothing (null), impossible numbers (treated as nothing, but recorded), or its buckets. */
export type Reported = Usage | 'implausible' | null;

/** The upper bounds of any one number of a report, and of all buckets together. Far above any known context window. */
export const COUNT_MAX = 100_000_000;
export const SUM_MAX = 300_000_000;
/** The upper bound of a number of pieces. */
export const PIECES_MAX = 10_000;

/**
 * Reports whether a value is a possible count: whole and from 0 to the bound, or missing (vendors write null for what they do not
 * count).
 */
export function isCount(value: unknown, max: number = COUNT_MAX): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

/** Returns the number, for a value that `isCount` accepts; 0 if it is missing. */
export function countOf(value: unknown): number {
  return typeof value === 'number' ? value + 0 : 0;
}

/** Returns the buckets, or `implausible` if one of them or their sum is out of bounds. */
export function believed(buckets: Usage): Reported {
  let sum = 0;
  for (const bucket in buckets) {
    const count = buckets[bucket as keyof Usage] as number;
    if (!isCount(count) || (count > PIECES_MAX && isPiece(bucket))) return 'implausible';
    sum += count;
  }
  return sum <= SUM_MAX ? buckets : 'implausible';
}

/** Returns the usage facts of a whole answer, whose report is always final. */
export function reportOf(reported: Reported): Pick<AnswerFacts, 'usage' | 'usageImplausible' | 'usageIsFinal'> {
  const usage = reported === 'implausible' ? null : reported;
  return { usage, usageImplausible: reported === 'implausible', usageIsFinal: usage !== null };
}
