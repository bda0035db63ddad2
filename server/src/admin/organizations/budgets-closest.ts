import { rulesOfScope } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import { usedRatio } from '../../domain/limits/standing.ts';
import { formatUsd } from '../../domain/money/money.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { budgetsInReach, type PlacedBudget } from '../../store/usage/overview.ts';
import type { AdminCall } from '../http/call.ts';
import { readUse } from './read-use.ts';

/** Finds the budgets that are nearest to their limit, by their live state. */

/** The most budgets that are compared. Those of organizations come before those of teams, people and keys. */
const LOOKED_AT_MAX = 200;

/** Returns the `count` budgets with the greatest part used, among those of these organizations that the caller may see. */
export async function closestBudgets(
  call: AdminCall<unknown, unknown, unknown>,
  organizationIds: readonly string[],
  reaches: readonly Reach[],
  count: number,
) {
  const { db, clock } = call.deps;
  const placed = await budgetsInReach(db, organizationIds, reaches, LOOKED_AT_MAX);
  const nowMs = clock.nowMs();
  const specs = placed.flatMap((one) => counterOf(one, nowMs));
  if (specs.length === 0) return [];
  const { used, held, resetsAtMs, live } = await readUse(call.deps, specs);
  const rows = placed.map((one, at) => ({
    ...render(one, used[at] ?? 0, held[at] ?? 0, resetsAtMs[at] ?? FAR_FUTURE_MS),
    live,
  }));
  return rows
    .filter(({ ratio }) => ratio > 0)
    .sort((a, b) => b.ratio - a.ratio)
    .slice(0, count);
}

/** Returns the counter of a budget. A policy with one budget has one rule and one counter. */
function counterOf({ budget, timeZone, ...of }: PlacedBudget, nowMs: number) {
  return rulesOfScope(of, { rateLimits: {}, modelLimits: [], budgets: [budget] }, timeZone, nowMs).counters;
}

function render(one: PlacedBudget, used: number, held: number, resetsAtMs: number) {
  const amount = one.budget.amountNanoUsd;
  return {
    organization_id: one.organizationId,
    organization_name: one.organizationName,
    scope: one.scope,
    scope_id: one.scopeId,
    scope_name: one.scopeName,
    budget_id: one.budget.id,
    amount: formatUsd(amount),
    spent: formatUsd(used - held),
    held: formatUsd(held),
    ratio: usedRatio({ value: amount, used }),
    resets_at: resetsAtMs >= FAR_FUTURE_MS ? null : new Date(resetsAtMs).toISOString(),
  };
}
