import { z } from 'zod';
import type { Budget } from '../../domain/limits/budget.ts';
import { FAR_FUTURE_MS, type PeriodSpan, periodsBack } from '../../domain/limits/period.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { type PeriodSum, periodSums } from '../../store/usage/period-sums.ts';
import type { AdminDeps } from '../http/deps.ts';
import { instantOut } from '../http/fields.ts';
import { unpricedFlag } from '../http/lists.ts';
import type { ScopeOfLimits } from './limits-status.ts';

/** How the periods of a scope's budgets went: the present one, and the ones before it. */

const PERIODS_MAX = 6;

export const budgetHistoryOut = z
  .object({
    budgets: z.array(
      z.object({
        id: z.string(),
        periods: z.array(
          z.object({
            start: instantOut,
            end: instantOut.nullable().meta({ description: 'Not included; null: it never ends.' }),
            spent: z.string().meta({ description: 'Settled, of what the budget counts.' }),
            requests: z.int().meta({ description: 'Every one that was let in, however it ended.' }),
            unpriced_requests: z
              .int()
              .meta({ description: 'Those that used something at a deployment without a price: `spent` misses what they cost.' }),
            unpriced_units: z
              .record(z.string(), z.int())
              .meta({ description: 'What was used without a price, by unit: `spent` misses what it cost.' }),
          }),
        ),
      }),
    ),
  })
  .meta({
    id: 'BudgetHistory',
    description:
      'Newest first, at most 6 periods a budget. A rolling one has spans of its length, the newest ending now; a total one has one. An access group means its members of now.',
  });

type History = z.output<typeof budgetHistoryOut>;

/** Of each budget alone, whether its spend in the present period misses something that was used without a price. */
export const budgetHistoryQuery = z.strictObject({
  unpriced: unpricedFlag.meta({
    description:
      '`true`: only budgets whose present period holds a request or a unit without a price, so that `spent` misses it.',
  }),
});

/** The budgets that the query leaves. */
export function narrowedHistory(history: History, { unpriced }: z.output<typeof budgetHistoryQuery>): History {
  if (unpriced === undefined) return history;
  return { budgets: history.budgets.filter(({ periods: [present] }) => isIncomplete(present) === unpriced) };
}

function isIncomplete(period: History['budgets'][number]['periods'][number] | undefined): boolean {
  return period !== undefined && (period.unpriced_requests > 0 || Object.keys(period.unpriced_units).length > 0);
}

/** One entry per budget, in their order. The oldest periods are left out that ended before the scope was made, with nothing used in them. */
export async function budgetHistory(deps: AdminDeps, of: ScopeOfLimits, madeAtMs: number): Promise<History> {
  const budgets: History['budgets'] = [];
  // One after the other: a person looks at this page, and the next request of a key must not wait behind fifty sums.
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

/** What counts for ever counts since its scope was made. */
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
