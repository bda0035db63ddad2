import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { and, eq, gt, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byForce, testTrail } from '../../../test/support/audit-trail.ts';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { jsonValues } from '../../../test/support/json-values.ts';
import { chainHash, GENESIS_HASH } from '../../domain/audit/audit-chain.ts';
import type { Database } from '../database.ts';
import { InvalidCursor } from '../paging.ts';
import { auditEvents, auditHeads } from '../schema.ts';
import {
  appendAuditEvent,
  closeUnkeyedChains,
  eventOf,
  listAuditEvents,
  type NewAuditEvent,
  rememberAppended,
  streamAuditEvents,
  unkeyedChains,
} from './audit.ts';
import { openAuditHeads } from './audit-heads.ts';
import { missingChains, verifyAuditChain } from './audit-proof.ts';

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
    await byForce(given().db, (tx) => tx.execute(sql`truncate audit_events, audit_heads`));
  });

  const trail = testTrail();
  const append = (db: Database, ...events: Partial<NewAuditEvent>[]) =>
    db.transaction(async (tx) => {
      for (const one of events) await appendAuditEvent(tx, trail, { ...event, ...one });
    });
  const verify = (db: Database, organizationId: string | null, by = trail) =>
    verifyAuditChain(db, by, organizationId, event.at.getTime());

  test('concurrent appends make one chain without gaps', async () => {
    const { db } = given();
    await Promise.all(Array.from({ length: 12 }, (_, index) => append(db, { objectId: `org_${index}` })));
    const verdict = await verify(db, 'org_1');
    expect(verdict).toMatchObject({ is: 'intact', events: 12 });
  });

  test('a change that fails leaves no event', async () => {
    const { db } = given();
    const failing = db.transaction(async (tx) => {
      await appendAuditEvent(tx, trail, event);
      throw new Error('the change itself failed');
    });
    await expect(failing).rejects.toThrow('the change itself failed');
    expect(await verify(db, 'org_1')).toMatchObject({ is: 'intact', events: 0 });
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
      expect(await verify(db, chain)).toMatchObject({ is: 'intact', events });
    }
  });

  describe('a row changed by hand', () => {
    const third = and(eq(auditEvents.chain, 'org_1'), eq(auditEvents.seq, 3));
    const harms: [string, (db: Database) => Promise<unknown>, { seq: number; because: string }][] = [
      ['edited', (db) => db.update(auditEvents).set({ actorName: 'somebody else' }).where(third), { seq: 3, because: 'hash' }],
      [
        'edited inside its diff',
        (db) =>
          db
            .update(auditEvents)
            .set({ after: { name: 'x' } })
            .where(third),
        { seq: 3, because: 'hash' },
      ],
      ['removed', (db) => db.delete(auditEvents).where(third), { seq: 3, because: 'hash' }],
      ['removed at the end', (db) => db.delete(auditEvents).where(eq(auditEvents.seq, 5)), { seq: 5, because: 'head' }],
      ['removed with all others', (db) => db.delete(auditEvents), { seq: 1, because: 'head' }],
      [
        'its link cut',
        (db) =>
          db
            .update(auditEvents)
            .set({ prevHash: Buffer.alloc(32) })
            .where(third),
        { seq: 3, because: 'hash' },
      ],
      ['its MAC taken away', (db) => db.update(auditEvents).set({ mac: null }).where(third), { seq: 3, because: 'no_key' }],
      [
        'another MAC',
        (db) =>
          db
            .update(auditEvents)
            .set({ mac: Buffer.alloc(32) })
            .where(third),
        { seq: 3, because: 'key' },
      ],
      [
        'a MAC of another length',
        (db) =>
          db
            .update(auditEvents)
            .set({ mac: Buffer.alloc(3) })
            .where(third),
        { seq: 3, because: 'key' },
      ],
      ['the head changed', (db) => db.update(auditHeads).set({ hash: Buffer.alloc(32) }), { seq: 6, because: 'head' }],
    ];
    for (const [name, harm, fault] of harms) {
      test(`${name}: refused, and found where somebody who owns the tables does it`, async () => {
        const { db } = given();
        await append(db, {}, {}, {}, {}, {});
        if (name !== 'the head changed') await expect(harm(db)).rejects.toThrow();
        await byForce(db, harm);
        expect(await verify(db, 'org_1')).toMatchObject({ is: 'broken', ...fault });
      });
    }

    test('heads are neither removed nor set back', async () => {
      const { db } = given();
      await append(db, {}, {});
      await expect(db.delete(auditHeads)).rejects.toThrow();
      await expect(db.update(auditHeads).set({ seq: 1 })).rejects.toThrow();
      await expect(db.execute(sql`truncate audit_heads`)).rejects.toThrow();
      expect(await verify(db, 'org_1')).toMatchObject({ is: 'intact', events: 2 });
    });
  });

  describe('what a version without the key wrote', () => {
    const untilMs = event.at.getTime();
    const upgraded = testTrail({ key: { unkeyedUntilMs: untilMs } });

    /** Appends as such a version does: with a hash and no MAC. */
    const appendUnkeyed = (db: Database, chain: string, at = event.at) =>
      db.transaction(async (tx) => {
        const [head] = await tx.select().from(auditHeads).where(eq(auditHeads.chain, chain));
        const [seq, prevHash] = [(head?.seq ?? 0) + 1, head?.hash ?? Buffer.from(GENESIS_HASH, 'hex')];
        const { organizationId: _, before, after, ...rest } = event;
        const facts = { ...rest, at, before, after };
        const hash = Buffer.from(chainHash(prevHash.toString('hex'), eventOf({ chain, seq, ...facts })), 'hex');
        await tx.insert(auditEvents).values({ chain, seq, ...facts, prevHash, hash });
        await tx
          .insert(auditHeads)
          .values({ chain, seq, hash })
          .onConflictDoUpdate({ target: auditHeads.chain, set: { seq, hash } });
        return hash.toString('hex');
      });
    const lastTwo = async (db: Database) => (await listAuditEvents(db, { organizationId: 'org_1' }, { limit: 2 })).rows;

    test('is closed by one event that holds its last hash, before the next one, and goes on under the key', async () => {
      const { db } = given();
      await appendUnkeyed(db, 'org_1');
      const lastHash = await appendUnkeyed(db, 'org_1');
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, event));
      expect(await lastTwo(db)).toMatchObject([
        { seq: 4, action: 'organization.update' },
        {
          seq: 3,
          action: 'audit_chain.close',
          actorKind: 'system',
          objectId: 'org_1',
          after: { last_seq: 2, last_hash: lastHash },
        },
      ]);
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, event));
      expect(await verify(db, 'org_1', upgraded)).toMatchObject({ is: 'intact', events: 5, keyedFromSeq: 3, unkeyedSince: 0 });
    });

    test('beside the new one stays verifiable, and is counted', async () => {
      const { db } = given();
      await appendUnkeyed(db, 'org_1');
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, event));
      await appendUnkeyed(db, 'org_1');
      await appendUnkeyed(db, 'org_1');
      expect(await verify(db, 'org_1', upgraded)).toMatchObject({ is: 'intact', events: 5 });
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, event));
      const verdict = await verify(db, 'org_1', upgraded);
      expect(verdict).toMatchObject({ is: 'intact', events: 7, keyedFromSeq: 2, unkeyedSince: 2, lastUnkeyedSeq: 5 });
    });

    test('is accepted no longer than it may be, whatever time the event claims', async () => {
      const { db } = given();
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, event));
      await appendUnkeyed(db, 'org_1', new Date(0));
      expect(await verifyAuditChain(db, upgraded, 'org_1', untilMs + 1)).toMatchObject({
        is: 'broken',
        seq: 2,
        because: 'no_key',
      });
      const late = { ...event, at: new Date(untilMs + 1) };
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, late));
      expect(await verify(db, 'org_1', upgraded)).toMatchObject({ is: 'broken', seq: 2, because: 'no_key' });
    });

    test('is listed chain by chain until it is closed', async () => {
      const { db } = given();
      for (const chain of ['org_1', 'org_2', 'org_3']) await appendUnkeyed(db, chain);
      await db.transaction((tx) => appendAuditEvent(tx, upgraded, { ...event, organizationId: 'org_2' }));
      const listed = async (atOnce?: number) => (await Array.fromAsync(unkeyedChains(db, upgraded.key, atOnce))).flat();
      expect(await listed()).toEqual(['org_1', 'org_3']);
      expect(await listed(1)).toEqual(['org_1', 'org_3']);
      const close = () => closeUnkeyedChains(db, upgraded, { now: () => event.at });
      expect(await close()).toBe(2);
      expect(await close()).toBe(0);
      expect(await listed()).toEqual([]);
      expect(await verify(db, 'org_1', upgraded)).toMatchObject({ is: 'intact', events: 2, keyedFromSeq: 2 });
    });
  });

  describe('what this process remembers outside the database', () => {
    let directory = '';
    let written = 0;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'headgate-heads-'));
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const remembering = () => {
      const contradicted: string[] = [];
      const heads = openAuditHeads({ path: join(directory, 'audit-heads'), onFailure: () => {} });
      const trail = { ...testTrail({ heads }), onContradiction: (chain: string) => void contradicted.push(chain) };
      const write = async (db: Database, times = 1) => {
        for (let time = 0; time < times; time += 1) {
          written += 1; // Makes every event different: the same events again would give the same chain.
          const one = { ...event, objectName: `change ${written}` };
          await rememberAppended(trail, [await db.transaction((tx) => appendAuditEvent(tx, trail, one))]);
        }
      };
      return { trail, contradicted, write };
    };
    /** Deletes the last events and sets the head back, which leaves a chain that is consistent in itself. */
    const cutAfter = (db: Database, seq: number) =>
      byForce(db, async (tx) => {
        await tx.delete(auditEvents).where(gt(auditEvents.seq, seq));
        const [last] = await tx.select().from(auditEvents).where(eq(auditEvents.seq, seq));
        if (last === undefined) await tx.delete(auditHeads);
        else await tx.update(auditHeads).set({ seq, hash: last.hash });
      });

    test('finds an end that was cut off, which the database alone cannot', async () => {
      const { db } = given();
      const { trail, write } = remembering();
      await write(db, 5);
      await cutAfter(db, 3);
      expect(await verify(db, 'org_1')).toMatchObject({ is: 'intact', events: 3 });
      expect(await verify(db, 'org_1', trail)).toMatchObject({
        is: 'broken',
        seq: 4,
        because: 'remembered',
        remembered: [{ file: 'audit-heads', seq: 5 }],
      });
      await cutAfter(db, 0);
      expect(await verify(db, 'org_1', trail)).toMatchObject({ is: 'broken', seq: 1, because: 'remembered' });
    });

    test('finds a chain that is gone entirely, also one that a command wrote', async () => {
      const { db } = given();
      const { trail, write } = remembering();
      await write(db, 5);
      const commands = join(directory, 'audit-heads-commands');
      writeFileSync(commands, `v1 org_2 3 ${'a'.repeat(64)}\nv1 platform 2 ${'a'.repeat(64)}\n`);
      const gone = { organizationId: 'org_2', file: 'audit-heads-commands', seq: 3 };
      // The platform's own chain is always looked at, so it is never one that nobody would miss.
      expect(await missingChains(db, trail)).toEqual([gone]);
      await cutAfter(db, 0);
      expect(await missingChains(db, trail)).toEqual([{ organizationId: 'org_1', file: 'audit-heads', seq: 5 }, gone]);
      expect(await missingChains(db, testTrail())).toEqual([]);
    });

    test('is not overwritten by what is appended after the cut, not even after a restart', async () => {
      const { db } = given();
      const first = remembering();
      await first.write(db, 5);
      await cutAfter(db, 3);
      await first.write(db, 1);
      expect(first.contradicted).toEqual(['org_1']);
      const second = remembering();
      await second.write(db, 4);
      expect(second.contradicted).toEqual(['org_1', 'org_1', 'org_1', 'org_1']);
      expect(await verify(db, 'org_1', second.trail)).toMatchObject({ is: 'broken', seq: 5, because: 'remembered' });
      expect(await verify(db, 'org_1')).toMatchObject({ is: 'intact', events: 8 });
    });

    test('goes on with what other processes append in between', async () => {
      const { db } = given();
      const { trail, contradicted, write } = remembering();
      await write(db, 2);
      await append(db, {}, {});
      await write(db, 1);
      expect(contradicted).toEqual([]);
      expect(await verify(db, 'org_1', trail)).toMatchObject({ is: 'intact', remembered: [{ seq: 5 }] });
    });

    test('holds nothing of a change that was rolled back', async () => {
      const { db } = given();
      const { trail, write } = remembering();
      await write(db, 1);
      const failing = db.transaction(async (tx) => {
        await appendAuditEvent(tx, trail, event);
        throw new Error('the change itself failed');
      });
      await expect(failing).rejects.toThrow('the change itself failed');
      expect(await verify(db, 'org_1', trail)).toMatchObject({ is: 'intact', events: 1, remembered: [{ seq: 1 }] });
    });
  });

  test('whatever a diff holds, the chain still verifies', async () => {
    const { db } = given();
    await fc.assert(
      fc.asyncProperty(jsonValues, fc.string({ unit: 'binary' }), async (before, after) => {
        await append(db, { before, after: { after, at: new Date(0), nothing: undefined } });
        expect(await verify(db, 'org_1')).toMatchObject({ is: 'intact' });
      }),
      // A string that is itself JSON must be read back as that string.
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
    // Two whole pages and a part of one.
    for (let batch = 0; batch < 3; batch += 1) await append(db, ...Array.from({ length: 150 }, () => ({})));
    const seqs: number[] = [];
    for await (const rows of streamAuditEvents(db, 'org_1')) seqs.push(...rows.map(({ seq }) => seq));
    expect(seqs).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
  });
});
