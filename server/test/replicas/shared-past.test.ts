/** A past asked of the ledger while several processes go on holding, settling and storing: every request counts exactly once. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/redis-counters.ts';
import { scriptRunner } from '../../src/counters/redis/redis-scripts.ts';
import type { CounterSpec, CounterUnit, CounterWindow, LimitPlan, LimitRule } from '../../src/domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../src/domain/limits/period.ts';
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';
import { eachSettledUse } from '../../src/domain/usage/settled-uses.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import { requestId, restampRequestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { createSharedPast } from '../../src/store/past/shared-past.ts';
import { calendar, DAY_MS, HOUR, IN_FLIGHT } from '../counters/testing.ts';
import { hasPostgres, withDatabase } from '../support/database.ts';
import { openTestJournal, temporaryDirectory } from '../support/journals.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';

const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const DAY = calendar([-1, 0, 1, 2].map((days) => today + days * DAY_MS));
const TOTAL = calendar([0, FAR_FUTURE_MS]);
const NO_GROUPS: ReadonlySet<string> = new Set();

describe.skipIf(!hasRedis('Redis') || !hasPostgres())('a past that many processes share', () => {
  const given = withDatabase('postgresql');
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis('Redis');
  });
  afterAll(() => redis.stop());
  let made = 0;

  /** One process: counters, a journal, and a writer that tells the counters of what it stored. */
  async function process(prefix: string, owner: string) {
    const { db, kind } = given();
    const counters = createRedisCounters({
      run: scriptRunner(redis.client),
      prefix: () => prefix,
      owner,
      pastFrom: createSharedPast(db, () => NO_GROUPS).ask,
    });
    const directory = temporaryDirectory();
    const { journal } = await openTestJournal(directory);
    const telling: Promise<void>[] = [];
    const writer = createLedgerWriter({
      database: given(),
      partitions: newPartitions(db, kind),
      source: journal,
      clock: systemClock,
      rejectsPath: join(directory, 'rejected.log'),
      onEvent: () => {},
      everyMs: 7,
      onStored: (batch) =>
        eachSettledUse(batch, ({ organizationId, ...use }) => telling.push(counters.stored(organizationId, [use]))),
    });
    const stop = async () => {
      await writer.stop(20_000);
      await Promise.all(telling);
    };
    return { counters, journal, stop };
  }

  test('three processes settle and store while pasts are asked for again and again, and no request counts twice or not at all', async () => {
    made += 1;
    const prefix = `past-${made}:`;
    const organizationId = `org_past_${made}`;
    const houses = await Promise.all(['process1', 'process2', 'process3'].map((owner) => process(prefix, owner)));
    const plans = ['key_a', 'key_b'].map((keyId) => planFor(organizationId, keyId));
    const until = Date.now() + 2_500;
    let settled = 0;
    const caller = async (at: number) => {
      const { counters, journal } = houses[at % houses.length] as (typeof houses)[number];
      while (Date.now() < until) {
        const plan = plans[at % 2] as LimitPlan;
        const id = requestId();
        const result = await counters.hold(id, plan, { tokens: 900, nanoUsd: 5_000, nanoUsdMin: 5_000 });
        if (!result.admitted) throw new Error('the limits of this test refuse nothing');
        await sleep(Math.random() * 25);
        const [input, output, nanoUsd] = [1 + Math.floor(Math.random() * 400), 7, Math.floor(Math.random() * 6_000)];
        journal.end(
          givenEnd({
            organizationId,
            teamId: 'team_1',
            keyId: plan.use?.keyId ?? '',
            requestId: restampRequestId(id, result.atMs),
            admittedAtMs: result.atMs,
            entries: [givenEntry({ usage: { input, output }, nanoUsd })],
          }),
        );
        // A settlement may be late, or never come: then the row itself settles.
        if (Math.random() < 0.2) await sleep(Math.random() * 30);
        if (Math.random() < 0.9) await counters.settle(result.hold, { tokens: input + output, nanoUsd }, plan);
        settled += 1;
      }
    };
    const doubter = async () => {
      while (Date.now() < until) {
        await sleep(60 + Math.random() * 90);
        const { counters } = houses[Math.floor(Math.random() * houses.length)] as { readonly counters: RedisCounters };
        await counters.doubt((plans[Math.floor(Math.random() * 2)] as LimitPlan).counters);
      }
    };
    await Promise.all([...Array.from({ length: 18 }, (_, at) => caller(at)), doubter()]);
    await Promise.all(houses.map(({ stop }) => stop()));
    expect(settled).toBeGreaterThan(30);
    for (const plan of plans) {
      const keyId = plan.use?.keyId ?? '';
      const { used, held } = await (houses[0] as (typeof houses)[number]).counters.read(plan.counters);
      const ofKey = await sumsOf(`organization_id = '${organizationId}' and key_id = '${keyId}'`);
      const ofAll = await sumsOf(`organization_id = '${organizationId}'`);
      expect({ keyId, used, held }).toEqual({
        keyId,
        used: [ofAll.requests, ofAll.nanoUsd, ofKey.tokens, ofKey.nanoUsd, ofKey.nanoUsd, ofAll.tokens, 0],
        held: [0, 0, 0, 0, 0, 0, 0],
      });
    }
    // What is in the ledger leaves nothing behind among the holds.
    const client = redis.client as Redis;
    expect(await client.hlen(`${prefix}{${organizationId}}:h`)).toBe(0);
  });

  async function sumsOf(where: string) {
    const { rows } = await given().pool.query(`select
      (select coalesce(sum(count), 0) from requests where ${where}) as requests,
      (select coalesce(sum(total_tokens), 0) from ledger_entries where ${where}) as tokens,
      (select coalesce(sum(nano_usd), 0) from ledger_entries where ${where}) as nano_usd`);
    const [row] = rows;
    return { requests: Number(row.requests), tokens: Number(row.tokens), nanoUsd: Number(row.nano_usd) };
  }
});

function planFor(organizationId: string, keyId: string): LimitPlan {
  const spec = (scope: Scope, scopeId: string, unit: CounterUnit, name: string, window: CounterWindow): CounterSpec => ({
    name: `${scopeId}|${unit}|any|${name}`,
    organizationId,
    scope,
    scopeId,
    unit,
    match: { is: 'any' },
    window,
  });
  const counters = [
    spec('organization', organizationId, 'requests', 'day', DAY),
    spec('organization', organizationId, 'nano_usd', 'total', TOTAL),
    spec('key', keyId, 'tokens', 'day', DAY),
    spec('key', keyId, 'nano_usd', 'day', DAY),
    spec('key', keyId, 'nano_usd', 'rolling', HOUR),
    spec('team', 'team_1', 'tokens', 'day', DAY),
    spec('organization', organizationId, 'parallel', 'now', IN_FLIGHT),
  ];
  const rules = counters.map(
    ({ name, scope, scopeId, match }, counter): LimitRule => ({
      id: name,
      scope,
      scopeId,
      limit: 'rpd',
      match,
      budgetId: null,
      value: Number.MAX_SAFE_INTEGER,
      action: 'block',
      clampOutput: false,
      counter,
    }),
  );
  const use = { teamId: 'team_1', memberId: null, keyId, calledName: 'gpt-5-nano' };
  return { organizationId, counters, rules, validUntilMs: FAR_FUTURE_MS, shapeId: 'by hand', use };
}
