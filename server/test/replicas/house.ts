/** Replicas' shared counters in this process, each with a connection of its own, and what is in flight set by hand. */
import type { Hold } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/redis-counters.ts';
import { createEpochs } from '../../src/counters/shared/epoch.ts';
import { createLiving } from '../../src/counters/shared/living.ts';
import type { LeftBehind, SharedEvent } from '../../src/counters/shared/opening.ts';
import { openRedis } from '../../src/counters/shared/redis-link.ts';
import { createSharedCounters, type SharedCounters, type WithoutRedis } from '../../src/counters/shared/shared-counters.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';

const OPEN_MS_MAX = 20_000;

/** What the ledger says was spent before: 30 of each counter that asks. */
export const SPENT = 30;

export interface House {
  readonly shared: SharedCounters;
  /** What the shared counters ask, as the same replica. */
  readonly redis: RedisCounters;
  readonly events: SharedEvent[];
  readonly holds: Set<Hold>;
  readonly stop: () => Promise<void>;
}

export interface Given {
  /** Before every key: houses with the same one count together. */
  readonly base: string;
  readonly url: string;
  readonly owner: string;
  readonly members: () => readonly string[];
  readonly away?: WithoutRedis;
  readonly left?: LeftBehind | null;
  readonly flush?: () => Promise<void>;
  readonly renewEveryMs?: number;
}

/** Whoever opens a house stops it. */
export async function openHouse({ base, url, owner, members, away, left = null, flush, renewEveryMs }: Given): Promise<House> {
  const events: SharedEvent[] = [];
  const holds = new Set<Hold>();
  const link = await openRedis({ url, onEvent: () => {} });
  let epoch = 'none';
  const prefix = () => `${base}${epoch}:`;
  const redis = createRedisCounters({
    run: link.run,
    prefix,
    owner,
    pastFrom: async (_spec, fromMs, _toMs, begin) => ((await begin()).unstored === null ? [] : [{ atMs: fromMs, amount: SPENT }]),
    mustBeSame: () => shared.mustBeSame(),
  });
  const shared = createSharedCounters({
    link,
    epochs: createEpochs(link, base, owner),
    living: createLiving({
      run: link.run,
      command: link.command,
      prefix,
      owner,
      sweep: (organizationId, who, its) => redis.sweep(organizationId, who, its),
      onSwept: () => {},
    }),
    redis,
    local: createMemoryCounters({ clock: systemClock, seedFrom: async () => [] }),
    withoutRedis: away ?? { budgets: 'refuse', limits: 'share' },
    setEpoch: (id) => {
      epoch = id;
    },
    noteEpoch: () => {},
    left,
    flush: flush ?? (async () => {}),
    hasUnstored: () => false,
    inFlight: () => [...holds],
    members: async () => members(),
    restore: async () => {},
    onEvent: (event) => events.push(event),
    ready: Promise.resolve(),
    ...(renewEveryMs === undefined ? {} : { renewEveryMs }),
  });
  await shared.opened(OPEN_MS_MAX);
  return { shared, redis, events, holds, stop: () => shared.stop() };
}

/** Waits until something is so. Throws after 20 s. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + OPEN_MS_MAX;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
