import type { TargetMatch } from './rate-limit.ts';

/** Money per period at one scope. */
export interface Budget {
  readonly id: string;
  /** Whole nano-dollars, at most 9,000,000 USD (9e15), so that every counter is an exact integer. */
  readonly amountNanoUsd: number;
  readonly period: BudgetPeriod;
  readonly match: TargetMatch;
  /** Whole percents of the amount, ascending. Each alerts once per period. */
  readonly thresholdsPercent: readonly number[];
  readonly action: 'block' | 'alert';
  /** True if the output cap is lowered to the affordable amount, so that this budget's hold is always an upper bound. */
  readonly clampOutput: boolean;
}

/**
 * The period of a budget. Calendar periods begin at an anchor in the organization's time zone. A rolling period is the last hours
 * before now.
 */
export type BudgetPeriod =
  | { readonly is: 'day' }
  | { readonly is: 'week' /** 1 Monday … 7 Sunday */; readonly anchorDay: number }
  | { readonly is: 'month' /** 1–31, clamped to the month's end */; readonly anchorDay: number }
  | { readonly is: 'quarter' /** 1–3 */; readonly anchorMonth: number; readonly anchorDay: number }
  | { readonly is: 'year' /** 1–12 */; readonly anchorMonth: number; readonly anchorDay: number }
  | { readonly is: 'total' }
  /** Trailing hours, 1 to 8,784 (days are stored as 24 hours each). */
  | { readonly is: 'rolling'; readonly hours: number };

/**
 * Returns the thresholds that settled spend passed between two readings, lowest first. Each alerts once per period. None for a
 * budget of 0.
 */
export function thresholdsCrossed(budget: Budget, beforeNanoUsd: number, afterNanoUsd: number): readonly number[] {
  const amount = BigInt(budget.amountNanoUsd);
  const isReached = (spent: number, percent: number) => BigInt(spent) * 100n >= amount * BigInt(percent);
  return budget.thresholdsPercent.filter((percent) => !isReached(beforeNanoUsd, percent) && isReached(afterNanoUsd, percent));
}
