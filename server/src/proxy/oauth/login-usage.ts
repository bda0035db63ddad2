/** `GET /api/oauth/usage`: what a login has spent, for Claude Code and for the terminal. */
import type { Counters } from '../../counters/counters.ts';
import { type CounterSpec, type LimitRule, rulesOfScope, targetText } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import { type BudgetUse, usageOf } from '../../domain/logins/own-budget.ts';
import { formatUsd } from '../../domain/money/money.ts';
import type { Caller, Scope, ScopePolicy } from '../../domain/tenancy/tenancy.ts';

/** Returns the use of every rule of a caller. Rejects if the counters cannot be read. */
export async function loginUsage(caller: Caller, counters: Counters, nowMs: number): Promise<object> {
  const { organization, team, member, key } = caller;
  const scopes: readonly (readonly [Scope, string, ScopePolicy])[] = [
    ['organization', organization.id, organization],
    ['team', team.id, team],
    ...(member === null ? [] : [['user', member.id, member] as const]),
    ['key', key.id, key],
  ];
  const specs: CounterSpec[] = [];
  const rules: LimitRule[] = [];
  for (const [scope, scopeId, policy] of scopes) {
    const of = rulesOfScope({ organizationId: organization.id, scope, scopeId }, policy, organization.timeZone, nowMs);
    for (const rule of of.rules) rules.push({ ...rule, counter: specs.length + rule.counter });
    specs.push(...of.counters);
  }
  const readings = await counters.read(specs);
  const used: readonly BudgetUse[] = rules.map((rule) => {
    const resetsAtMs = readings.resetsAtMs[rule.counter] ?? Number.POSITIVE_INFINITY;
    return {
      rule,
      used: readings.used[rule.counter] ?? 0,
      held: readings.held[rule.counter] ?? 0,
      resetsAtMs: resetsAtMs >= FAR_FUTURE_MS ? Number.POSITIVE_INFINITY : resetsAtMs,
    };
  });
  const budgets = used.filter(({ rule }) => rule.limit === 'budget' && rule.action === 'block' && rule.match.is === 'any');
  return { ...usageOf(budgets), headgate: { rules: used.map(ruleView) } };
}

function ruleView({ rule, used, held, resetsAtMs }: BudgetUse): object {
  const amount = (value: number) => (rule.limit === 'budget' ? formatUsd(value) : value);
  return {
    rule: rule.id,
    scope: rule.scope,
    kind: rule.limit,
    action: rule.action,
    target: targetText(rule.match),
    limit: amount(rule.value),
    used: amount(used),
    held: amount(held),
    resets_at: Number.isFinite(resetsAtMs) && rule.limit !== 'max_parallel' ? new Date(resetsAtMs).toISOString() : null,
  };
}
