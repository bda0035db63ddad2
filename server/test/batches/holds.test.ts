/** What batches hold in shared counters, while lines settle and while processes die: never less than what is left, never twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/redis-counters.ts';
import { scriptRunner } from '../../src/counters/redis/redis-scripts.ts';
import { LineSet, packLines } from '../../src/domain/batches/line-plan.ts';
import { newId } from '../../src/lib/id.ts';
import { BatchHolds } from '../../src/proxy/batches/batch-holds.ts';
import { lineRequestId } from '../../src/proxy/batches/line-ids.ts';
import type { BatchRow } from '../../src/store/batches/batches.ts';
import { budget } from '../support/policies.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { openHouse, type WalkHouse } from '../support/walk.ts';

const LINE = { is: 'held', inputTokens: 60, outputTokens: 40, nanoUsd: 1_000 } as const;
const PLAN = packLines([LINE, LINE, LINE]);
const NONE_SETTLED = LineSet.empty(3).bits;

describe.skipIf(!hasRedis('Redis'))('holds of batches in Redis', () => {
  let redis: TestRedis;
  let house: WalkHouse;
  let made = 0;
  beforeAll(async () => {
    redis = await startRedis('Redis');
    house = await openHouse({ organization: { budgets: [budget(1_000_000)] } });
  });
  afterAll(async () => {
    await house.close();
    await redis.stop();
  });

  /** Two processes on the same counters, and a batch of three lines. */
  function open() {
    made += 1;
    const prefix = `batches-${made}:`;
    const process = (owner: string): RedisCounters =>
      createRedisCounters({
        run: scriptRunner(redis.client),
        prefix: () => prefix,
        owner,
        pastFrom: (_spec, _fromMs, _toMs, begin) => begin().then(() => []),
      });
    const [one, two] = [process('process1'), process('process2')];
    const holdsOf = (counters: RedisCounters) => new BatchHolds({ snapshot: house.gateway.snapshot, counters });
    const row = {
      ...{ organizationId: 'org_1', id: newId('batch'), keyId: 'key_1', teamId: 'team_1', memberId: null, calledName: 'fast' },
      ...{ createdAt: new Date(), heldTokens: 300, heldNanoUsd: 3_000, holdNumber: 1 },
    } as BatchRow;
    return { one, two, first: holdsOf(one), second: holdsOf(two), row };
  }
  const readOf = async (holds: BatchHolds, row: BatchRow, counters: RedisCounters) => {
    const { used, held } = await counters.read((await holds.planOf(row))?.counters ?? []);
    return { used: used[0], held: held[0] };
  };

  test('shrink line by line, and end with the batch', async () => {
    const { one, first, row } = open();
    const plan = await first.planOf(row);
    await first.begin(row, plan, async () => {});
    expect(await readOf(first, row, one)).toEqual({ used: 3_000, held: 3_000 });
    const next = { ...row, holdNumber: 2 };
    const requestId = lineRequestId(row.id, 0, row.createdAt.getTime());
    const [hold] = await first.split(next, { tokens: 200, nanoUsd: 2_000 }, [{ requestId, tokens: 100, nanoUsd: 1_000 }]);
    expect(await readOf(first, row, one)).toEqual({ used: 3_000, held: 3_000 });
    if (hold == null || plan === null) throw new Error('the line holds nothing');
    await one.settle(hold, { tokens: 10, nanoUsd: 70 }, plan);
    await one.settle(hold, { tokens: 10, nanoUsd: 70 }, plan);
    expect(await readOf(first, row, one)).toEqual({ used: 2_070, held: 2_000 });
    await first.end(row.id);
    expect(await readOf(first, row, one)).toEqual({ used: 70, held: 0 });
  });

  test.each([
    ['before its next number was noted', 1],
    ['after its next number was noted, and before that was held', 2],
  ])('of a process that died %s are those of the one that takes over', async (_when, holdNumber) => {
    const { one, two, first, second, row } = open();
    await first.begin(row, await first.planOf(row), async () => {});
    expect(await readOf(first, row, one)).toEqual({ used: 3_000, held: 3_000 });
    await two.sweep('org_1', 'process1', 'gone');
    // Until another process holds it, all of it counts as used: nobody else gets it.
    expect(await readOf(first, row, one)).toEqual({ used: 3_000, held: 0 });
    const settled = LineSet.empty(3);
    settled.add(1);
    await second.adopt({ ...row, holdNumber }, { plan: PLAN, settled: settled.bits });
    expect(await readOf(second, row, two)).toEqual({ used: 2_000, held: 2_000 });
    await second.end(row.id);
    expect(await readOf(second, row, two)).toEqual({ used: 0, held: 0 });
  });

  test('are held once if two processes take a batch over at the same time', async () => {
    const { two, first, second, row } = open();
    const lines = { plan: PLAN, settled: NONE_SETTLED };
    await Promise.all([first.adopt(row, lines), second.adopt(row, lines)]);
    expect(await readOf(second, row, two)).toEqual({ used: 3_000, held: 3_000 });
    first.forget(row.id);
    await second.end(row.id);
    expect(await readOf(second, row, two)).toEqual({ used: 0, held: 0 });
  });
});
