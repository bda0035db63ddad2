/** Holds that are taken again for what outlasts a process, and what becomes of those that Redis could not take. */
import type { Hold } from '../counters.ts';
import type { RedisCounters } from '../redis/redis-counters.ts';
import type { Missed } from './missed.ts';
import { RedisUnreachable } from './redis-link.ts';

export class Retaken {
  readonly #redis: RedisCounters;
  readonly #missed: Missed;
  /** Holds that Redis did not take. Their counters miss the use. */
  readonly #untaken = new WeakSet<Hold>();

  constructor(redis: RedisCounters, missed: Missed) {
    this.#redis = redis;
    this.#missed = missed;
  }

  /** Takes a hold in Redis, if it can be reached. Otherwise the comparison of holds does: the caller lists it as in flight. */
  async take(hold: Hold, isOpen: boolean): Promise<void> {
    this.#untaken.add(hold);
    if (!isOpen) return;
    try {
      await this.#redis.rehold(hold);
      this.#untaken.delete(hold);
    } catch (error) {
      if (!(error instanceof RedisUnreachable)) throw error;
    }
  }

  /** Makes the counters of a hold that Redis did not take read the ledger, when the hold is settled. */
  settled(hold: Hold, isOpen: boolean): void {
    if (!this.#untaken.delete(hold)) return;
    if (isOpen) this.#redis.doubt(hold.plan.counters).catch(() => {});
    else this.#missed.doubt(hold.plan);
  }
}
