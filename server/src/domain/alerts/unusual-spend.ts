/**
 * Judges whether a spend is unusual: by the modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993),
 * 0.6745 · (x − median) / MAD, over the spend of the same weekday and hours in past weeks. Their limit for an outlier is 3.5. The
 * median and the MAD (the median distance from the median) are not moved by one earlier outlier, as mean and deviation are.
 */

/** The number of past weeks that are compared. */
export const WEEKS_COMPARED = 8;
/** With fewer known weeks nothing is unusual, because nothing is known of what is usual. */
export const WEEKS_MIN = 3;
/** 1 / 0.6745: makes the MAD comparable with a standard deviation. */
const MAD_SCALE = 1.4826;
/** The least spread: a tenth of the median. Otherwise every cent more would be unusual after weeks of equal spend. */
const SPREAD_MIN_SHARE = 0.1;
/** The least spread in nano-dollars: one cent. */
const SPREAD_MIN_NANO_USD = 10_000_000;

export interface SpendJudgement {
  /** The modified z-score, rounded to a tenth. Null if too few weeks are known. */
  readonly score: number | null;
  readonly medianNanoUsd: number;
  readonly weeks: number;
}

/** Compares a spend with the spend of the same hours in past weeks, both in nano-dollars. */
export function judgeSpend(nowNanoUsd: number, pastNanoUsd: readonly number[]): SpendJudgement {
  const weeks = pastNanoUsd.length;
  const median = medianOf(pastNanoUsd);
  if (weeks < WEEKS_MIN) return { score: null, medianNanoUsd: median, weeks };
  const mad = medianOf(pastNanoUsd.map((past) => Math.abs(past - median)));
  const spread = Math.max(MAD_SCALE * mad, SPREAD_MIN_SHARE * median, SPREAD_MIN_NANO_USD);
  return { score: Math.round((10 * (nowNanoUsd - median)) / spread) / 10, medianNanoUsd: median, weeks };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
