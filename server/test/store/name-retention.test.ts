/** The time for which names of callers stay: sums by end user and session, and the lists that bound names. */
import { expect, test } from 'vitest';
import { organizations } from '../../src/store/schema.ts';
import { dropNamedSums, dropPastNames } from '../../src/store/usage/name-retention.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, TEST_TIME_MS } from '../support/records.ts';

const DAY_MS = 86_400_000;

onEveryDatabase('names of callers', (given) => {
  const named = (organizationId: string, daysAgo: number) =>
    givenEnd({
      ...{ organizationId, admittedAtMs: TEST_TIME_MS - daysAgo * DAY_MS, tags: ['research'], tagRoute: '1.' },
      attribution: { endUser: `user ${daysAgo}`, session: `session ${daysAgo}`, client: 'curl' },
      entries: [givenEntry({ nanoUsd: 1_000 })],
    });
  const all = async (drop: () => Promise<number>) => {
    let total = 0;
    for (let gone = await drop(); gone > 0; gone = await drop()) total += gone;
    return total;
  };

  test('stay as long as the rows of requests, but at least for 35 days, and sums without names for good', async () => {
    const { db, pool } = given();
    const ids = ['org_short', 'org_long', 'org_ever'];
    const days = [10, 50, null];
    for (const [index, id] of ids.entries())
      await db.insert(organizations).values({ id, slug: id, name: id, eventRetentionDays: days[index] ?? null });
    await storeRecords(
      given(),
      ids.flatMap((id) => [1, 34, 36, 49, 51, 400].map((ago) => named(id, ago))),
    );
    const left = async () => {
      const { rows } = await pool.query(
        `select organization_id, kind, count(*)::int as rows from attribution_rollups group by 1, 2 order by 1, 2`,
      );
      return Object.fromEntries(rows.map(({ organization_id, kind, rows: count }) => [`${organization_id} ${kind}`, count]));
    };
    const sums = async () => (await pool.query('select sum(spend_nano_usd)::int as spend from rollups')).rows;
    const [before, spent] = [await left(), await sums()];
    const at = new Date(TEST_TIME_MS);
    // Two rows at a time, as the job takes some thousands.
    expect(await all(() => dropNamedSums(db, { at, logDaysMax: null }, 2))).toBe(2 * (4 + 2));
    const clients = { 'org_short client': 6, 'org_long client': 6, 'org_ever client': 6 };
    expect(await left()).toEqual({
      ...before,
      ...clients,
      ...{ 'org_short end_user': 2, 'org_short session': 2, 'org_long end_user': 4, 'org_long session': 4 },
    });
    expect(await left()).toMatchObject({ 'org_ever end_user': 6, 'org_ever session': 6 });
    expect(await sums()).toEqual(spent);
    // The installation's limit counts for all.
    expect(await all(() => dropNamedSums(db, { at, logDaysMax: 40 }, 100))).toBe(2 * (1 + 3));
    expect((await pool.query('select count(*)::int as tags from tag_rollups where tag <> $1', [''])).rows).toEqual([
      { tags: 18 },
    ]);
  });

  test('of a day or month long past bound nothing, and their lists go', async () => {
    const { db, pool } = given();
    await storeRecords(given(), [named('org_names', 0), named('org_names', 39), named('org_names', 60), named('org_names', 400)]);
    const kinds = async (table: string) => {
      const { rows } = await pool.query(
        `select kind, count(*)::int as rows from ${table} where organization_id = 'org_names' group by 1`,
      );
      return Object.fromEntries(rows.map(({ kind, rows: count }) => [kind, count]));
    };
    await all(() => dropPastNames(db, new Date(TEST_TIME_MS), 3));
    // The month of 60 days ago ended less than 40 days before its names may go.
    for (const table of ['usage_names', 'usage_name_counts'])
      expect(await kinds(table)).toMatchObject({ end_user: 2, session: 2 });
    expect((await kinds('usage_name_counts')).tag).toBeGreaterThanOrEqual(2);
  });
});
