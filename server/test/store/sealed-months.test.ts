/** Closed months of the ledger: sealed once, later entries in rows of their own, and every change of an entry found. */
import { expect, test } from 'vitest';
import { sealMonthsJob } from '../../src/jobs/months/seal-months.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { provenSeals } from '../../src/store/sealed/sealed-months.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';

onEveryDatabase('sealed months', (given) => {
  const warned: object[] = [];
  /** The database says when an entry was stored, so the job has the same clock. */
  const run = () =>
    sealMonthsJob().run({
      database: given(),
      clock: systemClock,
      signal: new AbortController().signal,
      warn: (facts) => void warned.push(facts),
    });
  const now = new Date();
  const monthsAgo = (months: number, day = 2) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, day);
  const store = (months: number, nanoUsd: number, organizationId = 'org_01') =>
    storeRecords(given(), [
      givenEnd({
        organizationId,
        admittedAtMs: monthsAgo(months),
        entries: [givenEntry({ nanoUsd }), givenEntry({ attempt: 2, nanoUsd })],
      }),
    ]);
  const execute = async (statement: string) => (await given().db.execute<Record<string, unknown>>(statement)).rows;
  const seals = () =>
    execute(
      'select organization_id as organization, seal, entries::int as entries, nano_usd::int as nano from sealed_months order by 1, month, seal',
    );
  const wrong = async () => {
    const found = [];
    for await (const { sealed, isSame } of provenSeals(given().db)) if (!isSame) found.push([sealed.organizationId, sealed.seal]);
    return found;
  };
  /** As if the entries of these amounts had been stored that long ago. */
  const age = (hours: number, amounts: string) =>
    execute(`update ledger_records set created_at = created_at - interval '${hours} hours' where nano_usd in (${amounts})`);

  test('each organization’s closed month is sealed once; later entries are sealed alone; changes are found', async () => {
    await store(3, 5);
    await store(4, 7);
    await store(2, 11);
    await storeRecords(given(), [givenRefusal({ organizationId: 'org_02', admittedAtMs: monthsAgo(3) })]);
    await age(3, '5, 7, 11');
    expect(await run()).toBe('Sealed 2 months with 4 entries. 0 sealed months differ from the rollups.');
    const first = [
      { organization: 'org_01', seal: 1, entries: 2, nano: 14 },
      { organization: 'org_01', seal: 1, entries: 2, nano: 10 },
      { organization: 'org_02', seal: 1, entries: 0, nano: 0 },
    ];
    expect(await seals()).toEqual(first);
    expect(await run()).toBe('Sealed 0 months with 0 entries. 0 sealed months differ from the rollups.');
    expect(await wrong()).toEqual([]);

    // A late entry is sealed when every transaction that could have stored one beside it has ended.
    await store(3, 100);
    expect(await run()).toBe('Sealed 0 months with 0 entries. 1 sealed months differ from the rollups.');
    expect(warned).toHaveLength(1);
    await execute("update sealed_months set through = through - interval '2 hours'");
    await age(2, '100');
    expect(await run()).toBe('Sealed 1 months with 2 entries. 0 sealed months differ from the rollups.');
    expect(await seals()).toContainEqual({ organization: 'org_01', seal: 2, entries: 2, nano: 200 });
    expect(await wrong()).toEqual([]);

    const where = `where nano_usd = 7 and attempt = 1`;
    await execute(`update ledger_records set upstream_model = 'other' ${where}`);
    expect(await wrong()).toEqual([['org_01', 1]]);
    await execute(`update ledger_records set upstream_model = 'gpt-5-nano' ${where}`);
    expect(await wrong()).toEqual([]);
    await execute(`delete from ledger_records ${where}`);
    expect(await wrong()).toEqual([['org_01', 1]]);
  });
});
