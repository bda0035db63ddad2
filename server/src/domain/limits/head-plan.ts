import type { Caller } from '../tenancy/tenancy.ts';
import { type LimitPlan, planLimits, planOf } from './limit-plan.ts';
import type { RateLimitName } from './rate-limit.ts';

/** Limits of requests over a time. One in flight may end while a body arrives, and tokens and money are known with the body. */
const OF_REQUESTS: ReadonlySet<RateLimitName | 'budget'> = new Set(['rpm', 'rph', 'rpd']);
const NO_GROUPS: ReadonlySet<string> = new Set();

/** The limits that every request of a caller must pass, whatever model it names: all that its head says. Null where there is none. */
export function planOfHead(caller: Caller, nowMs: number): LimitPlan | null {
  const { rules, ...plan } = planLimits(caller, '', NO_GROUPS, nowMs);
  const ofAll = rules.filter(({ limit, match }) => match.is === 'any' && OF_REQUESTS.has(limit));
  return ofAll.length === 0 ? null : planOf(plan, ofAll);
}
