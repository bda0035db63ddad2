/** Commands for one request's hold that reach Redis late, twice or in another order, as after a broken connection. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitted, HOUR, IN_FLIGHT, planOf, TOTAL, used, wants } from '../../../test/counters/testing.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../test/support/redis.ts';
import { createRedisCounters, type RedisCounters } from './redis-counters.ts';
import { scriptRunner } from './redis-scripts.ts';

const PLAN = planOf(
  { unit: 'requests', window: HOUR, value: 100 },
  { unit: 'tokens', window: HOUR, value: 10_000 },
  { unit: 'nano_usd', window: TOTAL, value: 10_000 },
  { unit: 'parallel', window: IN_FLIGHT, value: 5, scopeId: 'key_1' },
);
const HELD = { tokens: 100, nanoUsd: 50 };
const NOTHING = { used: [0, 0, 0, 0], held: [0, 0, 0, 0] };

describe.skipIf(!hasRedis('Redis'))('holds that arrive late', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis('Redis');
  });
  afterAll(() => redis.stop());
  let made = 0;

  const process = (prefix: string, owner = 'process1'): RedisCounters =>
    createRedisCounters({
      run: scriptRunner(redis.client),
      prefix: () => prefix,
      owner,
      pastFrom: (_spec, _fromMs, _toMs, begin) => begin().then(() => []),
    });
  const open = (): RedisCounters => {
    made += 1;
    return process(`late-${made}:`);
  };

  type Act = 'hold' | 'rehold' | 'extend';
  /** Runs a command as if its connection had broken: its answer is ignored. */
  async function arrives(counters: RedisCounters, act: Act, atMs: number): Promise<void> {
    const itself = counters.adopt('req_1', PLAN, atMs, { atMs, ...HELD });
    if (act === 'hold') await Promise.resolve(counters.hold('req_1', PLAN, wants(HELD.tokens, HELD.nanoUsd))).catch(() => {});
    else if (act === 'rehold') await counters.rehold(itself);
    else await counters.extend(itself, HELD);
  }

  const acts = fc.array(fc.constantFrom<Act>('hold', 'rehold', 'extend'), { maxLength: 4 });

  // promise: It also compares what is *held* with what is in flight
  test('a cancelled request holds nothing, whatever of it arrived before, and whatever arrives after', async () => {
    await fc.assert(
      fc.asyncProperty(acts, acts, fc.integer({ min: 1, max: 3 }), async (before, after, times) => {
        const counters = open();
        const atMs = Date.now();
        for (const act of before) await arrives(counters, act, atMs);
        const tookSome = before.some((act) => act !== 'extend');
        for (let time = 0; time < times; time += 1)
          expect(await counters.cancel('org_1', ['req_1'])).toBe(tookSome && time === 0 ? 1 : 0);
        for (const act of after) await arrives(counters, act, atMs);
        expect(await counters.read(PLAN.counters)).toMatchObject(NOTHING);
        // It does not block others either.
        const other = admitted(await counters.hold('req_2', PLAN, wants(1, 1)));
        await counters.cancel('org_1', [other.hold.requestId]);
        expect(await counters.read(PLAN.counters)).toMatchObject(NOTHING);
      }),
      { numRuns: 60 },
    );
  });

  test('a request is held once and used once, in whatever order its hold, its second hold and its end arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray<Act>(['hold', 'rehold'], { minLength: 1 }),
        fc.constantFrom('settle', 'stored'),
        fc.boolean(),
        async (order, end, isCancelled) => {
          const counters = open();
          const atMs = Date.now();
          for (const act of order) await arrives(counters, act, atMs);
          expect((await counters.read(PLAN.counters)).held).toEqual([1, 100, 50, 1]);
          const itself = counters.adopt('req_1', PLAN, atMs, { atMs, ...HELD });
          if (end === 'settle') await counters.settle(itself, used(30, 20), PLAN);
          else await counters.stored('org_1', [{ requestId: 'req_1', tokens: 30, nanoUsd: 20 }]);
          // Cancelled too late, after its settlement: what was used stays.
          if (isCancelled) expect(await counters.cancel('org_1', ['req_1'])).toBe(0);
          expect(await counters.read(PLAN.counters)).toMatchObject({ used: [1, 30, 20, 0], held: [0, 0, 0, 0] });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('what was swept while its process was taken for gone is held again, and ends as it would have', async () => {
    const counters = open();
    const { hold } = admitted(await counters.hold('req_1', PLAN, wants(HELD.tokens, HELD.nanoUsd)));
    await counters.extend(hold, HELD);
    await counters.sweep('org_1', 'process1', 'gone');
    expect(await counters.read(PLAN.counters)).toMatchObject({ used: [1, 200, 100, 0], held: [0, 0, 0, 0] });
    await counters.rehold(hold);
    await counters.rehold(hold);
    expect(await counters.read(PLAN.counters)).toMatchObject({ used: [1, 200, 100, 1], held: [1, 200, 100, 1] });
    await counters.settle(hold, used(30, 20), PLAN);
    expect(await counters.read(PLAN.counters)).toMatchObject({ used: [1, 30, 20, 0], held: [0, 0, 0, 0] });
  });

  test('a process lists what it holds itself, who else holds something, and nothing that is too young', async () => {
    made += 1;
    const [own, other] = [process(`late-${made}:`), process(`late-${made}:`, 'process2')];
    const longAgo = Date.now() - 60_000;
    for (const [counters, id] of [
      [own, 'req_1'],
      [other, 'req_2'],
    ] as const)
      await counters.rehold(counters.adopt(id, PLAN, longAgo, { atMs: longAgo, ...HELD }));
    admitted(await own.hold('req_3', PLAN, wants()));
    await own.cancel('org_1', ['req_4']);
    expect(await own.heldOf('org_1', 2_000)).toMatchObject({
      requests: new Set(['req_1']),
      others: new Set(['process2']),
      hasMarks: true,
    });
    const all = await other.heldOf('org_1', 0);
    expect([all.requests, all.others]).toEqual([new Set(['req_2']), new Set(['process1'])]);
    expect((await own.heldOf('org_nobody', 0)).requests.size).toBe(0);
  });

  test('more holds than one script looks at are all listed', async () => {
    const counters = open();
    const names = Array.from({ length: 2_500 }, (_, at) => `req_${at}`);
    const longAgo = Date.now() - 60_000;
    await Promise.all(names.map((id) => counters.rehold(counters.adopt(id, PLAN, longAgo, { atMs: longAgo, ...HELD }))));
    expect((await counters.heldOf('org_1', 2_000)).requests).toEqual(new Set(names));
    expect(await counters.cancel('org_1', names)).toBe(2_500);
    expect(await counters.read(PLAN.counters)).toMatchObject(NOTHING);
  });

  test('a counter that holds what no record holds is put right, and what was settled or is in flight stays', async () => {
    const counters = open();
    const prefix = `late-${made}:`;
    admitted(await counters.hold('req_1', PLAN, wants(HELD.tokens, HELD.nanoUsd)));
    const { hold } = admitted(await counters.hold('req_2', PLAN, wants(HELD.tokens, HELD.nanoUsd)));
    await counters.settle(hold, used(30, 20), PLAN);
    expect(await counters.compareHeld(PLAN.counters)).toEqual([]);
    // Lost with its record, as after an eviction by Redis.
    admitted(await counters.hold('req_lost', PLAN, wants(HELD.tokens, HELD.nanoUsd)));
    await redis.client.hdel(`${prefix}{org_1}:h`, 'req_lost');
    const [, , money, slots] = PLAN.counters;
    expect(await counters.compareHeld(PLAN.counters)).toEqual(
      expect.arrayContaining([
        { counter: money, held: 100, inFlight: 50 },
        { counter: slots, held: 2, inFlight: 1 },
      ]),
    );
    const { used: counted, held } = await counters.read(PLAN.counters);
    expect([counted.slice(2), held.slice(2)]).toEqual([
      [70, 1],
      [50, 1],
    ]);
    expect(await counters.compareHeld(PLAN.counters)).toEqual([]);
  });
});
