/** Tests that Redis keeps for questions about the past only what the open ones need, and only while they are open. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitted, calendar, DAY_MS, planOf, used, wants } from '../../../test/counters/testing.ts';
import { hasRedis, type RedisKind, startRedis, type TestRedis } from '../../../test/support/redis.ts';
import type { AskedPast, PastFrom } from '../../domain/usage/asked-past.ts';
import type { Counters } from '../counters.ts';
import { createRedisCounters, type RedisCounters } from './redis-counters.ts';
import { type RunScript, scriptOf, scriptRunner } from './redis-scripts.ts';

const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const day = calendar([-1, 0, 1, 2].map((days) => today + days * DAY_MS));
const budget = planOf({ unit: 'nano_usd', window: day, value: 1_000_000 });
const others = planOf({ unit: 'nano_usd', window: day, value: 1_000_000, scopeId: 'key_1' });
const none = planOf();

for (const kind of ['Redis', 'Valkey', 'Redis Cluster'] as const satisfies readonly RedisKind[]) {
  describe.skipIf(!hasRedis(kind))(kind, () => {
    let redis: TestRedis;
    let made = 0;
    beforeAll(async () => {
      redis = await startRedis(kind);
    });
    afterAll(() => redis.stop());

    /** Returns counters whose ledger is `pastFrom`, and a function that names the keys beside their holds. */
    function given(pastFrom: PastFrom, options: { readonly run?: RunScript; readonly hearEveryMs?: number } = {}) {
      made += 1;
      const prefix = `asks-${made}:`;
      const { client } = redis;
      const counters = createRedisCounters({
        ...{ run: scriptRunner(client), prefix: () => prefix, owner: 'process1', pastFrom },
        ...options,
      });
      const place = (name: string) => `${prefix}{org_1}:${name}`;
      return { counters, client, place };
    }

    test('a question is told of nothing that was stored before it, however many have asked one after the other', async () => {
      const told: (readonly [number, number])[] = [];
      const { counters, client, place } = given(async (_spec, _fromMs, _toMs, begin) => {
        const { unstored, recorded } = await begin();
        told.push([unstored?.length ?? -1, (await recorded()).length]);
        return [];
      });
      for (let round = 0; round < 12; round += 1) {
        for (let i = 0; i < 10; i += 1) await stored(counters, `req_${round}_${i}`);
        await counters.doubt(budget.counters);
        await counters.read(budget.counters);
      }
      expect(told).toEqual(Array.from({ length: 12 }, () => [0, 0]));
      await stored(counters, 'req_last');
      expect(await client.exists(place('h'), place('w'), place('x'), place('y'), place('z'))).toBe(0);
    });

    test('of questions that are open together each is told of what was stored since it began itself', async () => {
      const open: { readonly asked: AskedPast; readonly answer: () => void }[] = [];
      const { counters } = given(async (_spec, _fromMs, _toMs, begin) => {
        const asked = await begin();
        await new Promise<void>((resolve) => open.push({ asked, answer: resolve }));
        return [];
      });
      const isOpen = async (count: number) => {
        while (open.length < count) await sleep(1);
      };
      await stored(counters, 'req_1');
      const readings = [counters.read(budget.counters)];
      await isOpen(1);
      await stored(counters, 'req_2');
      readings.push(counters.read(others.counters));
      await isOpen(2);
      await stored(counters, 'req_3');
      admitted(await counters.hold('req_4', none, wants(0, 1)));
      const since = async (at: number) => {
        const { asked } = open[at] as (typeof open)[number];
        return (await asked.recorded())
          .filter(({ storedAfter }) => storedAfter >= asked.order)
          .map(({ tail, storedAfter }) => `${tail}${storedAfter === Infinity ? '' : ' stored'}`)
          .toSorted();
      };
      expect(await since(0)).toEqual(['req_2 stored', 'req_3 stored', 'req_4']);
      expect(await since(1)).toEqual(['req_3 stored', 'req_4']);
      for (const { answer } of open) answer();
      await Promise.all(readings);
    });

    test('an open question keeps what it needs for as long as its process says that it is open', async () => {
      const names: string[][] = [];
      const { counters } = given(
        async (_spec, _fromMs, _toMs, begin) => {
          const { recorded } = await begin();
          for (let i = 0; i < 6; i += 1) {
            await stored(counters, `req_${i}`);
            await sleep(100);
          }
          names.push((await recorded()).map(({ tail }) => tail).toSorted());
          return [];
        },
        { run: hastened(redis.client), hearEveryMs: 40 },
      );
      await counters.read(budget.counters);
      expect(names).toEqual([[0, 1, 2, 3, 4, 5].map((i) => `req_${i}`)]);
    });

    test.each(['reads what was stored meanwhile', 'only answers'])(
      'of one that was not heard of for too long nothing is kept, and its answer is not believed though it %s',
      async (how) => {
        let asked = 0;
        const { counters, client, place } = given(
          async (_spec, fromMs, _toMs, begin) => {
            asked += 1;
            const { recorded } = await begin();
            if (asked > 1) return [{ atMs: fromMs, amount: 20 }];
            await sleep(300);
            await stored(counters, 'req_1');
            await stored(counters, 'req_2');
            expect(await client.exists(place('x'))).toBe(0);
            if (how !== 'only answers') await recorded();
            return [{ atMs: fromMs, amount: 70 }];
          },
          { run: hastened(redis.client), hearEveryMs: 1e9 },
        );
        expect((await counters.read(budget.counters)).used).toEqual([20]);
        expect(asked).toBe(2);
      },
    );

    test('while a replica of the version before asks, what is stored stays where that one looks for it', async () => {
      const { counters, client, place } = given(async () => []);
      await client.set(place('q'), '1', 'PX', 10_000);
      await stored(counters, 'req_1');
      expect(await client.hexists(place('h'), 'req_1')).toBe(1);
      expect(await client.lrange(place('w'), 0, -1)).toEqual(['req_1']);
      await client.del(place('q'));
      await stored(counters, 'req_2');
      expect(await client.exists(place('h'), place('w'))).toBe(0);
    });
  });
}

/** Admits, settles and stores a request. */
async function stored(counters: RedisCounters & Counters, requestId: string): Promise<void> {
  const { hold } = admitted(await counters.hold(requestId, none, wants(0, 5)));
  await counters.settle(hold, used(0, 3), none);
  await counters.stored('org_1', [{ requestId, tokens: 0, nanoUsd: 3 }]);
}

/** Runs the scripts so that a question is lost after 200 ms without a signal. */
function hastened(client: Redis | Cluster): RunScript {
  const run = scriptRunner(client);
  return (script, keys, args) => {
    const lua = script.lua.replace('local QUESTION_MS = 10000', 'local QUESTION_MS = 200');
    return run({ ...script, ...scriptOf(lua) }, keys, args);
  };
}
