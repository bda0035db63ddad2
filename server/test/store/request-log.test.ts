import { beforeAll, expect, test } from 'vitest';
import { STORE_LINES } from '../../src/ledger/ledger-statement.ts';
import { endLine, shapeLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import { InvalidCursor, totalOf } from '../../src/store/paging.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import * as schema from '../../src/store/schema.ts';
import {
  findContent,
  findDecision,
  findLedgerRows,
  findRequest,
  findShape,
  listRequests,
  type RequestFilter,
  requestsQuery,
} from '../../src/store/usage/request-log.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';

const MIDNIGHT_MS = Date.UTC(2026, 0, 1);

/** Around a change of month, so that every question meets two partitions. */
const RECORDS: readonly EndRecord[] = Array.from({ length: 40 }, (_, index) => {
  const admittedAtMs = MIDNIGHT_MS + (index - 20) * 7_001;
  const whose = { organizationId: index % 4 === 3 ? 'org_2' : 'org_1', keyId: `key_${index % 2}`, admittedAtMs };
  const record = { ...whose, requestId: requestId(admittedAtMs), calledName: index % 2 === 0 ? 'fast' : 'slow' };
  return index % 5 === 0 ? givenRefusal(record) : givenEnd(record);
});
const SHARED = givenRefusal({
  organizationId: 'org_1',
  requestId: requestId(MIDNIGHT_MS - 500),
  admittedAtMs: MIDNIGHT_MS - 500,
  count: 3,
  repeatIds: [requestId(MIDNIGHT_MS - 400), requestId(MIDNIGHT_MS + 300)],
});
const FALLEN_BACK = givenEnd({
  organizationId: 'org_1',
  requestId: requestId(MIDNIGHT_MS + 3),
  admittedAtMs: MIDNIGHT_MS + 3,
  entries: [givenEntry({ attempt: 2, nanoUsd: 7 }), givenEntry({ attempt: 1, nanoUsd: 5, usage: { input: 1, audio_input: 4 } })],
  attempts: 2,
  content: Buffer.from('sealed'),
});
const ALL = [...RECORDS, SHARED, FALLEN_BACK].toSorted((a, b) => (key(a) < key(b) ? 1 : -1));

onEveryDatabase('the request log', (given, kind) => {
  beforeAll(async () => {
    const { db, pool } = given();
    await db.insert(schema.organizations).values(['org_1', 'org_2', 'org_3'].map((id) => ({ id, slug: id, name: id })));
    await newPartitions(db, kind).ensure(ALL.map((record) => record.admittedAtMs));
    const lines = ALL.map((record) => endLine(record)).join('') + shapeLine('org_1', 'shape_1', '[{"id":"org_rpm"}]');
    await pool.query(STORE_LINES, [lines.slice(0, -1)]);
  });

  const walk = async (filter: RequestFilter, limit: number) => {
    const ids: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await listRequests(given().db, filter, { limit, cursor });
      ids.push(...page.rows.map((row) => row.requestId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return ids;
  };

  test('is listed newest first, page by page, without a row twice or missing, under any filter', async () => {
    const cases: [RequestFilter, (record: EndRecord) => boolean][] = [
      [{ organizationId: 'org_1' }, (record) => record.organizationId === 'org_1'],
      [{}, () => true],
      [{ status: 'refused' }, (record) => record.status === 'refused'],
      [
        { organizationId: 'org_1', keyId: 'key_0', calledName: 'fast' },
        (r) => r.organizationId === 'org_1' && r.keyId === 'key_0' && r.calledName === 'fast',
      ],
      [
        { from: new Date(MIDNIGHT_MS), organizationId: 'org_2' },
        (r) => r.admittedAtMs >= MIDNIGHT_MS && r.organizationId === 'org_2',
      ],
      [{ to: new Date(MIDNIGHT_MS) }, (record) => record.admittedAtMs < MIDNIGHT_MS],
      [{ reaches: [{ is: 'organization', organizationId: 'org_2' }] }, (record) => record.organizationId === 'org_2'],
      [{ reaches: [] }, () => false],
    ];
    for (const [filter, belongs] of cases) {
      const wanted = ALL.filter(belongs).map((record) => record.requestId);
      expect(await walk(filter, 7)).toEqual(wanted);
      expect(await totalOf(given().db, requestsQuery(given().db, filter))).toBe(wanted.length);
    }
    await expect(listRequests(given().db, {}, { cursor: 'nonsense' })).rejects.toThrow(InvalidCursor);
  });

  test('finds a request by its id, in its organization only or in any', async () => {
    for (const record of ALL) {
      const { organizationId, requestId: id } = record;
      expect(await findRequest(given().db, { organizationId, requestId: id })).toMatchObject({
        requestId: id,
        keyId: record.keyId,
      });
      expect(await findRequest(given().db, { organizationId: 'org_3', requestId: id })).toBeNull();
      expect((await findRequest(given().db, { requestId: id }))?.organizationId).toBe(organizationId);
    }
    for (const id of [requestId(MIDNIGHT_MS), 'req_1', '', "req_'; drop table ledger"]) {
      expect(await findRequest(given().db, { requestId: id })).toBeNull();
    }
  });

  // promise: Unknown keys are counted in metrics, not logged one
  test('each id of repeated refusals leads to the decision they share, also across a month', async () => {
    for (const id of SHARED.repeatIds) {
      const facts = await findDecision(given().db, { organizationId: 'org_1', requestId: id });
      expect(facts).toMatchObject({ requestId: id, keyId: SHARED.keyId, atMs: SHARED.admittedAtMs, decision: SHARED.decision });
      expect(await findDecision(given().db, { requestId: id })).toEqual(facts);
    }
  });

  test('gives the attempts, the sealed content and the rules of a decision beside the row', async () => {
    const { db } = given();
    const row = await findRequest(db, { organizationId: 'org_1', requestId: FALLEN_BACK.requestId });
    if (row === null) throw new Error('the row is missing');
    expect(row).toMatchObject({ nanoUsd: 12, inputTokens: 11, totalTokens: 35, otherUsage: { audio_input: 4 } });
    expect((await findLedgerRows(db, row)).map((entry) => entry.nanoUsd)).toEqual([5, 7]);
    expect(await findContent(db, row)).toEqual(Buffer.from('sealed'));
    expect(await findContent(db, { ...row, organizationId: 'org_2' })).toBeNull();
    expect(await findShape(db, { organizationId: 'org_1', shapeId: 'shape_1' })).toEqual([{ id: 'org_rpm' }]);
    expect(await findShape(db, { organizationId: 'org_2', shapeId: 'shape_1' })).toBeNull();
  });
});

function key(record: EndRecord): string {
  return `${record.admittedAtMs} ${record.requestId}`;
}
