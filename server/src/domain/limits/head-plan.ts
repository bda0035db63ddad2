import type { Caller } from '../tenancy/tenancy.ts';
import { type LimitPlan, planLimits, planOf } from './limit-plan.ts';
import type { RateLimitName } from './rate-limit.ts';

/**
 * Limits on requests over time. `max_parallel` is left out, because a request in flight may end while a body arrives. Tokens and
 * money are known only with the body.
 */
const OF_REQUESTS: ReadonlySet<RateLimitName | 'budget'> = new Set(['rpm', 'rph', 'rpd']);
const NO_GROUPS: ReadonlySet<string> = new Set();

/**
 * Returns the limits that every request of a caller must pass, whatever model it names. They can be checked before the body is
 * read. Null if there are none.
 */
export function planOfHead(caller: Caller, nowMs: number): LimitPlan | null {
  const { rules, ...plan } = planLimits(caller, '', NO_GROUPS, nowMs);
  const ofAll = rules.filter(({ limit, match }) => match.is === 'any' && OF_REQUESTS.has(limit));
  return ofAll.length === 0 ? null : planOf(plan, ofAll);
}
