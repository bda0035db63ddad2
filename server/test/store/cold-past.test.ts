/** The past of counters of one process, read from folded days and from rows, while it goes on settling and storing. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { CounterSpec, LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import { rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import { requestId, restampRequestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { foldBack, foldForward } from '../../src/store/folds/folds.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { createCounterPast } from '../../src/store/past/counter-past.ts';
import { scanSums } from '../../src/store/past/past-scan.ts';
import type { Follower } from '../../src/store/past/stored-since.ts';
import { organizations } from '../../src/store/schema.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { openTestJournal, temporaryDirectory } from '../support/journals.ts';
import { givenEnd, givenEntry, TEST_TIME_MS } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TEAM = { scope: 'team', scopeId: 'team_own' } as const;
const MEMBER = { scope: 'user', scopeId: 'mem_own' } as const;
const KEY = { scope: 'key', scopeId: 'key_own' } as const;
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'];
const NO_GROUPS = () => new Set<string>();

/** As a writer with nothing to store. */
const STILL: Follower = { reached: Promise.resolve(), usesIn: async () => [], end: () => {} };

onEveryDatabase('the past of many counters', (given) => {
  test.each(['before anything is folded', 'when some is folded', 'when all is folded'])(
    'is the same asked together as asked one by one, in every zone: %s',
    async (when) => {
      const { db } = given();
      const name = (zone: number) => `org_${when.length}_${zone}`;
      const records = ZONES.flatMap((_, zone) =>
        [1, 2, 5, 11, 20, 26, 60, 200, 700, 3_000].map((hours) =>
          givenEnd({
            organizationId: name(zone),
            // Somebody's own, and of others in the same organization.
            ...(hours % 2 === 0 ? { teamId: 'team_own', keyId: 'key_own', memberId: 'mem_own', serviceAccountId: null } : {}),
            admittedAtMs: TEST_TIME_MS - hours * HOUR_MS - hours * 61_000,
            entries: [givenEntry({ nanoUsd: 1_000 + hours + zone })],
          }),
        ),
      );
      await storeRecords(given(), records);
      for (const [zone, timeZone] of ZONES.entries()) {
        const organizationId = name(zone);
        await db.insert(organizations).values({ id: organizationId, slug: organizationId, name: organizationId, timeZone });
        if (!when.startsWith('before')) await foldForward(db, { organizationId, nowMs: TEST_TIME_MS, rowsMax: 4 });
        if (when.includes('all')) while ((await foldBack(db, { organizationId })) === 'more');
      }
      const asked = ZONES.flatMap((zone, index) =>
        [undefined, TEAM, MEMBER, KEY].flatMap((of) => countersOf(name(index), zone, of)),
      ).map((counter) => ({ counter, ...spanOf(counter) }));
      const past = createCounterPast({ db, follow: () => STILL, groupsOf: NO_GROUPS });
      const all = await Promise.all(asked.map(({ counter, fromMs, toMs }) => past.ask(counter, fromMs, toMs, () => {})));
      const each = await Promise.all(asked.map(({ counter, fromMs, toMs }) => spendSince(db, counter, fromMs, toMs)));
      expect(all.map(total)).toEqual(each.map(total));
      const scopesThatUsed = new Set(asked.filter((_, index) => total(all[index] ?? []) > 0).map(({ counter }) => counter.scope));
      expect(scopesThatUsed.size).toBe(4);
    },
  );

  test('a past of more rows than one look takes is read in pieces, and a slot of it is no wider than the counter’s', async () => {
    const { db, pool } = given();
    const quarters = 3_000;
    await pool.query(
      `insert into rollups (organization_id, bucket_start, team_id, key_id, called_name, admitted, spend_nano_usd)
      select 'org_long', to_timestamp($1::float8 / 1000) - n * interval '15 minutes', 'team_long', 'key_long', 'gpt-5', 1, 10 from generate_series(0, $2::integer - 1) as n`,
      [Math.floor(TEST_TIME_MS / 900_000) * 900_000, quarters],
    );
    const rolling: CounterSpec = {
      ...{
        name: 'key_long|nano_usd|any|rolling:720h',
        organizationId: 'org_long',
        scope: 'key',
        scopeId: 'key_long',
        unit: 'nano_usd',
      },
      ...{ match: { is: 'any' }, window: { is: 'trailing', slotMs: 12 * HOUR_MS } },
    };
    const past = createCounterPast({ db, follow: () => STILL, groupsOf: NO_GROUPS });
    const fromMs = TEST_TIME_MS - 30 * DAY_MS + 1;
    const points = await past.ask(rolling, fromMs, TEST_TIME_MS + DAY_MS, () => {});
    expect(total(points)).toBe(total(await spendSince(db, rolling, fromMs, TEST_TIME_MS + DAY_MS)));
    expect(points.length).toBeGreaterThanOrEqual(60);
    expect(points.map(({ atMs }) => atMs)).toEqual(points.map(({ atMs }) => atMs).sort((a, b) => a - b));
    const scan = { fromMs: 0, toMs: TEST_TIME_MS + DAY_MS, stepMs: 900_000 };
    const {
      found: [piece],
    } = await scanSums(db, [{ counter: rolling, scan }], 500);
    expect([piece?.rows, piece?.nextMs]).toEqual([
      500,
      Math.floor(TEST_TIME_MS / 900_000) * 900_000 - (quarters - 501) * 900_000,
    ]);
    const monthly = { ...rolling, name: 'month', window: { is: 'calendar', boundariesMs: [] } } as const;
    expect(await past.ask(monthly, 0, TEST_TIME_MS + DAY_MS, () => {})).toEqual([{ atMs: 0, amount: quarters * 10 }]);
  });

  test('a writer that is away fails all that were asked with it, and none that come after', async () => {
    let isAway = true;
    const away = () => new StoreUnavailable('away', '08006');
    const past = createCounterPast({
      db: given().db,
      groupsOf: NO_GROUPS,
      follow: () => {
        if (isAway) throw away();
        return STILL;
      },
    });
    const [counter] = countersOf('org_nobody', 'UTC') as [CounterSpec];
    const asking = () => past.ask(counter, 0, DAY_MS, () => {});
    const outcomes = await Promise.allSettled([asking(), asking()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    expect(await asking()).toEqual([]);
  });

  test('requests settle and are stored, days are folded and pasts are asked for, all at once: each row counts exactly once', async () => {
    const { db, kind, pool } = given();
    const organizationId = `org_race_${kind}`;
    await db.insert(organizations).values({ id: organizationId, slug: organizationId, name: organizationId });
    const directory = temporaryDirectory();
    const { journal } = await openTestJournal(directory);
    const writer = createLedgerWriter({
      ...{ database: given(), partitions: newPartitions(db, kind), source: journal, clock: systemClock },
      ...{ rejectsPath: join(directory, 'rejected.log'), onEvent: () => {}, everyMs: 7, rowsMax: 40 },
    });
    const past = createCounterPast({ db, follow: () => writer.follow(), groupsOf: NO_GROUPS });
    const counters = createMemoryCounters({ clock: systemClock, seedFrom: past.ask, patience: past.patience });
    const plans = ['key_a', 'key_b', 'key_c'].map((keyId) => planOf(organizationId, keyId));
    const until = Date.now() + 2_500;
    const settledMin = kind === 'embedded' ? 10 : 100;
    let settled = 0;
    // A busy machine takes longer to settle as many.
    const isOn = () => Date.now() < until || settled <= settledMin;
    const caller = async (at: number) => {
      while (isOn()) {
        const plan = plans[at % plans.length] as LimitPlan;
        const id = requestId();
        const result = await counters.hold(id, plan, { tokens: 900, nanoUsd: 5_000, nanoUsdMin: 5_000 });
        if (!result.admitted) throw new Error('the limits of this test refuse nothing');
        await sleep(Math.random() * 12);
        const [input, nanoUsd] = [1 + Math.floor(Math.random() * 400), Math.floor(Math.random() * 6_000)];
        const named = { requestId: restampRequestId(id, result.atMs), admittedAtMs: result.atMs, organizationId };
        const entries = [givenEntry({ usage: { input }, nanoUsd })];
        journal.end(givenEnd({ ...named, teamId: 'team_1', keyId: plan.use?.keyId ?? '', entries }));
        // As settle.ts does: counters are told with the write.
        journal.afterWrite(() => void counters.settle(result.hold, { tokens: input, nanoUsd }, plan), id);
        settled += 1;
      }
    };
    const doubter = async () => {
      while (isOn()) {
        await sleep((kind === 'embedded' ? 100 : 5) + Math.random() * 20);
        counters.recount((plans[Math.floor(Math.random() * plans.length)] as LimitPlan).counters);
      }
    };
    const folder = async () => {
      // Ahead of time, so that marks pass among the rows: nothing is settled late here.
      while (isOn()) {
        await foldForward(db, { organizationId, nowMs: Date.now() - 15 * 60_000, rowsMax: 2 });
        await sleep(40);
      }
    };
    await Promise.all([...Array.from({ length: 12 }, (_, at) => caller(at)), doubter(), folder()]);
    await sleep(20);
    const found = await Promise.all(plans.map((plan) => counters.read(plan.counters)));
    expect(counters.cold()).toBe(0);
    await writer.stop(20_000);
    expect(settled).toBeGreaterThan(settledMin);
    for (const [index, plan] of plans.entries()) {
      const keyId = plan.use?.keyId ?? '';
      const sums = async (where: string) => {
        const { rows } =
          await pool.query(`select coalesce(sum(total_tokens), 0)::float8 as tokens, coalesce(sum(nano_usd), 0)::float8 as nano_usd,
          count(*)::float8 as requests from ledger_entries where organization_id = '${organizationId}' ${where}`);
        return rows[0] as { tokens: number; nano_usd: number; requests: number };
      };
      const [ofKey, ofAll] = [await sums(`and key_id = '${keyId}'`), await sums('')];
      expect({ keyId, used: found[index]?.used, held: found[index]?.held }).toEqual({
        keyId,
        used: [ofAll.requests, ofAll.nano_usd, ofKey.tokens, ofKey.nano_usd, ofKey.nano_usd],
        held: [0, 0, 0, 0, 0],
      });
    }
  });

  // promise: An answer that comes after its askers gave up
  test('an answer that comes after its askers gave up fills the counter, and until then it is told as cold', async () => {
    const counter = countersOf('org_slow', 'UTC').find(({ window }) => window.is === 'calendar') as CounterSpec;
    const answer = Promise.withResolvers<readonly { atMs: number; amount: number }[]>();
    let questions = 0;
    const counters = createMemoryCounters({
      clock: systemClock,
      seedFrom: () => {
        questions += 1;
        return answer.promise;
      },
      patience: (answered) =>
        Promise.race([answered, sleep(20).then(() => Promise.reject(new StoreUnavailable('too late', '08006')))]),
    });
    await expect(counters.read([counter])).rejects.toThrow('too late');
    await expect(counters.read([counter])).rejects.toThrow('too late');
    expect([questions, counters.cold()]).toEqual([1, 1]);
    answer.resolve([{ atMs: 0, amount: 70 }]);
    await sleep(0);
    expect((await counters.read([counter])).used).toEqual([70]);
    expect([questions, counters.cold()]).toEqual([1, 0]);
  });
});

function countersOf(
  organizationId: string,
  timeZone: string,
  of: Pick<CounterSpec, 'scope' | 'scopeId'> = { scope: 'organization', scopeId: organizationId },
): readonly CounterSpec[] {
  const any = { is: 'any' } as const;
  const rest = { thresholdsPercent: [], action: 'block', clampOutput: false, match: any, amountNanoUsd: 1 } as const;
  const budgets = [
    { ...rest, id: 'month', period: { is: 'month', anchorDay: 1 } } as const,
    { ...rest, id: 'week', period: { is: 'week', anchorDay: 2 } } as const,
    { ...rest, id: 'total', period: { is: 'total' } } as const,
    { ...rest, id: 'rolling', period: { is: 'rolling', hours: 48 } } as const,
    { ...rest, id: 'one', period: { is: 'month', anchorDay: 1 }, match: { is: 'exact', name: 'gpt-5-nano' } } as const,
    {
      ...rest,
      id: 'some',
      period: { is: 'year', anchorMonth: 1, anchorDay: 1 },
      match: { is: 'prefix', prefix: 'gpt' },
    } as const,
  ];
  const policy = { rateLimits: { rpd: 1, tpd: 1, rph: 1 }, modelLimits: [], budgets };
  return rulesOfScope({ organizationId, ...of }, policy, timeZone, TEST_TIME_MS).counters;
}

/** A plan whose limits refuse nothing: calendar and rolling counters of the organization and of a key. */
function planOf(organizationId: string, keyId: string): LimitPlan {
  const month = {
    is: 'calendar',
    boundariesMs: [Date.now() - 20 * DAY_MS, Date.now() + 20 * DAY_MS].map((ms) => Math.floor(ms / DAY_MS) * DAY_MS),
  } as const;
  const rolling = { is: 'trailing', slotMs: 12 * HOUR_MS } as const;
  const of = (scope: 'organization' | 'key', unit: CounterSpec['unit'], window: CounterSpec['window']): CounterSpec => {
    const scopeId = scope === 'key' ? keyId : organizationId;
    return { name: `${scopeId}|${unit}|any|${window.is}`, organizationId, scope, scopeId, unit, match: { is: 'any' }, window };
  };
  const counters = [
    of('organization', 'requests', month),
    of('organization', 'nano_usd', month),
    of('key', 'tokens', month),
    of('key', 'nano_usd', month),
    of('key', 'nano_usd', rolling),
  ];
  const rules = counters.map(({ scope, scopeId, match, name: id }, counter) => ({
    ...{ id, scope, scopeId, limit: 'budget' as const, match, budgetId: null, value: Number.MAX_SAFE_INTEGER },
    ...{ action: 'block' as const, clampOutput: false, counter },
  }));
  const use = { teamId: 'team_1', memberId: null, keyId, calledName: 'gpt-5-nano' };
  return {
    organizationId,
    counters,
    rules,
    validUntilMs: Number.POSITIVE_INFINITY,
    shapeId: 'shape',
    use,
  } as unknown as LimitPlan;
}

function spanOf({ window }: CounterSpec): { fromMs: number; toMs: number } {
  if (window.is === 'calendar') return { fromMs: window.boundariesMs[0] as number, toMs: window.boundariesMs[1] as number };
  return { fromMs: TEST_TIME_MS - 48 * HOUR_MS, toMs: TEST_TIME_MS + HOUR_MS };
}

function total(points: readonly { readonly amount: number }[]): number {
  return points.reduce((sum, point) => sum + point.amount, 0);
}
