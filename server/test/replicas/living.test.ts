/** What a replica had in flight when it died: its places are free again well within a minute. */
import { afterEach, describe, expect, test } from 'vitest';
import { createRedisCounters } from '../../src/counters/redis/redis-counters.ts';
import { createLiving } from '../../src/counters/shared/living.ts';
import { openRedis } from '../../src/counters/shared/redis-link.ts';
import { admitted, IN_FLIGHT, planOf, wants } from '../counters/testing.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

const PREFIX = 'living:';
const RENEWED_MS_MAX = 15_000;
const GONE_MS_MAX = 60_000;

const opened: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

describe.skipIf(!hasRedis('Redis'))('places in flight of a replica', () => {
  // promise: **`max_parallel`** leases belong to a replica and are renewed in one batch every 15 s; a dead replica's are gone within 60 s.
  test('last while it says that it lives, and are free again when it has said nothing for less than a minute', async () => {
    const redis = await startRedis('Redis');
    opened.push(redis);
    const [dead, alive] = [await replica(redis.url, 'replica1'), await replica(redis.url, 'replica2')];
    const plan = planOf({ unit: 'parallel', window: IN_FLIGHT, value: 2 });
    await dead.living.renew();
    dead.living.holds(plan.organizationId);
    admitted(await dead.counters.hold('req_1', plan, wants()));
    admitted(await alive.counters.hold('req_2', plan, wants()));
    await alive.living.renew();
    expect(await alive.inUse(plan)).toBe(2);
    const [seconds] = (await redis.client.call('TIME')) as [string];
    const endsMs = Number(await redis.client.call('ZSCORE', `${PREFIX}{living}:at`, 'replica1'));
    const leftMs = endsMs - Number(seconds) * 1_000;
    // Whoever renews in time never lapses; whoever does not is gone by the next word of another.
    expect(leftMs).toBeGreaterThan(RENEWED_MS_MAX);
    expect(leftMs + RENEWED_MS_MAX).toBeLessThan(GONE_MS_MAX);
    await redis.client.call('ZADD', `${PREFIX}{living}:at`, String(Number(seconds) * 1_000 - 1), 'replica1');
    await alive.living.renew();
    expect(await alive.inUse(plan)).toBe(1);
    expect(alive.swept).toEqual([{ owner: 'replica1', requests: 1 }]);
  });
});

async function replica(url: string, owner: string) {
  const link = await openRedis({ url, onEvent: () => {} });
  opened.push({ stop: () => link.close() });
  const prefix = () => PREFIX;
  const counters = createRedisCounters({
    run: link.run,
    prefix,
    owner,
    pastFrom: (_spec, _fromMs, _toMs, begin) => begin().then(() => []),
  });
  const swept: unknown[] = [];
  const living = createLiving({
    run: link.run,
    command: link.command,
    prefix,
    owner,
    sweep: (organizationId, who, its) => counters.sweep(organizationId, who, its),
    onSwept: (event) => swept.push(event),
  });
  const inUse = async (plan: ReturnType<typeof planOf>) => (await counters.read(plan.counters)).used[0];
  return { counters, living, swept, inUse };
}
