/** Counters by tag and end user that several processes share. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, startRedis, type TestRedis } from '../../../test/support/redis.ts';
import { planLimits, planWithLabels } from '../../domain/limits/limit-plan.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { UnstoredUse } from '../../domain/usage/asked-past.ts';
import { createRedisCounters } from './redis-counters.ts';
import { readQuestion } from './redis-past.ts';
import { redisPlan } from './redis-plan.ts';
import { scriptRunner } from './redis-scripts.ts';

const NONE = { rateLimits: {}, modelLimits: [], budgets: [] };
const AMOUNT = 1_000;
const limit = (match: object, id: string) => ({
  match,
  rateLimits: { rpm: 500 },
  budgets: [
    {
      ...{ id, amountNanoUsd: AMOUNT, period: { is: 'month', anchorDay: 1 }, match },
      ...{ thresholdsPercent: [], action: 'block', clampOutput: false },
    },
  ],
});

function plan(organizationId: string, tags: readonly string[], endUser: string | null, keyId = 'key_1') {
  const labelLimits = [limit({ is: 'tag', tag: 'research' }, 'bud_tag'), limit({ is: 'end_user', name: null }, 'bud_user')];
  const caller = {
    organization: { ...NONE, labelLimits, id: organizationId, timeZone: 'UTC' },
    team: { ...NONE, id: 'team_1' },
    member: null,
    key: { ...NONE, id: keyId },
  } as unknown as Caller;
  return planWithLabels(planLimits(caller, 'gpt-5', new Set(), Date.now()), caller, { tags, endUser }, Date.now());
}
const wants = (nanoUsd: number) => ({ tokens: 1, nanoUsd, nanoUsdMin: nanoUsd });

test('all end users of a key share one stored plan, and no key of Redis names one', () => {
  const [one, other] = ['alice|minute,x', 'bob'].map((name) => redisPlan('p:', plan('org_1', ['research'], name)));
  expect(one?.place).toBe(other?.place);
  expect(one?.json).toBe(other?.json);
  expect(one?.keys).not.toEqual(other?.keys);
  expect(JSON.stringify([one?.keys, one?.json])).not.toMatch(/alice|minute,x/);
});

test('a record names its labels behind the ids that a version before reads, and they are read back', () => {
  const { who } = redisPlan('p:', plan('org_1', ['research', 'x'], 'Łucja, 李\t|'));
  expect(who.split(',').slice(0, 3)).toEqual(['team_1', '', 'key_1']);
  const answer = Buffer.concat([
    Buffer.from(new Float64Array([1, 1]).buffer),
    Buffer.from(JSON.stringify([['tail', '5', '6', '7', who]])),
  ]);
  const [use] = readQuestion(answer).unstored as readonly UnstoredUse[];
  expect(use?.use).toEqual({
    ...{ teamId: 'team_1', memberId: null, keyId: 'key_1', calledName: 'gpt-5' },
    labels: { tags: ['research', 'x'], endUser: 'Łucja, 李\t|' },
  });
});

if (!hasRedis('Redis')) console.warn('Redis is not installed on this machine: its counters by label are not tested.');
describe.skipIf(!hasRedis('Redis'))('in Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis('Redis');
  });
  afterAll(() => redis.stop());
  const processes = (prefix: string) =>
    ['process1', 'process2'].map((owner) =>
      createRedisCounters({
        run: scriptRunner(redis.client),
        prefix: () => prefix,
        owner,
        pastFrom: async (_counter, _fromMs, _toMs, begin) => {
          await begin();
          return [];
        },
      }),
    ) as [ReturnType<typeof createRedisCounters>, ReturnType<typeof createRedisCounters>];

  test.each([
    ['a tag', ['research'], null],
    ['one end user', [], 'alice'],
  ] as const)('100 calls at once by two processes for the budget of %s overspend by nothing', async (what, tags, endUser) => {
    const both = processes(`race-${what.length}:`);
    const of = (organizationId: string, keyId: string) => plan(organizationId, tags, endUser, keyId);
    const race = (organizationId: string) =>
      Array.from({ length: 100 }, async (_, index) => {
        const counters = both[index % 2] as (typeof both)[0];
        const held = await counters.hold(`${organizationId}_${index}`, of(organizationId, `key_${index % 5}`), wants(30));
        if (!held.admitted) return 0;
        await counters.settle(held.hold, { tokens: 1, nanoUsd: 25 }, held.hold.plan);
        return 25;
      });
    // Two tenants with the same tag and end user, at the same time.
    const spent = await Promise.all([Promise.all(race('org_a')), Promise.all(race('org_b'))]);
    for (const each of spent) {
      const sum = each.reduce((total: number, one) => total + one, 0);
      // If all ask before the first is settled, as many pass as can be held.
      expect(sum).toBeGreaterThanOrEqual(Math.floor(AMOUNT / 30) * 25);
      expect(sum).toBeLessThanOrEqual(AMOUNT);
    }
    const { used } = await both[0].read(of('org_a', 'key_1').counters);
    expect(used.at(-1)).toBe(spent[0].reduce((total: number, one) => total + one, 0));
  });

  test('those of an end user expire by themselves when it is idle, and are settled by another process', async () => {
    const [one, other] = processes('idle:');
    const held = await one.hold('req_1', plan('org_a', ['research'], 'alice'), wants(30));
    if (!held.admitted) throw new Error('nothing else is held');
    await other.settle(held.hold, { tokens: 1, nanoUsd: 5 }, held.hold.plan);
    const client = redis.client as Redis;
    const own = (await client.keys('idle:*')).filter((key) => key.includes('~'));
    expect(own).toHaveLength(1);
    expect(own[0]).not.toContain('alice');
    const ttlMs = await client.pttl(own[0] as string);
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(7_200_000);
    const { used } = await other.read(plan('org_a', [], 'alice').counters);
    expect(used).toEqual([1, 5]);
  });
});
