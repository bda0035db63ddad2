/** Limits while the shared counters are out of reach: each replica enforces its own share of every rate limit. */

import { tokensWithin } from '../../domain/limits/hold.ts';
import { type LimitPlan, type LimitRule, tightestTokenLimit } from '../../domain/limits/limit-plan.ts';
import type { HoldResult, Wanted } from '../counters.ts';

const shares = new WeakMap<LimitPlan, { readonly replicas: number; readonly plan: LimitPlan }>();

/**
 * Returns a plan with the same rules in the same order. Each rate limit is divided by the replicas, rounded down but to at least
 * 1 if the whole is not 0. Budgets never refuse under it, because a replica cannot check them alone. So all replicas together
 * admit no more than a rate limit, or one each if that is more.
 */
export function localShare(plan: LimitPlan, replicas: number): LimitPlan {
  const known = shares.get(plan);
  if (known?.replicas === replicas) return known.plan;
  const rules = plan.rules.map((rule) => (rule.limit === 'budget' ? alerting(rule) : sharedRule(rule, replicas)));
  const share = Object.freeze({ ...plan, rules: Object.freeze(rules) });
  shares.set(plan, { replicas, plan: share });
  return share;
}

/** Reduces the tokens that a request wants to what fits a share: its expected output alone never exceeds the share. */
export function wantedOfShare(share: LimitPlan, wanted: Wanted): Wanted {
  const { tokens, inputTokens = tokens } = wanted;
  const fitting = tokensWithin(tightestTokenLimit(share), inputTokens, tokens - inputTokens, 1);
  return fitting >= tokens ? wanted : { ...wanted, tokens: fitting };
}

/**
 * Adjusts a refusal by a share: a request above the share, but not above the whole limit, can pass once all replicas share again.
 */
export function refusalOfShare(
  refused: Extract<HoldResult, { admitted: false }>,
  { rules }: LimitPlan,
  wanted: Wanted,
): HoldResult {
  const refusing = refused.refusing.map((one) => {
    const { limit, value } = rules[one.rule] as LimitRule;
    const amount = limit.startsWith('t') ? wanted.tokens : 1;
    return one.retryAfterMs === null && amount <= value ? { ...one, retryAfterMs: SHARED_AGAIN_MS } : one;
  });
  return { ...refused, refusing, isDegraded: true };
}

/** The retry delay. Nobody knows when the shared counters return; most outages are a restart. */
const SHARED_AGAIN_MS = 10_000;

/** Reports whether a budget refuses under this plan. Such a budget cannot be exact without the shared counters. */
export function hasBlockingBudget({ rules }: LimitPlan): boolean {
  return rules.some((rule) => rule.limit === 'budget' && rule.action === 'block');
}

export function hasRateLimit({ rules }: LimitPlan): boolean {
  return rules.some((rule) => rule.limit !== 'budget');
}

function sharedRule(rule: LimitRule, replicas: number): LimitRule {
  return Object.freeze({ ...rule, value: rule.value === 0 ? 0 : Math.max(1, Math.floor(rule.value / replicas)) });
}

function alerting(rule: LimitRule): LimitRule {
  return Object.freeze({ ...rule, action: 'alert', clampOutput: false });
}
