/** What the shared counters were not told while Redis was away, beyond the rows that tell it themselves when they are stored. */

import type { CounterSpec, LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { ConfigurationChange } from '../counters.ts';
import type { RedisCounters } from '../redis/redis-counters.ts';

export interface Missed {
  /** Something was counted elsewhere under this plan. */
  doubt(plan: LimitPlan): void;
  /** The configuration added these counters. */
  forget(counters: readonly CounterSpec[], change: ConfigurationChange | undefined): void;
  /** These counters count other requests than before. */
  recount(counters: readonly CounterSpec[]): void;
  /** Redis was asked for this request's hold, and nobody waits for it any more: it may have been taken, or be taken later. */
  abandon(organizationId: string, requestId: string): void;
  /** What was abandoned so far. */
  abandoned(): readonly Abandoned[];
  isEmpty(): boolean;
  /** It is so much that beginning anew is cheaper than making up for each. */
  isTooMuch(): boolean;
  clear(): void;
  /**
   * Makes up for all of it; of what was abandoned, for these. What fails stays. Everything settled elsewhere must be in the ledger, and Redis told
   * of it: a request that used something is settled by its row and not cancelled.
   */
  makeUp(
    redis: Pick<RedisCounters, 'cancel' | 'forget' | 'recount' | 'doubt' | 'read'>,
    these: readonly Abandoned[],
  ): Promise<void>;
}

export interface Abandoned {
  readonly organizationId: string;
  readonly requestId: string;
}

const MISSED_MAX = 5_000;

export function createMissed(most: number = MISSED_MAX): Missed {
  const doubts = new Set<LimitPlan>();
  const forgets: (readonly [readonly CounterSpec[], ConfigurationChange | undefined])[] = [];
  const recounts: (readonly CounterSpec[])[] = [];
  const abandoned = new Set<Abandoned>();
  let isTooMuch = false;
  const size = () => doubts.size + forgets.length + recounts.length + abandoned.size;
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
    abandon(organizationId, requestId) {
      if (room()) abandoned.add({ organizationId, requestId });
    },
    abandoned: () => [...abandoned],
    isEmpty: () => !isTooMuch && size() === 0,
    isTooMuch: () => isTooMuch,
    clear() {
      doubts.clear();
      forgets.length = 0;
      recounts.length = 0;
      abandoned.clear();
      isTooMuch = false;
    },
    async makeUp(redis, these) {
      for (const [organizationId, some] of Map.groupBy(these, (one) => one.organizationId)) {
        const ids = some.map(({ requestId }) => requestId);
        await redis.cancel(organizationId, ids);
        for (const one of some) abandoned.delete(one);
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
