/** Limits while the counters that all replicas share are out of reach: each replica keeps its own share of every rate limit. */

import { tokensWithin } from '../../domain/limits/hold.ts';
import { type LimitPlan, type LimitRule, tightestTokenLimit } from '../../domain/limits/limit-plan.ts';
import type { HoldResult, Wanted } from '../counters.ts';

const shares = new WeakMap<LimitPlan, { readonly replicas: number; readonly plan: LimitPlan }>();

/**
 * The same rules in the same order; a rate limit of so many parts, rounded down but never below 1 where the whole is not 0, and no budget
 * refuses: those that would are not asked here. So all replicas together admit no more than the limit, or one each where that is more.
 */
export function localShare(plan: LimitPlan, replicas: number): LimitPlan {
  const known = shares.get(plan);
  if (known?.replicas === replicas) return known.plan;
  const rules = plan.rules.map((rule) => (rule.limit === 'budget' ? alerting(rule) : sharedRule(rule, replicas)));
  const share = Object.freeze({ ...plan, rules: Object.freeze(rules) });
  shares.set(plan, { replicas, plan: share });
  return share;
}

/** What a request wants of a share: the output expected of it fills no share either. */
export function wantedOfShare(share: LimitPlan, wanted: Wanted): Wanted {
  const { tokens, inputTokens = tokens } = wanted;
  const fitting = tokensWithin(tightestTokenLimit(share), inputTokens, tokens - inputTokens, 1);
  return fitting >= tokens ? wanted : { ...wanted, tokens: fitting };
}

/** A refusal by a share: what is above a share and not above the whole limit passes once all replicas share again. */
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

/** Nobody knows when the shared counters are back; most outages are a restart. */
const SHARED_AGAIN_MS = 10_000;

/** Whether a budget refuses under this plan: it cannot be exact without the counters that all share. */
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
