/** Usage by what callers name: stored once, and bounded in number, whoever stores it. */
import { beforeEach, expect, test } from 'vitest';
import { NAMES_MAX } from '../src/domain/usage/attribution.ts';
import { STORE_STATEMENTS, statementFor } from '../src/ledger/ledger-statement.ts';
import { endLine } from '../src/ledger/lines.ts';
import type { EndRecord } from '../src/ledger/records.ts';
import { requestId } from '../src/lib/id.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { onEveryDatabase } from './support/database.ts';
import { givenEnd, givenEntry, givenRefusal, TEST_TIME_MS } from './support/records.ts';

const DAY_MS = 86_400_000;

onEveryDatabase('usage by names', (given, kind) => {
  const query = async (text: string) => (await given().pool.query(text)).rows;
  const store = async (records: readonly EndRecord[]) => {
    const lines = Buffer.from(records.map(endLine).join('').slice(0, -1));
    await given().pool.query(statementFor(lines, STORE_STATEMENTS), [lines]);
  };
  const at = (admittedAtMs: number, more: Partial<EndRecord>) =>
    givenEnd({ admittedAtMs, requestId: requestId(admittedAtMs), ...more });
  const tagged = (tag: string, admittedAtMs = TEST_TIME_MS) => at(admittedAtMs, { tags: [tag], tagRoute: '1.' });

  beforeEach(async () => {
    await newPartitions(given().db, kind).ensure([TEST_TIME_MS, TEST_TIME_MS + 31 * DAY_MS]);
    await query(
      `truncate request_records, ledger_records, rollups, tag_rollups, attribution_rollups, usage_names, usage_name_counts`,
    );
  });

  test('a request counts once under its end user, its session and its client, however often it is stored', async () => {
    const origin = { endUser: 'Łucja', session: 's1', client: 'codex' } as const;
    const records = [
      at(TEST_TIME_MS, { attribution: origin }),
      at(TEST_TIME_MS, { attribution: { ...origin, session: null }, entries: [givenEntry({ usage: { input: 1, search: 2 } })] }),
      at(TEST_TIME_MS, { attribution: { endUser: null, session: 's1', client: null }, tags: ['eu'], tagRoute: '1.' }),
      givenRefusal({ attribution: { endUser: 'Łucja', session: null, client: null }, count: 3 }),
      at(TEST_TIME_MS, {}),
    ];
    for (const _ of [1, 2]) await store(records);
    for (const record of records) await store([record]);
    expect(await query('select end_user, session, client from requests order by request_id')).toEqual(
      records
        .toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1))
        .map(({ attribution }) => ({
          end_user: attribution?.endUser,
          session: attribution?.session,
          client: attribution?.client,
        })),
    );
    const rows =
      await query(`select kind, name, client, unit, requests::int, refused_requests::int as refused, spend_nano_usd::int as spend,
      quantity::int from attribution_rollups order by kind, name, client, unit, requests desc`);
    const row = (kind: string, name: string, client: string, requests: number, more = {}) => ({
      ...{ kind, name, client, unit: '', requests, refused: 0, spend: requests * 1_000, quantity: 0 },
      ...more,
    });
    const search = { unit: 'search', quantity: 2 };
    expect(rows).toEqual([
      row('client', '', 'codex', 2),
      row('client', '', 'codex', 0, search),
      row('end_user', 'Łucja', '', 0, { refused: 3 }),
      row('end_user', 'Łucja', 'codex', 2),
      row('end_user', 'Łucja', 'codex', 0, search),
      row('session', 's1', '', 1),
      row('session', 's1', 'codex', 1),
    ]);
    expect(await query('select kind, name from usage_names order by 1, 2')).toEqual([
      { kind: 'end_user', name: 'Łucja' },
      { kind: 'session', name: 's1' },
      { kind: 'tag', name: 'eu' },
    ]);
  });

  // promise: Of one organization, 500 tags of a calendar month
  test('of tags beyond the bound of a month counts as other, and the rows keep them; the next month begins anew', async () => {
    const { names } = NAMES_MAX.tag;
    const tag = (index: number) => `t${String(index).padStart(4, '0')}`;
    await store(Array.from({ length: names - 1 }, (_, index) => tagged(tag(index))));
    await store([tagged(tag(9_001)), tagged(tag(9_002)), tagged(tag(9_003)), tagged(tag(0))]);
    await store([tagged(tag(9_002)), at(TEST_TIME_MS, { tags: [tag(9_004), tag(9_005), tag(1)], tagRoute: '3.' })]);
    await store([tagged(tag(9_005), TEST_TIME_MS + 31 * DAY_MS)]);
    const sums = await query(`select tag, sum(requests)::int as requests, sum(spend_nano_usd)::int as spend from tag_rollups
      where bucket_start < '2025-12-01' group by 1 order by 1`);
    expect(sums).toHaveLength(names + 2);
    const sumOf = (wanted: string) => sums.find((row) => row.tag === wanted);
    expect(sumOf('other')).toEqual({ tag: 'other', requests: 4, spend: 4_000 });
    expect(sumOf(tag(9_001))).toMatchObject({ requests: 1 });
    expect(sumOf(tag(0))).toMatchObject({ requests: 2 });
    expect(sumOf('')).toMatchObject({ requests: names + 5 });
    expect(await query("select distinct tag from tag_rollups where bucket_start > '2025-12-01' order by 1")).toEqual([
      { tag: '' },
      { tag: tag(9_005) },
    ]);
    expect(await query("select count(*)::int as kept from requests where tags && array['t9002', 't9003']")).toEqual([
      { kept: 3 },
    ]);
    expect(await query('select names from usage_name_counts order by period')).toEqual([{ names }, { names: 1 }]);
  });

  // The embedded database has one session, so no two replicas store at once.
  if (kind === 'postgresql')
    test('stays within the bound when replicas store at once, and sums are those of the ledger', async () => {
      const batches = Array.from({ length: 12 }, (_, batch) =>
        Array.from({ length: 100 }, (_, index) => tagged(`t${batch % 6}-${index}`)),
      );
      await Promise.all(batches.map(store));
      const [names] = await query("select count(*)::int as names from usage_names where kind = 'tag'");
      const [tags] = await query(
        "select count(distinct tag)::int as tags, sum(spend_nano_usd)::int as spend from tag_rollups where tag <> ''",
      );
      const [owed] = await query('select sum(nano_usd)::int as spend from ledger_entries');
      expect(names.names).toBeLessThanOrEqual(NAMES_MAX.tag.names);
      expect(tags.tags).toBeLessThanOrEqual(NAMES_MAX.tag.names + 1);
      expect([tags.spend, owed.spend]).toEqual([1_200_000, 1_200_000]);
    });
});
