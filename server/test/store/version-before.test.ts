/** The version before, by its recorded statement, stores requests beside this one: each request once, and readers see all. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { STORE_LINES, STORE_STATEMENTS } from '../../src/ledger/ledger-statement.ts';
import { endLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { newId, requestId } from '../../src/lib/id.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { findLedgerRows, findRequest, listRequests } from '../../src/store/usage/request-log.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal, TEST_TIME_MS } from '../support/records.ts';

const recorded = (name: string) => readFileSync(new URL(`../recorded/version-before/${name}.sql`, import.meta.url), 'utf8');
const BEFORE = { plain: recorded('store-lines'), tagged: recorded('store-tagged-lines') };
const NOW = { plain: STORE_LINES, tagged: STORE_STATEMENTS.tagged };
type Version = typeof NOW;

const caller = {
  organizationId: newId('org'),
  teamId: newId('team'),
  keyId: newId('key'),
  memberId: newId('mem'),
  serviceAccountId: null,
};

function ended(over: Partial<EndRecord> = {}): EndRecord {
  const entries = [givenEntry({ usage: { input: 3, output: 5, audio_input: 2 }, nanoUsd: 40 })];
  return givenEnd({ ...caller, deploymentId: 'dep_01', entries, ...over });
}

onEveryDatabase('rows of the version before', (given, kind) => {
  const query = async (text: string) => (await given().pool.query(text)).rows;
  const store = async (version: Version, records: readonly EndRecord[], client: Pick<PoolClient, 'query'> = given().pool) => {
    const text = records.some(({ tagRoute }) => tagRoute) ? version.tagged : version.plain;
    const { rows } = await client.query(text, [records.map(endLine).join('').slice(0, -1)]);
    return Number(rows[0]?.stored);
  };
  /** Stores rows as they were before the upgrade, when there was no trigger. */
  const storeBeforeUpgrade = async (records: readonly EndRecord[]) => {
    await query('alter table request_log disable trigger user; alter table ledger disable trigger user');
    expect(await store(BEFORE, records)).toBe(records.length);
    await query(`alter table request_log enable trigger user; alter table ledger enable trigger user;
      update records_from_before set until = (select max(admitted_at) from request_log)`);
  };
  const books = async () =>
    (
      await query(`select (select count(*) from requests)::int as requests, (select count(distinct request_id) from requests)::int as different,
        (select sum(nano_usd) from requests)::int as spent, (select count(*) from ledger_entries)::int as entries,
        (select sum(nano_usd) from ledger_entries)::int as owed, (select sum(spend_nano_usd) from rollups)::int as rolled,
        (select sum(requests + refused_requests) from rollups)::int as counted`)
    )[0];
  const once = (count: number) => ({
    ...{ requests: count, different: count, spent: 40 * count, entries: count },
    ...{ owed: 40 * count, rolled: 40 * count, counted: count },
  });

  beforeEach(async () => {
    await newPartitions(given().db, given().kind).ensure([TEST_TIME_MS]);
    await query(`truncate request_records, ledger_records, request_log, ledger, request_content, rollups, team_rollups,
      organization_days, platform_rollups, unit_rollups, tag_rollups, attribution_rollups, usage_names, usage_name_counts, decision_shapes`);
  });

  // promise: Replay is `INSERT … ON CONFLICT DO NOTHING`, and balances move in the same transaction, only for the rows inserted.
  describe('each request is stored once', () => {
    test.each([
      ['the version before stores it, and this one replays it', [BEFORE, NOW, BEFORE]],
      ['this version stores it, and the one before replays it', [NOW, BEFORE, NOW]],
    ] as const)('%s', async (_, versions) => {
      const records = [ended(), ended({ tags: ['eu'], tagRoute: '1.abc' })];
      const stored: number[] = [];
      for (const version of versions) stored.push(await store(version, records));
      expect(stored).toEqual([2, 0, 0]);
      expect(await books()).toEqual(once(2));
    });

    test('it was stored before the upgrade, and either version replays it', async () => {
      const records = [ended(), ended()];
      await storeBeforeUpgrade(records);
      expect([await store(NOW, records), await store(BEFORE, records)]).toEqual([0, 0]);
      expect(await books()).toEqual(once(2));
    });

    test('in any mix of versions and repeats', async () => {
      const steps = fc.array(fc.tuple(fc.constantFrom('before', 'now'), fc.uniqueArray(fc.nat(7), { minLength: 1 })), {
        minLength: 1,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(steps, async (all) => {
          await query(
            'truncate request_records, ledger_records, request_log, ledger, rollups, team_rollups, organization_days, platform_rollups, unit_rollups',
          );
          const records = Array.from({ length: 8 }, () => ended());
          for (const [version, which] of all) {
            await store(
              version === 'before' ? BEFORE : NOW,
              which.map((index) => records[index] as EndRecord),
            );
          }
          expect(await books()).toEqual(once(new Set(all.flatMap(([, which]) => which)).size));
        }),
        { numRuns: 20 },
      );
    });

    // The embedded database has one session, so two versions never store at once.
    if (kind === 'postgresql')
      test.each([
        ['before', 'now'],
        ['now', 'before'],
      ] as const)('the version %s has not committed it yet when the version %s stores it', async (first, second) => {
        const versions = { before: BEFORE, now: NOW };
        const records = [ended()];
        const client = await given().pool.connect();
        try {
          await client.query('begin');
          expect(await store(versions[first], records, client)).toBe(1);
          const waiting = store(versions[second], records);
          await client.query('select pg_sleep(0.2)');
          await client.query('commit');
          expect(await waiting).toBe(0);
        } finally {
          client.release();
        }
        expect(await books()).toEqual(once(1));
      });
  });

  test('the version before makes the month that it lacks', async () => {
    const atMs = Date.UTC(2031, 4, 1) - 1;
    await query(`create table request_log_2031_04 (like request_log including all);
      alter table request_log attach partition request_log_2031_04 for values from ('2031-04-01 00:00:00+00') to ('2031-05-01 00:00:00+00');
      create table ledger_2031_04 (like ledger including all);
      alter table ledger attach partition ledger_2031_04 for values from ('2031-04-01 00:00:00+00') to ('2031-05-01 00:00:00+00')`);
    const record = ended({ admittedAtMs: atMs, requestId: requestId(atMs) });
    expect(await store(BEFORE, [record])).toBe(1);
    await newPartitions(given().db, given().kind).ensure([atMs]);
    expect(await store(NOW, [record, ended({ admittedAtMs: atMs - 1, requestId: requestId(atMs - 1) })])).toBe(1);
    expect(await books()).toEqual(once(2));
  });

  test('lists, single requests and their entries are the same whichever version stored them', async () => {
    const over = { clientRequestId: 'mine', code: 'provider_error', param: 'model', status: 'failed', httpStatus: 502 } as const;
    const records = [0, 1, 2].map((n) =>
      ended({ ...over, admittedAtMs: TEST_TIME_MS + n, requestId: requestId(TEST_TIME_MS + n) }),
    );
    const [old, beside, own] = records as [EndRecord, EndRecord, EndRecord];
    await storeBeforeUpgrade([old]);
    expect([await store(BEFORE, [beside]), await store(NOW, [own])]).toEqual([1, 1]);
    const { organizationId, teamId, keyId, memberId } = caller;
    const filters = [
      ...[{}, { organizationId }, { organizationId, keyId }, { organizationId, teamId }, { organizationId, memberId }],
      ...[{ deploymentId: 'dep_01' }, { organizationId, status: 'failed' as const }, { code: 'provider_error' }],
    ];
    for (const filter of filters) {
      const first = await listRequests(given().db, filter, { limit: 2 });
      expect(first.rows.map((row) => row.requestId)).toEqual([own.requestId, beside.requestId]);
      const next = await listRequests(given().db, filter, { limit: 2, cursor: first.nextCursor });
      expect(next.rows.map((row) => row.requestId)).toEqual([old.requestId]);
    }
    expect((await listRequests(given().db, { organizationId, keyId: 'key_other' }, {})).rows).toEqual([]);
    const found = await Promise.all(
      records.map((record) => findRequest(given().db, { organizationId, requestId: record.requestId })),
    );
    const same = found.map((row) => ({ ...row, requestId: '', admittedAt: null }));
    expect(same).toEqual([same[2], same[2], same[2]]);
    const entries = await Promise.all(found.map((row) => findLedgerRows(given().db, row as NonNullable<typeof row>)));
    const sameEntries = entries.map(([entry]) => ({ ...entry, requestId: '', admittedAt: null, createdAt: null }));
    expect(sameEntries).toEqual([sameEntries[2], sameEntries[2], sameEntries[2]]);
    expect(sameEntries[2]).toMatchObject({
      organizationId,
      keyId,
      otherUsage: { audio_input: 2 },
      nanoUsd: 40,
      priceId: 'price_01',
    });
  });

  test('a repeated refusal is found by its own id in both tables', async () => {
    const refusals = [0, 1].map((n) => {
      const atMs = TEST_TIME_MS + n * 10_000;
      const repeat = requestId(atMs + 5);
      return givenRefusal({ ...caller, admittedAtMs: atMs, requestId: requestId(atMs), count: 2, repeatIds: [repeat] });
    });
    const [old, own] = refusals as [EndRecord, EndRecord];
    await storeBeforeUpgrade([old]);
    expect(await store(NOW, [own])).toBe(1);
    for (const { requestId: id, repeatIds } of refusals) {
      const found = await findRequest(given().db, { requestId: repeatIds[0] as string });
      expect(found?.requestId).toBe(id);
    }
  });

  test('an id of any form is read back as it was stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), { maxLength: 30 }), async (texts) => {
        const given = [
          ...texts,
          'org_1',
          `org_${'a'.repeat(32)}`,
          'org_56789012345',
          'x'.repeat(15),
          'x'.repeat(16),
          `team_${'0'.repeat(32)}`,
        ];
        const ids = given.filter((id) => !id.startsWith('~'));
        const [row] = await querying(ids);
        expect(row).toEqual({ ids, distinct_ids: new Set(ids).size });
      }),
      { numRuns: 30 },
    );
  });

  async function querying(ids: readonly string[]) {
    const text = `select array_agg(long_id('org', short_id('org', id)) order by n) as ids, count(distinct short_id('org', id))::int as distinct_ids
      from unnest($1::text[]) with ordinality as t(id, n)`;
    return (await given().pool.query(text, [ids])).rows;
  }
});
