/**
 * Changes that the shared counters missed while Redis was out of reach. Rows are not among them: they are reported when they are
 * stored.
 */

import type { CounterSpec, LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { ConfigurationChange } from '../counters.ts';
import type { RedisCounters } from '../redis/redis-counters.ts';

export interface Missed {
  /** Records that use was counted elsewhere under this plan. */
  doubt(plan: LimitPlan): void;
  /** Records that the configuration added these counters. */
  forget(counters: readonly CounterSpec[], change: ConfigurationChange | undefined): void;
  /** Records that these counters count other requests than before. */
  recount(counters: readonly CounterSpec[]): void;
  /** Records that nobody waits for this request's hold any more. Redis may have taken it, or may take it later. */
  abandon(organizationId: string, requestId: string): void;
  /** Returns the requests abandoned so far. */
  abandoned(): readonly Abandoned[];
  isEmpty(): boolean;
  /** Reports whether so much was missed that a new epoch is cheaper than a catch-up. */
  isTooMuch(): boolean;
  clear(): void;
  /**
   * Applies everything missed; of the abandoned requests, only `these`. What fails stays. First, everything settled elsewhere
   * must be in the ledger, and Redis must know of it: a request that used something is settled by its row and not cancelled.
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
        // Reads the past now, while the ledger is known to be reachable. If that fails, the next request does.
        await Promise.resolve(redis.read(plan.counters)).catch(() => {});
      }
    },
  };
}
