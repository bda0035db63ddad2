/** The cap on the total spend of the keys that a member makes for themself: the money part of a team's self-service. */
import type { Budget, BudgetPeriod } from '../limits/budget.ts';
import { type CalendarPeriod, periodAt } from '../limits/period.ts';

/**
 * The amount that a member's own keys may spend together in each period. Periods have no anchor: they begin at their first day.
 */
export interface OwnKeysCap {
  /** Whole nano-dollars. */
  readonly amountNanoUsd: number;
  readonly period: OwnKeysPeriod;
}

export const OWN_KEYS_PERIODS = ['day', 'week', 'month', 'quarter', 'year', 'total'] as const;
export type OwnKeysPeriod = (typeof OWN_KEYS_PERIODS)[number];

/**
 * The budget periods of a key that fully contain each period of the cap. Within such a period a key spends its amount at most
 * once.
 */
const CONTAINING: Readonly<Record<OwnKeysPeriod, readonly BudgetPeriod['is'][]>> = {
  day: ['day', 'week', 'month', 'quarter', 'year', 'total'],
  week: ['week', 'total'],
  month: ['month', 'quarter', 'year', 'total'],
  quarter: ['quarter', 'year', 'total'],
  year: ['year', 'total'],
  total: ['total'],
};

/**
 * Returns the most that a key with these budgets can spend in one period of the cap, in nano-dollars. Null if none of its budgets
 * bounds that.
 */
export function mostInPeriodNanoUsd({ period }: OwnKeysCap, budgets: readonly Budget[]): number | null {
  const bounding = budgets.filter(
    (budget) => budget.action === 'block' && budget.match.is === 'any' && contains(period, budget.period),
  );
  return bounding.length === 0 ? null : Math.min(...bounding.map((budget) => budget.amountNanoUsd));
}

/** Returns the start of the cap's present period, in a zone. A key that ended earlier spends nothing in it. */
export function startOfPeriodMs({ period }: OwnKeysCap, timeZone: string, nowMs: number): number {
  return periodAt(calendarPeriod(period), timeZone, nowMs).startMs;
}

function contains(period: OwnKeysPeriod, ofKey: BudgetPeriod): boolean {
  if (!CONTAINING[period].includes(ofKey.is)) return false;
  // Every period contains whole days. Other periods only align if they begin on the same day.
  if (period === 'day') return true;
  const anchors = ['anchorDay' in ofKey ? ofKey.anchorDay : 1, 'anchorMonth' in ofKey ? ofKey.anchorMonth : 1];
  return anchors.every((anchor) => anchor === 1);
}

/** Returns the period of the cap as that of a budget which begins on the same days. */
export function calendarPeriod(period: OwnKeysPeriod): CalendarPeriod {
  switch (period) {
    case 'day':
    case 'total':
      return { is: period };
    case 'week':
    case 'month':
      return { is: period, anchorDay: 1 };
    case 'quarter':
    case 'year':
      return { is: period, anchorMonth: 1, anchorDay: 1 };
  }
}
