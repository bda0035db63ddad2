/** What is held in a Redis that stalls, is cut off, or answers a replica that stood still: nothing without a request in flight. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import { admitted, HOUR, IN_FLIGHT, planOf, used, wants } from '../counters/testing.ts';
import { stallRedis } from '../prove/redis-faults.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { type Given, type House, openHouse, until } from './house.ts';

const opened: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

let made = 0;
const OWNERS = ['replica1', 'replica2'] as const;
const SLOTS = 4;
const PLAN = withLimits(
  planOf({ unit: 'parallel', window: IN_FLIGHT, value: SLOTS }, { unit: 'requests', window: HOUR, value: 1_000 }),
);
const STALL_MS = 900;
const FAR_MS = 60_000;

describe.skipIf(!hasRedis('Redis'))('what replicas hold', () => {
  async function twoReplicas(more: Partial<Given> = {}) {
    made += 1;
    const redis = await startRedis('Redis');
    opened.push(redis);
    const members: string[] = [];
    const houses: House[] = [];
    for (const owner of OWNERS) {
      members.push(owner);
      const house = await openHouse({ base: `held-${made}:`, url: redis.url, owner, members: () => members, ...more });
      opened.push(house);
      houses.push(house);
    }
    const [first, second] = houses as [House, House];
    return { redis, first, second };
  }

  // promise: It also compares what is *held* with what is in flight
  test.each(['settled while Redis is away', 'settled when it is back'] as const)(
    'holds that ran late in a Redis that stalled are given back, of requests refused by a share and of those %s',
    async (when) => {
      // No look comes to help: what is cancelled at once must be enough.
      const { redis, first, second } = await twoReplicas({ renewEveryMs: FAR_MS });
      // Redis knows the plan from here on, so a late hold is taken.
      await end(await ask(second, 'req_before'));
      const stalled = stallRedis(redis, STALL_MS);
      // Redis has room for four of them, this replica's share for two.
      const results = await Promise.all(Array.from({ length: 6 }, (_, at) => ask(second, `req_${at}`)));
      const admittedOnes = results.filter((one) => one.result.admitted);
      expect(admittedOnes).toHaveLength(2);
      const endAll = () => Promise.all(admittedOnes.map(end));
      if (when === 'settled while Redis is away') await endAll();
      await stalled;
      await until(() => [first, second].every(({ shared }) => shared.status().is === 'open'));
      if (when === 'settled when it is back') await endAll();
      await until(async () => (await heldIn(first))[0] === 0);
      // Whatever was sent before the connection broke has run by now.
      await sleep(300);
      expect(await heldIn(first)).toEqual([0, 0]);
      await expectAllSlots(first, second);
    },
  );

  // promise: It also compares what is *held* with what is in flight
  test('a hold that nobody knows of is found and given back, one in flight never, and each only once', async () => {
    const { first, second } = await twoReplicas({ renewEveryMs: 200 });
    const kept = await ask(first, 'req_kept');
    admitted(await first.redis.hold('req_stray', PLAN, wants()));
    await first.shared.hold('req_known', PLAN, wants()); // Has the organization looked at; in flight nowhere, as the stray.
    expect((await heldIn(second))[0]).toBe(3);
    await until(() => first.shared.status().heldWithoutRequest > 0);
    await until(async () => (await heldIn(second))[0] === 1);
    await until(() => first.shared.status().heldWithoutRequest === 0);
    expect(first.shared.status().givenBack).toBe(2);
    const found = first.events.filter((event) => event.is === 'differed');
    expect(found.reduce((sum, { givenBack }) => sum + givenBack, 0)).toBe(2);
    expect(found.every(({ takenAgain }) => takenAgain === 0)).toBe(true);
    expect(await first.shared.held()).toEqual({ held: 1, inFlight: 1, difference: 0 });
    await end(kept);
    expect(await heldIn(second)).toEqual([0, 0]);
  });

  test('while the ledger is away nothing is given back that may have been used, and it is said how much', async () => {
    let isAway = false;
    const flush = async () => {
      if (isAway) throw new Error('the ledger is away');
    };
    const { first, second } = await twoReplicas({ renewEveryMs: 200, flush });
    isAway = true;
    admitted(await first.shared.hold('req_1', PLAN, wants()));
    await until(() => first.shared.status().heldWithoutRequest === 1);
    await sleep(600);
    expect([(await heldIn(first))[0], first.shared.status().givenBack]).toEqual([1, 0]);
    expect((await first.shared.held()).difference).toBe(1);
    isAway = false;
    await until(async () => (await heldIn(second))[0] === 0);
  });

  // promise: It also compares what is *held* with what is in flight
  test('a replica that was taken for gone holds again what it has in flight', async () => {
    const { first, second } = await twoReplicas({ renewEveryMs: 200 });
    const asked = [await ask(first, 'req_1'), await ask(first, 'req_2')];
    await second.redis.sweep('org_1', 'replica1', 'gone');
    await until(async () => (await heldIn(second))[0] === 2);
    expect((await second.shared.read(PLAN.counters)).used).toEqual([2, 2]);
    await Promise.all(asked.map(end));
    expect(await second.shared.read(PLAN.counters)).toMatchObject({ used: [0, 2], held: [0, 0] });
  });

  // promise: It also compares what is *held* with what is in flight
  test('a replica that leaves holds nothing afterwards', async () => {
    const { first, second } = await twoReplicas({ renewEveryMs: FAR_MS });
    admitted(await first.shared.hold('req_1', PLAN, wants()));
    const other = await ask(second, 'req_2');
    await first.shared.stop();
    expect((await heldIn(second))[0]).toBe(1);
    await end(other);
    await until(async () => (await heldIn(second))[0] === 0);
  });

  test('what arrives after its replica has left is swept by the others', async () => {
    const { first, second } = await twoReplicas({ renewEveryMs: 200 });
    await ask(second, 'req_own');
    await first.redis.rehold(
      first.redis.adopt('req_1', PLAN, Date.now() - FAR_MS, { atMs: Date.now() - FAR_MS, tokens: 0, nanoUsd: 0 }),
    );
    expect((await heldIn(second))[0]).toBe(2);
    await sleep(500);
    expect((await heldIn(second))[0]).toBe(2);
    await first.shared.stop();
    await until(async () => (await heldIn(second))[0] === 1);
  });
});

interface AskedOf {
  readonly house: House;
  readonly result: Awaited<ReturnType<House['shared']['hold']>>;
}

/** As the walk does it: what is admitted is in flight at once. */
async function ask(house: House, id: string): Promise<AskedOf> {
  const result = await house.shared.hold(id, PLAN, wants());
  if (result.admitted) house.holds.add(result.hold);
  return { house, result };
}

/** Its row is stored at once. */
async function end({ house, result }: AskedOf): Promise<void> {
  const { hold } = admitted(result);
  house.holds.delete(hold);
  house.shared.stored('org_1', { requestId: hold.requestId, tokens: 0, nanoUsd: 0 });
  await Promise.resolve(house.shared.settle(hold, used(), PLAN)).catch(() => {});
}

async function heldIn({ shared }: House): Promise<readonly number[]> {
  return (await shared.read(PLAN.counters)).held;
}

async function expectAllSlots(first: House, second: House): Promise<void> {
  const asked = await Promise.all(Array.from({ length: SLOTS + 2 }, (_, at) => ask(at % 2 === 0 ? first : second, `slot_${at}`)));
  const fitting = asked.filter(({ result }) => result.admitted);
  expect(fitting.map(({ result }) => result.isDegraded ?? false)).toEqual(Array.from({ length: SLOTS }, () => false));
  await Promise.all(fitting.map(end));
  await until(async () => (await heldIn(first))[0] === 0);
}

function withLimits(plan: LimitPlan): LimitPlan {
  const names = ['max_parallel', 'rph'] as const;
  return { ...plan, rules: plan.rules.map((rule, at) => ({ ...rule, limit: names[at] as (typeof names)[number] })) };
}
