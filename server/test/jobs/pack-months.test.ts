/** The indexes of months that are over become smaller, and find the same rows. */
import { describe, expect, test } from 'vitest';
import { packMonthsJob } from '../../src/jobs/months/pack-months.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { hasPostgres, withDatabase } from '../support/database.ts';
import { givenEnd } from '../support/records.ts';

describe.skipIf(!hasPostgres())('packing months', () => {
  const given = withDatabase('postgresql');
  const run = () =>
    packMonthsJob().run({ database: given(), clock: systemClock, signal: new AbortController().signal, warn: () => {} });

  test('rebuilds the indexes of a month once, drops what an interrupted run left, and leaves the present month alone', async () => {
    const over = Date.UTC(2025, 3, 2);
    const keys = ['key_01', 'key_02', 'key_03'];
    const records = Array.from({ length: 3_000 }, (_, number) =>
      givenEnd({ admittedAtMs: over + number * 1_000, keyId: keys[(number * 7) % 3] as string }),
    );
    await storeRecords(given(), [...records, givenEnd({ admittedAtMs: Date.now() })]);
    const { pool } = given();
    const bytes = async () => Number((await pool.query("select pg_indexes_size('request_records_2025_04') as n")).rows[0].n);
    await pool.query('create index left_over on request_records_2025_04 (status)');
    await pool.query("update pg_index set indisvalid = false where indexrelid = 'left_over'::regclass");
    const before = await bytes();
    expect(await run()).toMatch(/^Packed 2 months of log and ledger: \d+ MB less\.$/);
    expect(await bytes()).toBeLessThan(before);
    expect((await pool.query("select to_regclass('left_over') as name")).rows).toEqual([{ name: null }]);
    expect(
      (await pool.query("select count(*)::int as n from requests where key_id = 'key_02' and admitted_at < '2025-05-01'")).rows,
    ).toEqual([{ n: 1_000 }]);
    await storeRecords(given(), [givenEnd({ admittedAtMs: over })]);
    expect(await run()).toBe('Packed 0 months of log and ledger: 0 MB less.');
  });
});
