import { beforeEach, describe, expect, test } from 'vitest';
import type { Counters, HeldReport, SeedFrom } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { type CounterSpec, planLimits, rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import type { Announcer } from '../../src/jobs/alerts/announce.ts';
import { type ProofOptions, proofJob, repairJob } from '../../src/jobs/proof.ts';
import type { CountersHeld } from '../../src/jobs/prove-counters.ts';
import { listMany } from '../../src/store/tenancy/budgets.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const OURS: CountersHeld = { are: 'ours', barrier: (work) => work() };
const SHARED: CountersHeld = { are: 'shared' };

// promise: A proof job compares Σ ledger with counters and exposes the drift as a metric.
onOneDatabase('the proof', (given) => {
  const world = withAdmin(given);
  const told: object[] = [];
  const warned: object[] = [];
  const announcer: Announcer = { announce: async (_tx, { type, data }) => void told.push({ type, data }) };
  let counters: Counters;
  let organizationId: string;
  let repairs = 0;
  let holds: HeldReport = { held: 0, inFlight: 0, difference: 0 };

  beforeEach(async () => {
    const { clock, db } = world().deps;
    counters = createMemoryCounters({ clock, seedFrom: (counter, fromMs, toMs) => spendSince(db, counter, fromMs, toMs) });
    const budgets = [{ amount: '10.00', period: 'month', anchor_day: 1, action: 'block' }];
    ({ id: organizationId } = await makeOrganization(world().root, { budgets, rate_limits: { rpd: 1_000 } }));
    await spend(4_000_000_000);
    repairs = 0;
    told.length = 0;
    warned.length = 0;
    await given().db.execute('delete from ledger_drifts');
  });

  const spend = (nanoUsd: number) =>
    storeRecords(given(), [givenEnd({ organizationId, admittedAtMs: world().time.nowMs, entries: [givenEntry({ nanoUsd })] })]);
  const prove = (held: CountersHeld, more: Partial<ProofOptions> = {}) =>
    proofJob({
      counters,
      held,
      holds: () => holds,
      compareHeld: null,
      announcer,
      repair: async () => (repairs += 1),
      settleMs: 10,
      ...more,
    }).run({
      database: given(),
      clock: world().deps.clock,
      signal: new AbortController().signal,
      warn: (facts) => void warned.push(facts),
    });
  const repairAll = () =>
    repairJob({ logDaysMax: null }).run({
      database: given(),
      clock: world().deps.clock,
      signal: new AbortController().signal,
      warn: (facts) => void warned.push(facts),
    });
  async function budgetCounter(): Promise<CounterSpec> {
    const budgets = (await listMany(given().db, [organizationId], 'organization', [organizationId])).get(organizationId) ?? [];
    const scope = { organizationId, scope: 'organization', scopeId: organizationId } as const;
    return rulesOfScope(scope, { rateLimits: {}, modelLimits: [], budgets }, 'UTC', world().time.nowMs)
      .counters[0] as CounterSpec;
  }
  async function settled(): Promise<number> {
    const { used, held } = await counters.read([await budgetCounter()]);
    return (used[0] as number) - (held[0] as number);
  }
  const misstate = async (nanoUsd: number) => {
    await settled(); // From now on the counter knows its past.
    await counters.correct(await budgetCounter(), Date.UTC(2026, 2, 1), nanoUsd);
  };
  const drifts = async () => must(await world().root('GET', '/jobs/drifts')).data;

  describe.each([
    ['of counters of our own', OURS],
    ['of shared counters', SHARED],
  ])('%s', (_name, held) => {
    test('finds nothing where all agree, what is in flight included', async () => {
      const counter = await budgetCounter();
      const budgets = (await listMany(given().db, [organizationId], 'organization', [organizationId])).get(organizationId) ?? [];
      const scope = { rateLimits: {}, modelLimits: [], budgets: [] };
      const organization = { ...scope, id: organizationId, timeZone: 'UTC', budgets };
      const caller = { organization, team: { ...scope, id: 'team_x' }, member: null, key: { ...scope, id: 'key_x' } };
      const plan = planLimits(caller as never, 'any', new Set(), world().time.nowMs);
      const wanted = { tokens: 1, nanoUsd: 5_000_000, nanoUsdMin: 5_000_000 };
      expect((await counters.hold('req_1', plan, wanted)).admitted).toBe(true);
      expect((await counters.read([counter])).held[0]).toBe(5_000_000);
      expect(await prove(held)).toContain(': 0 counters corrected, 0 days');
      expect([await drifts(), told]).toEqual([[], []]);
    });

    // promise: The proof job corrects counters to the ledger, never the reverse.
    test('corrects what counts too little, at once, and tells of it', async () => {
      await misstate(1_000_000_000);
      expect(await prove(held)).toContain(': 1 counters corrected');
      expect(await settled()).toBe(4_000_000_000);
      expect(await drifts()).toMatchObject([
        {
          organization_id: organizationId,
          kind: 'counter',
          found: 1_000_000_000,
          ledger: 4_000_000_000,
          corrected_at: expect.any(String),
        },
      ]);
      expect(told).toEqual([{ type: 'ledger.drift', data: { counters: 1, rollup_days: 0 } }]);
      expect(await prove(held)).toContain(': 0 counters corrected');
    });
  });

  test.each([OURS, SHARED])('corrects what counts too much: $are', async (held) => {
    await misstate(9_000_000_000);
    await prove(held);
    expect(await settled()).toBe(4_000_000_000);
  });

  test('takes what a silent replica settled and has not stored for no drift of shared counters', async () => {
    const { clock, db } = world().deps;
    const unstored = [{ atMs: Date.UTC(2026, 2, 1), amount: 5_000_000_000 }];
    const seedFrom: SeedFrom = async (counter, fromMs, toMs) => [...(await spendSince(db, counter, fromMs, toMs)), ...unstored];
    counters = createMemoryCounters({ clock, seedFrom });
    expect(await settled()).toBe(9_000_000_000);
    expect(await prove(SHARED)).toContain(': 0 counters corrected');
    expect([await settled(), await drifts(), told]).toEqual([9_000_000_000, [], []]);
  });

  // promise: The proof job corrects counters to the ledger, never the reverse.
  test('never changes the ledger', async () => {
    const sums = async () =>
      (await given().db.execute('select sum(nano_usd)::text as sum, count(*)::text as rows from ledger_entries')).rows;
    const before = await sums();
    await misstate(1);
    await prove(OURS);
    expect(await sums()).toEqual(before);
  });

  test('adds up again what a replica of the version before left out of the units, without an alarm', async () => {
    const entries = [givenEntry({ usage: { input: 1, search: 2, cache_write_1h: 30 }, nanoUsd: 1, unpricedUnits: 'search' })];
    await storeRecords(given(), [givenEnd({ organizationId, admittedAtMs: world().time.nowMs, entries })]);
    const units = async () =>
      (await given().db.execute(`select * from unit_rollups where organization_id = '${organizationId}' order by unit`)).rows;
    const whole = await units();
    expect(whole).toMatchObject([
      { unit: 'cache_write_1h', uses: '1', quantity: '30', unpriced_quantity: '0' },
      { unit: 'search', uses: '1', quantity: '2', unpriced_quantity: '2' },
    ]);
    await given().db.execute(`delete from unit_rollups where organization_id = '${organizationId}' and unit = 'search'`);
    await given().db.execute(`update unit_rollups set quantity = quantity + 5 where organization_id = '${organizationId}'`);
    expect(await prove(OURS)).toContain('0 days of rollups differ, 2 sums of units corrected');
    expect(await units()).toEqual(whole);
    expect([await drifts(), told]).toEqual([[], []]);
    expect(await prove(OURS)).toContain('0 sums of units corrected');
  });

  // promise: It also compares what is *held* with what is in flight
  test('says what is held and what is in flight, and by how much they differ', async () => {
    holds = { held: 5, inFlight: 3, difference: 2 };
    expect(await prove(OURS)).toContain('Requests with a hold: 5, in flight: 3, difference: 2;');
    holds = { held: 0, inFlight: 0, difference: 0 };
    expect(await prove(OURS)).toContain('Requests with a hold: 0, in flight: 0, difference: 0;');
  });

  // promise: It also compares what is *held* with what is in flight
  test('has the slots compared of organizations and of what in them was used, and says how many were put right', async () => {
    const { root } = world();
    const rate_limits = { rpm: 100, max_parallel: 4 };
    const {
      organization: { id },
      team,
    } = await makeTeam(root, { rate_limits }, { rate_limits });
    const keys: string[] = [];
    for (const name of ['used', 'idle', 'without'])
      keys.push(must(await root('POST', '/keys', { team_id: team.id, name, ...(name === 'without' ? {} : { rate_limits }) })).id);
    const [used, idle, without] = keys as [string, string, string];
    const end = { organizationId: id, teamId: team.id, admittedAtMs: world().time.nowMs };
    await storeRecords(given(), [givenEnd({ ...end, keyId: used }), givenEnd({ ...end, keyId: without })]);
    const compared: CounterSpec[] = [];
    const compareHeld = async (counters: readonly CounterSpec[]) => {
      compared.push(...counters);
      return counters.filter(({ scopeId }) => scopeId === used).map((counter) => ({ counter, held: 2, inFlight: 1 }));
    };
    expect(await prove(SHARED, { compareHeld })).toContain('; 1 counters of requests in flight corrected.');
    expect(compared.every(({ window }) => window.is === 'now')).toBe(true);
    expect(new Set(compared.map(({ scopeId }) => scopeId))).toEqual(new Set([id, team.id, used]));
    expect([idle, without].some((key) => compared.some(({ scopeId }) => scopeId === key))).toBe(false);
  });

  test('sees rollups that do not add up to the ledger, has them repaired, and is content afterwards', async () => {
    await given().db.execute(
      `update rollups set spend_nano_usd = spend_nano_usd + 5 where organization_id = '${organizationId}'`,
    );
    expect(await prove(OURS)).toContain('1 days of rollups differ');
    expect([repairs, told]).toEqual([1, [{ type: 'ledger.drift', data: { counters: 0, rollup_days: 1 } }]]);
    expect(await drifts()).toMatchObject([{ kind: 'rollups', found: 4_000_000_005, ledger: 4_000_000_000, corrected_at: null }]);
    await repairAll();
    expect(await drifts()).toMatchObject([{ kind: 'rollups', corrected_at: expect.any(String) }]);
    expect(await prove(OURS)).toContain('0 days of rollups differ');
  });

  test('notes a drift under the day on which it was used, also when it is found after midnight', async () => {
    const { time } = world();
    const noonMs = time.nowMs;
    const ofRollups = async () => (await drifts()).filter(({ kind }: { kind: string }) => kind === 'rollups');
    const breakRollups = (nanoUsd: number) =>
      given().db.execute(
        `update rollups set spend_nano_usd = spend_nano_usd + 5 where organization_id = '${organizationId}' and spend_nano_usd = ${nanoUsd}`,
      );
    try {
      time.nowMs = noonMs + 11.5 * HOUR_MS;
      await spend(1_000);
      await breakRollups(1_000);
      time.nowMs += HOUR_MS;
      expect(await prove(OURS)).toContain('1 days of rollups differ');
      const yesterday = { kind: 'rollups', subject: '2026-03-10', found: 1_005, ledger: 1_000, corrected_at: null };
      expect(await ofRollups()).toMatchObject([yesterday]);
      expect(await prove(OURS)).toContain('0 days of rollups differ');
      await spend(2_000);
      await breakRollups(2_000);
      expect(await prove(OURS)).toContain('1 days of rollups differ');
      expect(await ofRollups()).toMatchObject([{ subject: '2026-03-11', found: 2_005, ledger: 2_000 }, yesterday]);
      await repairAll();
      expect((await ofRollups()).map((one: { corrected_at: string | null }) => one.corrected_at)).not.toContain(null);
    } finally {
      time.nowMs = noonMs;
    }
  });

  describe('beside an organization whose ledger was changed to amounts that nothing can hold', () => {
    const MOST = '9223372036854775807';
    let damagedId: string;
    let healthyId: string;

    beforeEach(async () => {
      healthyId = organizationId;
      // Damaged rows of other tests would be passed over too.
      await given().db.execute(
        'truncate request_records, ledger_records, rollups, team_rollups, organization_days, platform_rollups, unit_rollups, standing_changes',
      );
      await spend(4_000_000_000);
      ({ id: damagedId } = await makeOrganization(world().root, {}));
      const entries = [givenEntry({ usage: { input: 1, search: 2 }, nanoUsd: 1_000 })];
      const end = { organizationId: damagedId, admittedAtMs: world().time.nowMs, entries };
      await storeRecords(given(), [givenEnd(end), givenEnd(end), givenEnd(end)]);
      await given().db.execute(
        `update ledger_records set nano_usd = ${MOST}, total_tokens = ${MOST} where organization_id = short_id('org', '${damagedId}')`,
      );
    });

    const sumOf = async (id: string) =>
      (await given().db.execute(`select sum(spend_nano_usd)::text as sum from rollups where organization_id = '${id}'`)).rows[0];
    const platformSum = async () =>
      (await given().db.execute('select sum(spend_nano_usd)::text as sum from platform_rollups')).rows[0]?.sum;

    test('the proof corrects the counters of the healthy one', async () => {
      await misstate(1_000_000_000);
      expect(await prove(OURS)).toContain(': 1 counters corrected, 1 days of rollups differ');
      expect(await settled()).toBe(4_000_000_000);
    });

    test('the proof notes the drifts of both', async () => {
      await given().db.execute(`update rollups set spend_nano_usd = spend_nano_usd + 5 where organization_id = '${healthyId}'`);
      expect(await prove(OURS)).toContain('1 days of rollups differ');
      const noted = await drifts();
      expect(noted).toHaveLength(2);
      expect(noted).toContainEqual(
        expect.objectContaining({ organization_id: damagedId, kind: 'rollups', found: 3_000, ledger: Number.MAX_SAFE_INTEGER }),
      );
      expect(noted).toContainEqual(
        expect.objectContaining({ organization_id: healthyId, kind: 'rollups', found: 4_000_000_005, ledger: 4_000_000_000 }),
      );
    });

    test('negative amounts are held too', async () => {
      await given().db.execute(
        `update ledger_records set nano_usd = -${MOST} where organization_id = short_id('org', '${damagedId}')`,
      );
      await prove(OURS);
      expect(await drifts()).toMatchObject([{ organization_id: damagedId, ledger: Number.MIN_SAFE_INTEGER }]);
    });

    test('units that no sum can hold are passed over and named, and those of the healthy one put right', async () => {
      const entries = [givenEntry({ usage: { input: 1, search: 2 }, nanoUsd: 1 })];
      await storeRecords(given(), [givenEnd({ organizationId: healthyId, admittedAtMs: world().time.nowMs, entries })]);
      await given().db.execute(
        `update ledger_records set other_usage = '{"search": ${MOST}}' where organization_id = short_id('org', '${damagedId}')`,
      );
      await given().db.execute(`delete from unit_rollups where organization_id = '${healthyId}'`);
      const summary = await prove(OURS);
      expect(summary).toContain('1 sums of units corrected');
      expect(summary).toMatch(new RegExp(`Skipped because of damaged rows: ${damagedId}\\.$`));
      expect(warned).toEqual([{ passed_over: [damagedId], count: 1 }]);
    });

    test('the repair passes it over, names it, and puts the healthy one right', async () => {
      await given().db.execute(`update rollups set spend_nano_usd = spend_nano_usd + 5 where organization_id = '${healthyId}'`);
      await prove(OURS);
      const before = await platformSum();
      expect(await repairAll()).toMatch(new RegExp(`1 rows corrected\\. Skipped because of damaged rows: ${damagedId}\\.$`));
      expect(warned).toEqual([{ passed_over: [damagedId], count: 1 }]);
      expect([await sumOf(healthyId), await sumOf(damagedId)]).toEqual([{ sum: '4000000000' }, { sum: '3000' }]);
      expect(BigInt(before as string) - BigInt((await platformSum()) as string)).toBe(5n);
      // What was not put right stays open.
      const open = (await drifts()).filter((one: { corrected_at: string | null }) => one.corrected_at === null);
      expect(open).toMatchObject([{ organization_id: damagedId }]);
    });

    // One row alone fits a bigint, and would leave the sums of the whole installation no room for others.
    test('the repair does not carry an amount that nobody used into the sums of the whole installation', async () => {
      await given().db.execute(
        `update ledger_records set nano_usd = 0, total_tokens = 0 where organization_id = short_id('org', '${damagedId}')`,
      );
      await given().db.execute(`update ledger_records set nano_usd = ${MOST} where organization_id = short_id('org', '${damagedId}') and request_id =
        (select short_id('req', min(request_id)) from ledger_entries where organization_id = '${damagedId}')`);
      expect(await repairAll()).toContain(`Skipped because of damaged rows: ${damagedId}.`);
      expect(await sumOf(damagedId)).toEqual({ sum: '3000' });
      await spend(7);
      expect(await sumOf(healthyId)).toEqual({ sum: '4000000007' });
    });

    test('hours, days and the sums of the installation are put right beside rollups that no hour can hold', async () => {
      // As after changes by hand, past the triggers.
      await given().pool.query(`set session_replication_role = replica;
        update rollups set spend_nano_usd = ${MOST} where organization_id = '${damagedId}';
        update team_rollups set spend_nano_usd = spend_nano_usd + 5 where organization_id = '${healthyId}';
        set session_replication_role = default`);
      expect(await repairAll()).toContain(damagedId);
      const { rows } = await given().db.execute(
        `select sum(spend_nano_usd)::text as sum from team_rollups where organization_id = '${healthyId}'`,
      );
      expect(rows).toEqual([{ sum: '4000000000' }]);
    });
  });
});
