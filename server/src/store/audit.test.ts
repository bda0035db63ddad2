import { and, eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { onEveryDatabase } from '../../test/support/database.ts';
import { appendAuditEvent, listAuditEvents, type NewAuditEvent, streamAuditEvents, verifyAuditChain } from './audit.ts';
import type { Database } from './database.ts';
import { InvalidCursor } from './paging.ts';
import { auditEvents, auditHeads } from './schema.ts';

const event: NewAuditEvent = {
  organizationId: 'org_1',
  at: new Date('2026-01-02T03:04:05.678Z'),
  actorKind: 'admin_token',
  actorId: 'adm_1',
  actorName: 'ops',
  action: 'organization.update',
  objectType: 'organization',
  objectId: 'org_1',
  objectName: 'Acme',
  before: { name: 'Acme' },
  after: { name: 'Acme & Söhne' },
  reason: null,
  ip: '127.0.0.1',
  requestId: null,
};

onEveryDatabase('the audit log', (given) => {
  beforeEach(async () => {
    await given().db.execute(sql`truncate audit_events, audit_heads`);
  });

  const append = (db: Database, ...events: Partial<NewAuditEvent>[]) =>
    db.transaction(async (tx) => {
      for (const one of events) await appendAuditEvent(tx, { ...event, ...one });
    });

  test('concurrent appends make one chain without gaps', async () => {
    const { db } = given();
    await Promise.all(Array.from({ length: 12 }, (_, index) => append(db, { objectId: `org_${index}` })));
    const verdict = await verifyAuditChain(db, 'org_1');
    expect(verdict).toMatchObject({ is: 'intact', events: 12 });
  });

  test('a change that fails leaves no event', async () => {
    const { db } = given();
    const failing = db.transaction(async (tx) => {
      await appendAuditEvent(tx, event);
      throw new Error('the change itself failed');
    });
    await expect(failing).rejects.toThrow('the change itself failed');
    expect(await verifyAuditChain(db, 'org_1')).toMatchObject({ is: 'intact', events: 0 });
  });

  test('each organization has a chain of its own, and so has the platform', async () => {
    const { db } = given();
    await append(db, {}, { organizationId: null }, {}, { organizationId: 'org_2' });
    for (const [chain, events] of [
      ['org_1', 2],
      [null, 1],
      ['org_2', 1],
      ['org_3', 0],
    ] as const) {
      expect(await verifyAuditChain(db, chain)).toMatchObject({ is: 'intact', events });
    }
  });

  describe('a row changed by hand is found', () => {
    const third = and(eq(auditEvents.chain, 'org_1'), eq(auditEvents.seq, 3));
    const harms: [string, (db: Database) => Promise<unknown>, number][] = [
      ['edited', (db) => db.update(auditEvents).set({ actorName: 'somebody else' }).where(third), 3],
      [
        'edited inside its diff',
        (db) =>
          db
            .update(auditEvents)
            .set({ after: { name: 'x' } })
            .where(third),
        3,
      ],
      ['removed', (db) => db.delete(auditEvents).where(third), 3],
      ['removed at the end', (db) => db.delete(auditEvents).where(eq(auditEvents.seq, 5)), 5],
      ['removed with all others', (db) => db.delete(auditEvents), 1],
      [
        'its link cut',
        (db) =>
          db
            .update(auditEvents)
            .set({ prevHash: Buffer.alloc(32) })
            .where(third),
        3,
      ],
      ['the head set back', (db) => db.update(auditHeads).set({ hash: Buffer.alloc(32) }), 6],
    ];
    for (const [name, harm, seq] of harms) {
      test(name, async () => {
        const { db } = given();
        await append(db, {}, {}, {}, {}, {});
        await harm(db);
        expect(await verifyAuditChain(db, 'org_1')).toEqual({ is: 'broken', seq });
      });
    }
  });

  test('whatever a diff holds, the chain still verifies', async () => {
    const { db } = given();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string({ unit: 'binary' }), async (before, after) => {
        await append(db, { before, after: { after, at: new Date(0), nothing: undefined } });
        expect(await verifyAuditChain(db, 'org_1')).toMatchObject({ is: 'intact' });
      }),
      // A text that is itself JSON must come back as the text it was.
      {
        numRuns: 30,
        examples: [
          ['7', 'x'],
          ['null', 'x'],
        ],
      },
    );
  });

  test('lists go newest first, by cursor, under a filter', async () => {
    const { db } = given();
    await append(db, ...Array.from({ length: 7 }, (_, index) => ({ objectId: index % 2 === 0 ? 'even' : 'odd' })));
    const filter = { organizationId: 'org_1', objectType: 'organization', objectId: 'even' };
    const first = await listAuditEvents(db, filter, { limit: 3 });
    const second = await listAuditEvents(db, filter, { limit: 3, cursor: first.nextCursor });
    expect([...first.rows, ...second.rows].map((row) => row.seq)).toEqual([7, 5, 3, 1]);
    expect(second.nextCursor).toBeNull();
    expect(first.rows[0]).toMatchObject({ organizationId: 'org_1', at: event.at, before: { name: 'Acme' } });
    for (const cursor of ['', 'x', Buffer.from('["other:desc",1]').toString('base64url'), 'a'.repeat(5_000)]) {
      await expect(listAuditEvents(db, filter, { cursor })).rejects.toThrow(InvalidCursor);
    }
  });

  test('a long chain is read in pages', async () => {
    const { db } = given();
    for (let batch = 0; batch < 3; batch += 1) await append(db, ...Array.from({ length: 400 }, () => ({})));
    const seqs: number[] = [];
    for await (const rows of streamAuditEvents(db, 'org_1')) seqs.push(...rows.map(({ seq }) => seq));
    expect(seqs).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
  });
});
