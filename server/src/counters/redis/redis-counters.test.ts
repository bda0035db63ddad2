import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeCounters } from '../../../test/counters/contract.ts';
import { answersLikeMemory } from '../../../test/counters/contract-like-memory.ts';
import {
  admitted,
  askedLedger,
  calendar,
  DAY_MS,
  type HandClock,
  HOUR,
  IN_FLIGHT,
  type MakeCounters,
  MINUTE,
  planOf,
  used,
  wants,
} from '../../../test/counters/testing.ts';
import { methodsOf } from '../../../test/support/methods-of.ts';
import { hasRedis, type RedisKind, startRedis, type TestRedis } from '../../../test/support/redis.ts';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import type { PastFrom } from '../../domain/usage/asked-past.ts';
import type { Counters, SeedFrom } from '../counters.ts';
import { createRedisCounters } from './redis-counters.ts';
import { type RunScript, type Script, scriptOf, scriptRunner } from './redis-scripts.ts';

for (const kind of ['Redis', 'Valkey', 'Redis Cluster'] as const satisfies readonly RedisKind[]) {
  if (!hasRedis(kind)) console.warn(`${kind} is not installed on this machine: its counters' tests are skipped.`);
  describe.skipIf(!hasRedis(kind))(kind, () => {
    let redis: TestRedis;
    beforeAll(async () => {
      redis = await startRedis(kind);
    });
    afterAll(() => redis.stop());
    let made = 0;
    const make: MakeCounters = ({ clock, seedFrom }) => {
      made += 1;
      const run = onHandClock(redis.client, clock);
      const prefix = named(`test-${made}:`);
      return withOwnNames(createRedisCounters({ run, prefix, owner: 'process1', pastFrom: pastOf(seedFrom) }));
    };
    describeCounters(kind, make);
    answersLikeMemory(make);
    describe('one store for many processes', () => {
      manyProcesses(() => {
        made += 1;
        return { client: redis.client, prefix: `test-${made}:` };
      });
    });
  });
}

/** Tests the promises that only counters outside a process can keep. They use Redis's own clock. */
function manyProcesses(place: () => { readonly client: Redis | Cluster; readonly prefix: string }): void {
  const process = (of: ReturnType<typeof place>, ledger = askedLedger(), run = scriptRunner(of.client)) =>
    createRedisCounters({
      run,
      prefix: () => of.prefix,
      owner: 'process1',
      pastFrom: pastOf(ledger.seedFrom),
    });
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const day = calendar([-1, 0, 1, 2].map((days) => today + days * DAY_MS));

  // promise: replicas and skewed clocks do not change that.
  // promise: With Redis the script uses Redis's `TIME`, for windows and for choosing
  // promise: **Replicas count as one**: with Redis or Valkey every limit and budget is exact over all replicas, by one clock
  test('three processes that race for a limit pass exactly as many as it allows', async () => {
    const of = place();
    const processes = [process(of), process(of), process(of)];
    const plan = planOf(
      { unit: 'requests', window: HOUR, value: 50 },
      { unit: 'requests', window: HOUR, value: 40, scopeId: 'team_1' },
      { unit: 'tokens', window: day, value: 10_000, scopeId: 'key_1' },
    );
    const asked = Array.from({ length: 300 }, (_, i) => (processes[i % 3] as Counters).hold(`req_${i}`, plan, wants(100)));
    const results = await Promise.all(asked);
    expect(results.filter((result) => result.admitted)).toHaveLength(40);
    const { used: counted } = await (processes[1] as Counters).read(plan.counters);
    expect(counted).toEqual([40, 40, 4_000]);
  });

  test('money raced for by three processes is never held beyond the budget, and all that is settled is counted', async () => {
    const of = place();
    const processes = [process(of), process(of), process(of)];
    const plan = planOf({ unit: 'nano_usd', window: day, value: 1_000 }, { unit: 'parallel', window: IN_FLIGHT, value: 1_000 });
    let spent = 0;
    const one = async (i: number) => {
      const counters = processes[i % 3] as Counters;
      const result = await counters.hold(`req_${i}`, plan, wants(0, 30));
      if (!result.admitted) return;
      expect(result.readings.used[0]).toBeLessThanOrEqual(1_000);
      const actual = i % 31;
      spent += actual;
      await counters.settle(result.hold, used(0, actual), plan);
    };
    await Promise.all(Array.from({ length: 200 }, (_, i) => one(i)));
    expect(await process(of).read(plan.counters)).toMatchObject({ used: [spent, 0], held: [0, 0] });
    expect(spent).toBeLessThanOrEqual(1_000);
  });

  test('the past is asked for by one of them while the others wait', async () => {
    const of = place();
    const ledgers = [1, 2, 3].map(() => askedLedger([{ atMs: today, amount: 70 }], { waits: true }));
    const plan = planOf({ unit: 'nano_usd', window: day, value: 100 });
    const pending = ledgers.map((ledger, i) => process(of, ledger).hold(`req_${i}`, plan, wants(0, 10)));
    await Promise.race(ledgers.map((ledger) => ledger.asked(1)));
    await sleep(20);
    for (const ledger of ledgers) ledger.answer();
    const results = await Promise.all(pending);
    expect(Math.max(...results.map(({ readings }) => readings.used[0] as number))).toBe(100);
    expect(results.every(({ admitted: isAdmitted }) => isAdmitted)).toBe(true);
  });

  test('what Redis has forgotten of its scripts and plans is sent again, and nothing is counted twice', async () => {
    const of = place();
    const counters = process(of);
    const plan = planOf({ unit: 'tokens', window: HOUR, value: 100 });
    const { hold } = admitted(await counters.hold('req_1', plan, wants(50)));
    await everyNode(of.client, async (node) => {
      await node.script('FLUSH');
      const plans = await node.keys(`${of.prefix}*:p:*`);
      if (plans.length > 0) await node.del(...plans);
    });
    await counters.settle(hold, used(20), plan);
    await counters.settle(hold, used(20), plan);
    await everyNode(of.client, async (node) => void (await node.script('FLUSH')));
    expect(admitted(await counters.hold('req_2', plan, wants(30))).readings).toMatchObject({ used: [50], held: [30] });
  });

  test('what is known of a request by its record alone is settled for as long as there is a record, however long its plan was not used', async () => {
    const of = place();
    // An hour lasts a second.
    const counters = process(of, askedLedger(), hastened(of.client, 3_600));
    const limits = (value: number) =>
      planOf({ unit: 'nano_usd', window: day, value }, { unit: 'parallel', window: IN_FLIGHT, value: 10, scopeId: 'key_1' });
    const [rare, common] = [limits(1_000), limits(2_000)];
    admitted(await counters.hold('req_stored', rare, wants(0, 50)));
    admitted(await counters.hold('req_cancelled', rare, wants(0, 50)));
    const others = async (name: string) => {
      const { hold } = admitted(await counters.hold(name, common, wants(0, 1)));
      await counters.settle(hold, used(0, 1), common);
    };
    for (let second = 0; second < 4; second += 1) {
      await others(`req_${second}`);
      await sleep(1_000);
    }
    await counters.stored('org_1', [{ requestId: 'req_stored', tokens: 0, nanoUsd: 20 }]);
    expect(await counters.read(common.counters)).toMatchObject({ used: [4 + 20 + 50, 1], held: [50, 1] });
    await counters.cancel('org_1', ['req_cancelled']);
    expect(await counters.read(common.counters)).toMatchObject({ used: [4 + 20, 0], held: [0, 0] });
  });

  test('what a replica that died left is corrected by its rows, though it was away for hours', async () => {
    const of = place();
    const counters = process(of, askedLedger(), hastened(of.client, 3_600));
    const plan = planOf({ unit: 'nano_usd', window: day, value: 1_000 });
    admitted(await counters.hold('req_1', plan, wants(0, 50)));
    expect(await counters.sweep('org_1', 'process1', 'gone')).toBe(1);
    expect(await counters.read(plan.counters)).toMatchObject({ used: [50], held: [0] });
    const other = planOf({ unit: 'nano_usd', window: day, value: 2_000 });
    for (let second = 0; second < 4; second += 1) {
      admitted(await counters.hold(`other_${second}`, other, wants(0, 0)));
      await sleep(1_000);
    }
    await counters.stored('org_1', [{ requestId: 'req_1', tokens: 0, nanoUsd: 20 }]);
    expect(await counters.read(plan.counters)).toMatchObject({ used: [20], held: [0] });
  });

  test('every key has an end, so that what nobody asks for any more takes no memory', async () => {
    const of = place();
    const counters = process(of);
    const plan = planOf(
      { unit: 'requests', window: MINUTE, value: 10 },
      { unit: 'nano_usd', window: day, value: 10, scopeId: 'team_1' },
      { unit: 'parallel', window: IN_FLIGHT, value: 10, scopeId: 'key_1' },
    );
    const { hold } = admitted(await counters.hold('req_1', plan, wants(1, 1)));
    await counters.settle(hold, used(1, 1), plan);
    admitted(await counters.hold('req_2', plan, wants(1, 1)));
    const ends: number[] = [];
    await everyNode(of.client, async (node) => {
      for (const key of await node.keys(`${of.prefix}*`)) ends.push(await node.pttl(key));
    });
    expect(ends.length).toBe(7);
    for (const ms of ends) expect(ms).toBeGreaterThan(0);
  });

  test('counters of several organizations are read in one question, in the order they were asked for', async () => {
    const of = place();
    const counters = process(of);
    const planFor = (organizationId: string) => {
      const plan = planOf(
        { unit: 'requests', window: MINUTE, value: 9 },
        { unit: 'tokens', window: MINUTE, value: 99, scopeId: 'key_1' },
      );
      return { ...plan, organizationId, counters: plan.counters.map((spec) => ({ ...spec, organizationId })) };
    };
    const [one, two] = [planFor('org_a'), planFor('org_b')];
    admitted(await counters.hold('req_1', one, wants(5)));
    for (const id of ['req_2', 'req_3']) admitted(await counters.hold(id, two, wants(7)));
    const [ra, ta, rb, tb] = [...one.counters, ...two.counters] as [CounterSpec, CounterSpec, CounterSpec, CounterSpec];
    expect((await counters.read([tb, ra, rb, ta])).used).toEqual([14, 1, 2, 5]);
  });

  test('an answer that is lost on its way is asked for again without harm: a settlement counts once', async () => {
    const of = place();
    let loses = false;
    const run = scriptRunner(of.client);
    const lossy: RunScript = async (script, keys, args) => {
      const answer = await run(script, keys, args);
      if (loses) throw new Error('the connection broke');
      return answer;
    };
    const counters = createRedisCounters({
      run: lossy,
      prefix: () => of.prefix,
      owner: 'process1',
      pastFrom: pastOf(askedLedger().seedFrom),
    });
    const plan = planOf({ unit: 'tokens', window: HOUR, value: 100 }, { unit: 'parallel', window: IN_FLIGHT, value: 2 });
    const { hold } = admitted(await counters.hold('req_1', plan, wants(50)));
    loses = true;
    await expect(counters.settle(hold, used(20), plan)).rejects.toThrow('the connection broke');
    loses = false;
    await counters.settle(hold, used(20), plan);
    expect(await counters.read(plan.counters)).toMatchObject({ used: [20, 0], held: [0, 0] });
  });
}

const named = (prefix: string) => () => prefix;

/** Reads pasts from the contract's ledger. It contains every settlement at once, so nothing must be added or left out. */
function pastOf(seedFrom: SeedFrom): PastFrom {
  return async (spec, fromMs, toMs, begin) => {
    const { unstored } = await begin();
    return unstored === null ? [] : seedFrom(spec, fromMs, toMs, () => {});
  };
}

async function everyNode(client: Redis | Cluster, act: (node: Redis) => Promise<void>): Promise<void> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  for (const node of nodes) await act(node);
}

/** Runs the scripts with the time of a manual clock: the contract's tests set the time, and Redis has only its own. */
function onHandClock(client: Redis | Cluster, clock: HandClock): RunScript {
  const run = scriptRunner(client);
  return (script, keys, args) => run(turned(script), keys, [...args, clock.nowMs()]);
}

const turnedScripts = new Map<Script, Script>();

function turned(script: Script): Script {
  const known = turnedScripts.get(script);
  if (known !== undefined) return known;
  const clock = '{ math.floor(HAND_MS / 1000), HAND_MS % 1000 * 1000 }';
  const lua = `local HAND_MS = tonumber(table.remove(ARGV))\n${script.lua.replaceAll("redis.call('TIME')", clock)}`;
  const made = { ...script, ...scriptOf(lua) };
  turnedScripts.set(script, made);
  return made;
}

/** Runs the scripts with retention times that are `times` times shorter. */
function hastened(client: Redis | Cluster, times: number): RunScript {
  const run = scriptRunner(client);
  const shorter = (_: string, name: string, span: string) => `local ${name} = ${Number(span) / times}\n`;
  return (script, keys, args) => {
    const lua = script.lua.replaceAll(/local (IDLE_MS|HOLDS_MS) = (\d+)\n/g, shorter);
    return run({ ...script, ...scriptOf(lua) }, keys, args);
  };
}

/** Gives each request its own id, as every real one has; the contract's tests use the same id for most of them. */
function withOwnNames(counters: Counters): Counters {
  let named = 0;
  return {
    ...methodsOf(counters),
    hold: (requestId, plan, wanted) => {
      named += 1;
      return counters.hold(`${requestId}-${named}`, plan, wanted);
    },
  };
}
