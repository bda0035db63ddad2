/** The jobs that fold: what is an hour old, what was there before, what does not add up; and what an operator sees of them. */
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { fillJob, foldJob, foldProofJob } from '../../src/jobs/fold.ts';
import type { Job } from '../../src/jobs/job.ts';
import { keepReadings } from '../../src/jobs/readings.ts';
import { STORE_LINES } from '../../src/ledger/ledger-statement.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { requestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { addJobs } from '../../src/observe/job-metrics.ts';
import { MetricFamilies } from '../../src/observe/metric-families.ts';
import { foldLag } from '../../src/store/folds/fold-proof.ts';
import { foldForward } from '../../src/store/folds/folds.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { asFolded, foldedSums, marksOf } from '../../src/store/past/folded-past.ts';
import { organizations } from '../../src/store/schema.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { openTestJournal, temporaryDirectory } from '../support/journals.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { until } from './support.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ALL_TIME = { fromMs: 0, toMs: 8_640_000_000_000_000 };

onOneDatabase('folds', (given) => {
  beforeEach(async () => {
    await given().pool.query(
      `truncate request_records, ledger_records, rollups, team_rollups, organization_days, platform_rollups, scope_days, scope_months, scope_marks, organizations cascade`,
    );
    await make('org_1', 'Europe/Paris');
    await make('org_2', 'Asia/Kathmandu');
  });

  const make = (id: string, timeZone: string) => given().db.insert(organizations).values({ id, slug: id, name: id, timeZone });
  const warned: object[] = [];
  const run = (job: Job) =>
    job.run({
      database: given(),
      clock: systemClock,
      signal: new AbortController().signal,
      warn: (facts) => void warned.push(facts),
    });
  const use = (organizationId: string, agoMs: number, nanoUsd: number) =>
    givenEnd({ organizationId, admittedAtMs: Date.now() - agoMs, entries: [givenEntry({ nanoUsd })] });
  const fills = async () => {
    for (let runs = 0; runs < 20; runs += 1) if ((await run(fillJob())).includes('None remain')) return;
    throw new Error('the fill does not end');
  };

  /** What the organization's total budget would read, and from how many rows. */
  async function total(organizationId: string) {
    const mark = (await marksOf(given().db, [organizationId])).get(organizationId) ?? null;
    const window = { is: 'calendar', boundariesMs: [] } as const;
    const any = { is: 'any' } as const;
    const scope = { organizationId, scope: 'organization', scopeId: organizationId } as const;
    const counter = { ...scope, unit: 'nano_usd', match: any, window } as const;
    const folded = asFolded({ counter, ...ALL_TIME }, mark);
    return folded === null ? null : ((await foldedSums(given().db, [folded])).sums[0] ?? null);
  }

  test('an installation that was there before is folded, the newest first, until a total is a few rows', async () => {
    const spread = Array.from({ length: 60 }, (_, index) => use('org_1', index * 6 * DAY_MS + 3 * HOUR_MS, 10));
    await storeRecords(given(), [...spread, use('org_2', 2 * HOUR_MS, 7)]);
    expect(await total('org_1')).toBeNull();
    expect(await run(foldJob())).toContain('Updated the totals of 2 organizations');
    expect(await foldLag(given().db)).toEqual({ behindMs: 0, unfilled: expect.any(Number) });
    await fills();
    expect(await foldLag(given().db)).toEqual({ behindMs: 0, unfilled: 0 });
    const [one, other] = [await total('org_1'), await total('org_2')];
    expect([one?.amount, other?.amount]).toEqual([600, 7]);
    expect(one?.rows).toBeLessThanOrEqual(14);
    expect(await run(foldProofJob())).toBe('Compared 2 organizations; the totals of 0 are computed again.');
    // Nothing is left to do, and doing it again changes nothing.
    expect(await run(foldJob())).toContain('Updated the totals of 0 organizations; corrected days of 0.');
    expect((await total('org_1'))?.amount).toBe(600);
  });

  test('another time zone is folded anew by the next run; until then and meanwhile its past is right', async () => {
    await storeRecords(
      given(),
      [5, 20, 30, 300, 900].map((hours) => use('org_1', hours * HOUR_MS, 10)),
    );
    await run(foldJob());
    await fills();
    const days = async () =>
      (await given().pool.query(`select count(*)::integer as days, count(distinct fold)::integer as folds from scope_days`))
        .rows[0];
    const before = await days();
    await given().pool.query(`update organizations set time_zone = 'Pacific/Apia' where id = 'org_1'`);
    expect((await total('org_1'))?.amount).toBe(50);
    expect(await run(foldJob())).toContain('Updated the totals of 1 organizations');
    expect((await marksOf(given().db, ['org_1'])).get('org_1')).toMatchObject({ fold: 2, timeZone: 'Pacific/Apia' });
    await fills();
    expect((await total('org_1'))?.amount).toBe(50);
    expect((await days()).folds).toBe(before.folds);
  });

  test('rows that the ledger writer stores late are in the days at once, and those of a version without marks by the next fold', async () => {
    const { db, kind, pool } = given();
    await storeRecords(
      given(),
      [30, 50].map((hours) => use('org_1', hours * HOUR_MS, 10)),
    );
    await run(foldJob());
    await fills();
    const directory = temporaryDirectory();
    const { journal } = await openTestJournal(directory);
    const writer = createLedgerWriter({
      ...{ database: given(), partitions: newPartitions(db, kind), source: journal, clock: systemClock },
      ...{ rejectsPath: join(directory, 'rejected.log'), onEvent: () => {}, everyMs: 5 },
    });
    for (const hours of [0, 2, 20, 40]) journal.end(use('org_1', hours * HOUR_MS, 100));
    await writer.stop(20_000);
    expect((await total('org_1'))?.amount).toBe(420);
    // As by a statement that knows no marks.
    await pool.query(STORE_LINES, [endLine(use('org_1', 26 * HOUR_MS, 1_000)).trimEnd()]);
    expect((await total('org_1'))?.amount).toBe(420);
    expect(await run(foldJob())).toContain('corrected days of 1.');
    expect((await total('org_1'))?.amount).toBe(1_420);
    const { rows } = await pool.query(
      `select sum(nano_usd)::float8 as spent from scope_days where scope = 'k' and called_name = ''`,
    );
    expect(rows[0].spent).toBeGreaterThanOrEqual(1_320);
  });

  test('an organization whose sums no day can hold is passed over, and all others are folded', async () => {
    // Rows of the rollups in one quarter of an hour, so that they are in one day and month whenever this runs.
    const used = ['org_1', 'org_2'].flatMap((id) =>
      [3 * HOUR_MS, 60 * DAY_MS].flatMap((agoMs) => {
        const end = use(id, agoMs, 10);
        return ['key_1', 'key_2', 'key_3'].map((keyId) => givenEnd({ ...end, keyId, requestId: requestId(end.admittedAtMs) }));
      }),
    );
    await storeRecords(given(), used);
    const most = '9223372036854775807';
    // The sums above it fall out as they do for somebody who changes rows by hand in one table.
    await given().pool.query(`set session_replication_role = replica;
      update rollups set spend_nano_usd = ${most} where organization_id = 'org_1'; set session_replication_role = default`);
    warned.length = 0;
    expect(await run(foldJob())).toBe(
      'Updated the totals of 1 organizations; corrected days of 0. Skipped because of damaged rows: org_1.',
    );
    expect(warned).toEqual([{ passed_over: ['org_1'], count: 1 }]);
    // It is folded no further than before, so its past is read from quarters.
    expect((await marksOf(given().db, ['org_1'])).get('org_1')?.fold ?? 0).toBe(0);
    await fills();
    expect((await total('org_2'))?.amount).toBe(60);
    // Damaged after it was folded: whoever was folded least is filled first, and is passed over.
    await given().pool.query(`set session_replication_role = replica;
      update rollups set spend_nano_usd = 10 where organization_id = 'org_1' and bucket_start > now() - interval '2 days';
      set session_replication_role = default`);
    expect(await run(foldJob())).toContain('Updated the totals of 1 organizations; corrected days of 0.');
    await make('org_0', 'UTC');
    await storeRecords(given(), [use('org_0', 90 * DAY_MS, 10), use('org_0', 3 * HOUR_MS, 10)]);
    await run(foldJob());
    expect(await run(fillJob())).toMatch(/None remain for other organizations\. .* Skipped because of damaged rows: org_1\.$/);
    expect((await total('org_0'))?.amount).toBe(20);
    await given().pool.query(`update scope_months set nano_usd = nano_usd + 1 where organization_id = 'org_2'`);
    expect(await run(foldProofJob())).toContain('the totals of 1 are computed again.');
  });

  test('what waits too long to be folded is told to metrics', async () => {
    const { db } = given();
    await storeRecords(given(), [use('org_1', 9 * HOUR_MS, 10), use('org_1', 5 * HOUR_MS, 10), use('org_1', 90 * DAY_MS, 10)]);
    await foldForward(db, { organizationId: 'org_1', nowMs: Date.now() - 6 * HOUR_MS });
    const readings = keepReadings({ db, clock: systemClock, jobs: [] });
    try {
      await until(() => readings.read().folds.behindMs > 0);
      const families = new MetricFamilies();
      addJobs(families, readings.read());
      const text = await families.registry.metrics();
      const [, behind] = /^headgate_folds_behind_seconds (\S+)$/m.exec(text) ?? [];
      expect(Number(behind)).toBeGreaterThan(3_600);
      expect(Number(behind)).toBeLessThan(5 * 3_600);
      expect(text).toMatch(/^headgate_folds_unfilled 1$/m);
    } finally {
      readings.stop();
    }
  });
});
