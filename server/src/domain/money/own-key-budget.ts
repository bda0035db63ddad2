/** How much the keys that a member makes for themself may spend together: the money part of a team's self-service. */
import type { Budget, BudgetPeriod } from '../limits/budget.ts';
import { type CalendarPeriod, periodAt } from '../limits/period.ts';

/** What a member's own keys may spend together in each period. Periods begin where they do without an anchor. */
export interface OwnKeysCap {
  /** Whole nano-dollars. */
  readonly amountNanoUsd: number;
  readonly period: OwnKeysPeriod;
}

export const OWN_KEYS_PERIODS = ['day', 'week', 'month', 'quarter', 'year', 'total'] as const;
export type OwnKeysPeriod = (typeof OWN_KEYS_PERIODS)[number];

/** The budget periods of a key that contain each period of the cap whole: within one of them a key spends its amount once at most. */
const CONTAINING: Readonly<Record<OwnKeysPeriod, readonly BudgetPeriod['is'][]>> = {
  day: ['day', 'week', 'month', 'quarter', 'year', 'total'],
  week: ['week', 'total'],
  month: ['month', 'quarter', 'year', 'total'],
  quarter: ['quarter', 'year', 'total'],
  year: ['year', 'total'],
  total: ['total'],
};

/** The most that a key with these budgets can spend in one period of the cap; null when no budget of its own bounds that. */
export function mostInPeriodNanoUsd({ period }: OwnKeysCap, budgets: readonly Budget[]): number | null {
  const bounding = budgets.filter(
    (budget) => budget.action === 'block' && budget.match.is === 'any' && contains(period, budget.period),
  );
  return bounding.length === 0 ? null : Math.min(...bounding.map((budget) => budget.amountNanoUsd));
}

/** When the cap's present period began, in a zone. What died before that spends nothing in it. */
export function startOfPeriodMs({ period }: OwnKeysCap, timeZone: string, nowMs: number): number {
  return periodAt(calendarPeriod(period), timeZone, nowMs).startMs;
}

function contains(period: OwnKeysPeriod, ofKey: BudgetPeriod): boolean {
  if (!CONTAINING[period].includes(ofKey.is)) return false;
  // Every period contains whole days; the others agree only where they begin alike.
  if (period === 'day') return true;
  const anchors = ['anchorDay' in ofKey ? ofKey.anchorDay : 1, 'anchorMonth' in ofKey ? ofKey.anchorMonth : 1];
  return anchors.every((anchor) => anchor === 1);
}

function calendarPeriod(period: OwnKeysPeriod): CalendarPeriod {
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
