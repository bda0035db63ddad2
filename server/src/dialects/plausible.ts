/**
 * What a provider's number may be before anything behind this border counts, prices or stores it. One number that cannot be makes all that an
 * answer reports unbelievable: the others of it came from the same pen.
 */
import { isPiece, type Usage } from '../domain/usage/usage.ts';
import type { AnswerFacts } from './dialect.ts';

/** What an answer reports of its usage: nothing, numbers that cannot be (as good as nothing, but worth telling of), or its buckets. */
export type Reported = Usage | 'implausible' | null;

/** The most that any one number of a report may be, and all buckets together; far above any context window there is. */
export const COUNT_MAX = 100_000_000;
export const SUM_MAX = 300_000_000;
/** The same of what is counted in pieces. */
export const PIECES_MAX = 10_000;

/** Whether a reported number can be one: whole, from 0 to the bound, or not there (vendors write null for what they do not count). */
export function isCount(value: unknown, max: number = COUNT_MAX): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

/** The number, once `isCount` holds for it; 0 where it is not there. */
export function countOf(value: unknown): number {
  return typeof value === 'number' ? value + 0 : 0;
}

/** The buckets as they are told on, unless one of them or all together are beyond belief. */
export function believed(buckets: Usage): Reported {
  let sum = 0;
  for (const bucket in buckets) {
    const count = buckets[bucket as keyof Usage] as number;
    if (!isCount(count) || (count > PIECES_MAX && isPiece(bucket))) return 'implausible';
    sum += count;
  }
  return sum <= SUM_MAX ? buckets : 'implausible';
}

/** What a whole answer reports is its last word. */
export function reportOf(reported: Reported): Pick<AnswerFacts, 'usage' | 'usageImplausible' | 'usageIsFinal'> {
  const usage = reported === 'implausible' ? null : reported;
  return { usage, usageImplausible: reported === 'implausible', usageIsFinal: usage !== null };
}
