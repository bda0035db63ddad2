/** How sure a ratio of two costs is: the median over rounds and where it may lie. Pure: randomness is made here, from a fixed seed. */

/** A median and the interval that holds it with 95 % confidence. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export type Verdict = 'met' | 'MISSED' | 'undecided';

/** What a change may cost beside the tree before it, and beside the one before all of the work. */
export const BARS = { median: 1.03, high: 1.05, since: 1.1 } as const;

/** An interval wider than this decides nothing. */
export const WIDTH_MAX = 0.04;
export const ROUNDS_MIN = 9;

const RESAMPLES = 4_000;
const TAIL = 0.025;

/**
 * The median of the ratios and its interval by the percentile bootstrap (Efron, 1979): as many rounds are drawn with replacement, four thousand
 * times, and the middle 95 % of their medians is the interval. The order of the ratios does not matter. Throws where there are none.
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

/** Whether enough rounds were run to judge by. */
export function isSure({ low, high, rounds }: Estimate): boolean {
  return rounds >= ROUNDS_MIN && high - low < WIDTH_MAX;
}

/** The comparison: the median is at most 1.03 and the interval ends below 1.05. */
export function verdictOf(found: Estimate): Verdict {
  if (!isSure(found)) return 'undecided';
  return found.median <= BARS.median && found.high < BARS.high ? 'met' : 'MISSED';
}

/** Beside the tree before all of the work the median alone counts. */
export function verdictSince(found: Estimate): Verdict {
  if (!isSure(found)) return 'undecided';
  return found.median <= BARS.since ? 'met' : 'MISSED';
}

/** Of a rising list; between two middle values it is their mean. */
function medianOf(rising: readonly number[]): number {
  const half = Math.floor(rising.length / 2);
  const upper = rising[half] as number;
  return rising.length % 2 === 1 ? upper : ((rising[half - 1] as number) + upper) / 2;
}

function ascending(one: number, other: number): number {
  return one - other;
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed, so that two readers of the same rounds see the same interval. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
