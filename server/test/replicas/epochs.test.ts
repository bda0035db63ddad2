/** When shared counters are open, and what happens to them when Redis loses what it counted, on a single server and on a cluster. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Cluster } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { CountersUnreachable } from '../../src/counters/counters.ts';
import { openRedis } from '../../src/counters/shared/redis-link.ts';
import type { WithoutRedis } from '../../src/counters/shared/shared-counters.ts';
import { admitted, calendar, DAY_MS, HOUR, IN_FLIGHT, planOf, refused, used, wants } from '../counters/testing.ts';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import { hasRedis, type RedisKind, startRedis, type TestRedis } from '../support/redis.ts';
import { type Given, type House, openHouse, SPENT, until } from './house.ts';

const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const DAY = calendar([-1, 0, 1, 2].map((days) => today + days * DAY_MS));

const opened: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

let made = 0;

async function open(given: Omit<Given, 'base'>): Promise<House> {
  const house = await openHouse({ ...given, base: `epochs-${made}:` });
  opened.push(house);
  return house;
}

const budget = planOf({ unit: 'nano_usd', window: DAY, value: 100 }, { unit: 'parallel', window: IN_FLIGHT, value: 10 });
const budgetPlan = {
  ...budget,
  rules: budget.rules.map((rule, at) => (at === 0 ? { ...rule, limit: 'budget' as const } : rule)),
};
const limitPlan = planOf({ unit: 'requests', window: HOUR, value: 9 });

for (const kind of ['Redis', 'Redis Cluster'] as const satisfies readonly RedisKind[]) {
  describe.skipIf(!hasRedis(kind))(`shared counters on ${kind}`, () => {
    async function twoReplicas() {
      made += 1;
      const redis = await startRedis(kind);
      opened.push(redis);
      const members = ['replica1'];
      const first = await open({ url: redis.url, owner: 'replica1', members: () => members });
      members.push('replica2');
      const second = await open({ url: redis.url, owner: 'replica2', members: () => members });
      return { redis, first, second, members };
    }

    // promise: Redis came back empty | as above, until the live replicas re-registered their holds
    test('a server that is emptied ends the epoch; what is in flight is held again and the past is read anew before a budget admits', async () => {
      const { redis, first, second } = await twoReplicas();
      const before = first.shared.status().epoch;
      expect(second.shared.status()).toMatchObject({ is: 'open', epoch: before });
      const { hold } = admitted(await first.shared.hold('req_1', budgetPlan, wants(0, 25)));
      first.holds.add(hold);
      await empty(redis);
      const isNew = ({ shared }: House) => shared.status().is === 'open' && shared.status().epoch !== before;
      // Whoever asks learns of it at once, and is refused rather than admitted on an empty budget.
      await expect(second.shared.hold('req_2', budgetPlan, wants(0, 25))).rejects.toThrow(CountersUnreachable);
      await until(() => isNew(first) && isNew(second));
      const { readings } = admitted(await second.shared.hold('req_3', budgetPlan, wants(0, 40)));
      expect(readings.used).toEqual([SPENT + 25 + 40, 2]);
      expect(readings.held[0]).toBe(65);
      await first.shared.settle(hold, used(0, 5), budgetPlan);
      expect([first.shared.inFlight(), second.shared.inFlight()]).toEqual([0, 1]);
      expect((await second.shared.read(budgetPlan.counters)).used).toEqual([SPENT + 5 + 40, 1]);
    });
  });
}

describe.skipIf(!hasRedis('Redis'))('shared counters', () => {
  async function behindProxy(away?: WithoutRedis) {
    made += 1;
    const redis = await startRedis('Redis');
    opened.push(redis);
    const proxy = await ChaosProxy.start({ host: '127.0.0.1', port: redis.ports[0] as number });
    opened.push({ stop: () => proxy.close() });
    const house = await open({
      url: `redis://127.0.0.1:${proxy.port}`,
      owner: 'replica1',
      members: () => ['replica1'],
      ...(away === undefined ? {} : { away }),
    });
    return { redis, proxy, house };
  }

  // promise: If Redis is down, each replica enforces its share of every rate limit
  // promise: Redis | requests under rate limits, at local counters of limit ÷ live replicas
  // promise: **Replicas count as one**: with Redis or Valkey every limit and budget is exact
  test('without Redis a budget that refuses is closed, and a limit goes by a share; back with Redis both count all there was', async () => {
    const { proxy, house } = await behindProxy();
    const { shared, holds } = house;
    await shared.hold('req_1', limitPlan, wants());
    await proxy.set('down');
    await until(() => shared.status().is === 'unreachable');
    await expect(Promise.resolve(shared.hold('req_2', budgetPlan, wants(0, 1)))).rejects.toThrow(CountersUnreachable);
    const away = admitted(await shared.hold('req_3', limitPlan, wants()));
    expect(away.isDegraded).toBe(true);
    holds.add(away.hold);
    expect(shared.inFlight()).toBe(2);
    await proxy.set('pass');
    await until(() => shared.status().is === 'open');
    expect(await shared.read(limitPlan.counters)).toMatchObject({ used: [2], held: [2] });
    await shared.settle(away.hold, used(0), limitPlan);
    await shared.settle(away.hold, used(0), limitPlan);
    expect(shared.inFlight()).toBe(1);
    expect(await shared.read(limitPlan.counters)).toMatchObject({ used: [2], held: [1] });
    expect(shared.status()).toMatchObject({ outages: 1, degraded: 1 });
  });

  // promise: Redis | requests under rate limits, at local counters of limit ÷ live replicas
  test('each replica admits its share and no more', async () => {
    const { proxy, house } = await behindProxy();
    await proxy.set('down');
    await until(() => house.shared.status().is === 'unreachable');
    const results = await Promise.all(Array.from({ length: 20 }, (_, at) => house.shared.hold(`req_${at}`, limitPlan, wants())));
    expect(results.filter((result) => result.admitted)).toHaveLength(9);
  });

  // promise: So a request whose input fits is never refused for ever.
  test('a first call fits into a share as into the whole limit, and what does not is not told that it never passes', async () => {
    const { redis, proxy, house } = await behindProxy();
    const { shared } = house;
    await open({ url: redis.url, owner: 'replica2', members: () => ['replica1', 'replica2'] });
    await until(() => shared.status().replicas === 2);
    await proxy.set('down');
    await until(() => shared.status().is === 'unreachable');
    const tokens = planOf({ unit: 'tokens', window: HOUR, value: 4_000 });
    const limit = { ...tokens, rules: tokens.rules.map((rule) => ({ ...rule, limit: 'tph' as const })) };
    const first = admitted(await shared.hold('req_1', limit, { ...wants(2_050), inputTokens: 100 }));
    expect(first.readings.held).toEqual([100 + 950]);
    const above = refused(await shared.hold('req_2', limit, { ...wants(3_050), inputTokens: 2_100 }));
    expect(above.refusing).toEqual([{ rule: 0, retryAfterMs: expect.any(Number) }]);
    const never = refused(await shared.hold('req_3', limit, { ...wants(4_001), inputTokens: 4_001 }));
    expect(never.refusing).toEqual([{ rule: 0, retryAfterMs: null }]);
  });

  // promise: Redis | requests under rate limits, at local counters of limit ÷ live replicas
  test('the settings turn both around', async () => {
    const { proxy, house } = await behindProxy({ budgets: 'admit', limits: 'refuse' });
    await proxy.set('down');
    await until(() => house.shared.status().is === 'unreachable');
    const budgetAlone = planOf({ unit: 'nano_usd', window: DAY, value: 1 });
    const blocks = { ...budgetAlone, rules: budgetAlone.rules.map((rule) => ({ ...rule, limit: 'budget' as const })) };
    expect((await house.shared.hold('req_1', blocks, wants(0, 50))).admitted).toBe(true);
    await expect(Promise.resolve(house.shared.hold('req_2', limitPlan, wants()))).rejects.toThrow(CountersUnreachable);
  });

  test('a network that swallows everything counts as away within a second, and is found again', async () => {
    const { proxy, house } = await behindProxy();
    await proxy.set('blackhole');
    const asked = Promise.resolve(house.shared.hold('req_1', limitPlan, wants()));
    expect(await asked).toMatchObject({ admitted: true, isDegraded: true });
    await proxy.set('pass');
    await until(() => house.shared.status().is === 'open');
  });

  test('what a replica held that never came back is let go of, and its next run gives back what was never sent', async () => {
    made += 1;
    const redis = await startRedis('Redis');
    opened.push(redis);
    const first = await open({ url: redis.url, owner: 'replica1', members: () => ['replica1'] });
    admitted(await first.shared.hold('req_1', budgetPlan, wants(0, 25)));
    const left = { epoch: first.shared.status().epoch as string, owner: 'replica1', hasRows: false };
    const again = await open({ url: redis.url, owner: 'replica2', members: () => ['replica2'], left });
    expect(await again.shared.read(budgetPlan.counters)).toMatchObject({ used: [SPENT, 0], held: [0, 0] });
  });

  test('a Redis without memory counts as away for who asks, and is asked again by the next', async () => {
    const { redis, house } = await behindProxy();
    await redis.client.call('CONFIG', 'SET', 'maxmemory', '1');
    expect(await house.shared.hold('req_1', limitPlan, wants())).toMatchObject({ admitted: true, isDegraded: true });
    await expect(Promise.resolve(house.shared.hold('req_2', budgetPlan, wants(0, 1)))).rejects.toThrow(CountersUnreachable);
    await redis.client.call('CONFIG', 'SET', 'maxmemory', '0');
    await until(async () => (await house.shared.hold(`req_${Date.now()}`, limitPlan, wants())).isDegraded !== true);
  });

  test('a server that wants a password, and one that is no Redis, stop the start with one line; one that may evict is warned of', async () => {
    made += 1;
    const redis = await startRedis('Redis');
    opened.push(redis);
    await redis.client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.client.call('CONFIG', 'SET', 'maxmemory', '100mb');
    const told: string[] = [];
    (await openRedis({ url: redis.url, onEvent: ({ is, message }) => told.push(`${is}: ${message}`) })).close();
    expect(told[0]).toContain('maxmemory-policy allkeys-lru');
    await redis.client.call('CONFIG', 'SET', 'requirepass', 'secret');
    await expect(openRedis({ url: redis.url, onEvent: () => {} })).rejects.toThrow(
      'REDIS_URL: the server refuses the user name or password',
    );
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `redis://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await expect(openRedis({ url, onEvent: () => {} })).rejects.toThrow(
      'REDIS_URL: the server at this address is not Redis or Valkey',
    );
    other.close();
  });
});

async function empty(redis: TestRedis): Promise<void> {
  const { client } = redis;
  if (!(client instanceof Cluster)) return void (await client.call('FLUSHALL'));
  // The one server that holds this organization's counters, and no other.
  const slot = Number(await client.call('CLUSTER', 'KEYSLOT', '{org_1}'));
  const [owner] = client.slots[slot] as unknown as [string];
  const node = client.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  await node?.call('FLUSHALL');
}
