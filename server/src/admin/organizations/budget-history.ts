import { z } from 'zod';
import type { Budget } from '../../domain/limits/budget.ts';
import { FAR_FUTURE_MS, type PeriodSpan, periodsBack } from '../../domain/limits/period.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { type PeriodSum, periodSums } from '../../store/usage/period-sums.ts';
import type { AdminDeps } from '../http/deps.ts';
import { instantOut } from '../http/fields.ts';
import { unpricedFlag } from '../http/lists.ts';
import type { ScopeOfLimits } from './limits-status.ts';

/** The spend of a scope's budgets in the present period and in those before it. */

const PERIODS_MAX = 6;

export const budgetHistoryOut = z
  .object({
    budgets: z.array(
      z.object({
        id: z.string(),
        periods: z.array(
          z.object({
            start: instantOut,
            end: instantOut.nullable().meta({ description: 'The end of the period, exclusive. Null if it never ends.' }),
            spent: z.string().meta({ description: 'The settled spend that the budget counts.' }),
            requests: z.int().meta({ description: 'The number of admitted requests, whatever their result.' }),
            unpriced_requests: z.int().meta({
              description: 'The number of requests that used a deployment without a price. `spent` leaves out their cost.',
            }),
            unpriced_units: z
              .record(z.string(), z.int())
              .meta({ description: 'The quantities used without a price, by unit. `spent` leaves out their cost.' }),
          }),
        ),
      }),
    ),
  })
  .meta({
    id: 'BudgetHistory',
    description:
      'Newest first, at most 6 periods a budget. A rolling budget has spans of its length, the newest ending now; a total budget has one period. For an access group, its present members count.',
  });

type History = z.output<typeof budgetHistoryOut>;

/** The query of the history: filters budgets by whether their spend in the present period is incomplete. */
export const budgetHistoryQuery = z.strictObject({
  unpriced: unpricedFlag.meta({
    description:
      'If true, returns only budgets whose present period has requests or units without a price, so that `spent` leaves out some cost.',
  }),
});

/** Returns the budgets that match the query. */
export function narrowedHistory(history: History, { unpriced }: z.output<typeof budgetHistoryQuery>): History {
  if (unpriced === undefined) return history;
  return { budgets: history.budgets.filter(({ periods: [present] }) => isIncomplete(present) === unpriced) };
}

function isIncomplete(period: History['budgets'][number]['periods'][number] | undefined): boolean {
  return period !== undefined && (period.unpriced_requests > 0 || Object.keys(period.unpriced_units).length > 0);
}

/**
 * Returns one entry per budget, in their order. Leaves out the oldest periods if they ended before the scope was made and have no
 * requests.
 */
export async function budgetHistory(deps: AdminDeps, of: ScopeOfLimits, madeAtMs: number): Promise<History> {
  const budgets: History['budgets'] = [];
  // One query at a time, so that requests of keys do not wait behind up to fifty sums for one page.
  for (const budget of of.policy.budgets) budgets.push({ id: budget.id, periods: await periodsOf(deps, of, budget, madeAtMs) });
  return { budgets };
}

async function periodsOf({ db, clock }: AdminDeps, of: ScopeOfLimits, budget: Budget, madeAtMs: number) {
  const spans = periodsBack(budget.period, of.timeZone, clock.nowMs(), PERIODS_MAX);
  const sums = await periodSums(db, { ...of, match: budget.match }, spans);
  const periods = spans.map((span, index) => ({ span, sum: sums[index] as PeriodSum }));
  const oldest = periods.findLastIndex(({ span, sum }) => span.endMs > madeAtMs || sum.requests > 0);
  return periods.slice(0, Math.max(0, oldest) + 1).map(({ span, sum }) => render(span, sum, madeAtMs));
}

/** Renders a period. A period without a start begins when the scope was made. */
function render({ startMs, endMs }: PeriodSpan, sum: PeriodSum, madeAtMs: number) {
  return {
    start: new Date(startMs === 0 ? madeAtMs : startMs).toISOString(),
    end: endMs >= FAR_FUTURE_MS ? null : new Date(endMs).toISOString(),
    spent: formatUsd(sum.nanoUsd),
    requests: sum.requests,
    unpriced_requests: sum.unpricedRequests,
    unpriced_units: sum.unpricedUnits,
  };
}
