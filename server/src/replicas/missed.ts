/** What the shared counters were not told while Redis was away, beyond the rows that tell it themselves when they are stored. */
import type { ConfigurationChange } from '../counters/counters.ts';
import type { RedisCounters } from '../counters/redis.ts';
import type { CounterSpec, LimitPlan } from '../domain/limit-plan.ts';

export interface Missed {
  /** Something was counted elsewhere under this plan. */
  doubt(plan: LimitPlan): void;
  /** The configuration added these counters. */
  forget(counters: readonly CounterSpec[], change: ConfigurationChange | undefined): void;
  /** These counters count other requests than before. */
  recount(counters: readonly CounterSpec[]): void;
  /** A hold was asked for and no answer came; its request was refused. */
  cancel(organizationId: string, requestId: string): void;
  isEmpty(): boolean;
  /** It is so much that beginning anew is cheaper than making up for each. */
  isTooMuch(): boolean;
  clear(): void;
  /** Makes up for all of it. What fails stays. Everything settled elsewhere must be in the ledger. */
  makeUp(redis: Pick<RedisCounters, 'cancel' | 'forget' | 'recount' | 'doubt' | 'read'>): Promise<void>;
}

const MISSED_MAX = 5_000;

export function createMissed(most: number = MISSED_MAX): Missed {
  const doubts = new Set<LimitPlan>();
  const forgets: (readonly [readonly CounterSpec[], ConfigurationChange | undefined])[] = [];
  const recounts: (readonly CounterSpec[])[] = [];
  const cancels: (readonly [string, string])[] = [];
  let isTooMuch = false;
  const size = () => doubts.size + forgets.length + recounts.length + cancels.length;
  const room = () => {
    if (size() >= most) isTooMuch = true;
    return !isTooMuch;
  };
  return {
    doubt(plan) {
      if (!doubts.has(plan) && room()) doubts.add(plan);
    },
    forget(counters, change) {
      if (room()) forgets.push([counters, change]);
    },
    recount(counters) {
      if (room()) recounts.push(counters);
    },
    cancel(organizationId, requestId) {
      if (room()) cancels.push([organizationId, requestId]);
    },
    isEmpty: () => !isTooMuch && size() === 0,
    isTooMuch: () => isTooMuch,
    clear() {
      doubts.clear();
      forgets.length = 0;
      recounts.length = 0;
      cancels.length = 0;
      isTooMuch = false;
    },
    async makeUp(redis) {
      for (let next = cancels[0]; next !== undefined; next = cancels[0]) {
        await redis.cancel(...next);
        cancels.shift();
      }
      for (let next = forgets[0]; next !== undefined; next = forgets[0]) {
        await redis.forget(...next);
        forgets.shift();
      }
      for (let next = recounts[0]; next !== undefined; next = recounts[0]) {
        await redis.recount(next);
        recounts.shift();
      }
      for (const plan of [...doubts]) {
        await redis.doubt(plan.counters);
        doubts.delete(plan);
        // Asked at once, while the ledger is known to be there; otherwise by the next request.
        await Promise.resolve(redis.read(plan.counters)).catch(() => {});
      }
    },
  };
}
