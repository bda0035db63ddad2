/** Estimates the ratio of two costs: the median over rounds and its interval. Pure: its random numbers have a fixed seed. */

/** A median and the interval that holds it with 95 % confidence. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export type Verdict = 'met' | 'MISSED' | 'undecided';

/** The most that a change may cost, relative to the previous tree (`median`, `high`) and to the one before all work (`since`). */
export const BARS = { median: 1.03, high: 1.05, since: 1.1 } as const;

/** An interval wider than this decides nothing. */
export const WIDTH_MAX = 0.04;
export const ROUNDS_MIN = 9;

const RESAMPLES = 4_000;
const TAIL = 0.025;

/**
 * Returns the median of the ratios and its interval by the percentile bootstrap (Efron, 1979). It draws as many rounds with
 * replacement, four thousand times; the interval is the middle 95 % of their medians. The order of the ratios does not matter.
 * Throws if there are none.
 */
export function estimate(ratios: readonly number[]): Estimate {
  if (ratios.length === 0) throw new RangeError('there are no ratios to judge');
  const sorted = ratios.toSorted(ascending);
  const random = seeded(sorted.length);
  const medians = Array.from({ length: RESAMPLES }, () =>
    medianOf(sorted.map(() => sorted[Math.floor(random() * sorted.length)] as number).sort(ascending)),
  ).sort(ascending);
  const at = (part: number) => medians[Math.min(RESAMPLES - 1, Math.floor(part * RESAMPLES))] as number;
  return { median: medianOf(sorted), low: at(TAIL), high: at(1 - TAIL), rounds: ratios.length };
}

/** Returns true if the rounds are enough for a verdict. */
export function isSure({ low, high, rounds }: Estimate): boolean {
  return rounds >= ROUNDS_MIN && high - low < WIDTH_MAX;
}

/** Judges the ratio to the previous tree: the median must be at most 1.03, and the interval must end below 1.05. */
export function verdictOf(found: Estimate): Verdict {
  if (!isSure(found)) return 'undecided';
  return found.median <= BARS.median && found.high < BARS.high ? 'met' : 'MISSED';
}

/** Judges the ratio to the tree before all of the work, by its median alone. */
export function verdictSince(found: Estimate): Verdict {
  if (!isSure(found)) return 'undecided';
  return found.median <= BARS.since ? 'met' : 'MISSED';
}

/** Returns the geometric mean of positive numbers, at least one. The ratio of two such means is the mean of the ratios. */
export function geometricMean(numbers: readonly number[]): number {
  return Math.exp(numbers.reduce((sum, one) => sum + Math.log(one), 0) / numbers.length);
}

/** Returns the median of a rising list; between two middle values, their mean. */
function medianOf(rising: readonly number[]): number {
  const half = Math.floor(rising.length / 2);
  const upper = rising[half] as number;
  return rising.length % 2 === 1 ? upper : ((rising[half - 1] as number) + upper) / 2;
}

function ascending(one: number, other: number): number {
  return one - other;
}

/** Returns a Mulberry32 generator: equal numbers from 0 to 1 for equal seeds, so that equal rounds give equal intervals. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
