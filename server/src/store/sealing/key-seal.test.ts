import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { newDataKey, open, seal, UnsealFailure } from '../../lib/secrets.ts';
import * as credentials from '../catalogue/credentials.ts';
import { acquireLease, type Lease } from '../installation/lease.ts';
import { newestMigration } from '../installation/migrate.ts';
import { processLeases, credentials as table } from '../schema.ts';
import { bindKeys, openKey, sealKey } from './key-seal.ts';

const key = newDataKey();
const PLACE = { provider: 'openai', baseUrl: 'https://llm.example.com/v1' };

onEveryDatabase('keys for addresses', (given) => {
  beforeEach(async () => {
    const { db } = given();
    await db.delete(processLeases);
    await db.delete(table);
    await db.execute(sql`update schema_migrations set applied_at = now() - interval '1 hour'`);
  });

  const rowOf = async (id: string) => (await credentials.find(given().db, id)) as credentials.CredentialRow;

  /** A replica of the previous version: it knows only the old form, and its lease does not name its newest migration. */
  const older = {
    start: () => acquireLease(given().db, { name: 'replica:older', onLost: () => {} }),
    writes: async (id: string, apiKey: string) => {
      const sealed = seal(key, apiKey, id);
      const row = { id, name: id, ...PLACE, sealed };
      await given().db.insert(table).values(row).onConflictDoUpdate({ target: table.id, set: { sealed } });
    },
    reads: async (id: string) => open(key, (await rowOf(id)).sealed as Buffer, id).toString(),
  };
  const newer = {
    start: async () => acquireLease(given().db, { name: 'replica:newer', onLost: () => {}, knows: await newestMigration() }),
    writes: async (id: string, apiKey: string) => {
      const sealed = await sealKey(given().db, key, { id, ...PLACE }, apiKey);
      const row = { id, name: id, ...PLACE, ...sealed };
      await given().db.insert(table).values(row).onConflictDoUpdate({ target: table.id, set: sealed });
    },
    reads: async (id: string) => openKey(key, await rowOf(id)),
  };

  test('what an older version stored is sealed for its address at the start, and the old form opens no more', async () => {
    await older.writes('cred_1', 'sk-one');
    const kept = (await rowOf('cred_1')).sealed as Buffer;
    expect(await newer.reads('cred_1')).toBe('sk-one');
    expect(await bindKeys(given().db, key)).toEqual({ bound: 1, waits: false, unreadable: [] });
    expect(await newer.reads('cred_1')).toBe('sk-one');
    expect((await rowOf('cred_1')).version).toBe(1);
    await expect(older.reads('cred_1')).rejects.toThrow(UnsealFailure);
    // Neither another address nor a key sealed before the upgrade is accepted.
    await given().db.update(table).set({ baseUrl: 'https://evil.example/v1' }).where(eq(table.id, 'cred_1'));
    await expect(newer.reads('cred_1')).rejects.toThrow(UnsealFailure);
    await given().db.update(table).set({ sealed: kept }).where(eq(table.id, 'cred_1'));
    await expect(newer.reads('cred_1')).rejects.toThrow(UnsealFailure);
    expect(await bindKeys(given().db, key)).toEqual({ bound: 0, waits: false, unreadable: [] });
  });

  test('while a replica of the version before runs, each reads what the other writes, and nothing is sealed anew', async () => {
    const [lease] = [await older.start(), await newer.start()];
    await older.writes('cred_1', 'sk-one');
    await newer.writes('cred_2', 'sk-two');
    expect(await bindKeys(given().db, key)).toMatchObject({ bound: 0, waits: true });
    for (const reader of [older, newer])
      expect([await reader.reads('cred_1'), await reader.reads('cred_2')]).toEqual(['sk-one', 'sk-two']);
    // Each may replace a key that the other wrote.
    await older.writes('cred_2', 'sk-two-b');
    await newer.writes('cred_1', 'sk-one-b');
    for (const reader of [older, newer])
      expect([await reader.reads('cred_1'), await reader.reads('cred_2')]).toEqual(['sk-one-b', 'sk-two-b']);
    await lease.release();
    expect(await bindKeys(given().db, key)).toMatchObject({ bound: 2, waits: false });
    expect([await newer.reads('cred_1'), await newer.reads('cred_2')]).toEqual(['sk-one-b', 'sk-two-b']);
    await newer.writes('cred_1', 'sk-one-c');
    expect([await newer.reads('cred_1'), (await rowOf('cred_1')).sealedFor]).toEqual(['sk-one-c', 'address']);
  });

  test('an older replica that was cut off counts for ten minutes more, and one that may just have started for one', async () => {
    const { db } = given();
    await newer.start();
    // On another machine, so that this process cannot see whether it ended.
    const holder = JSON.stringify({ host: 'another', bootId: 'x', pidNamespace: 'x', pid: 7, startTicks: '1' });
    await db.insert(processLeases).values({ name: 'replica:older', holder, expiresAt: sql`now() - interval '9 minutes'` });
    await older.writes('cred_1', 'sk-one');
    expect(await bindKeys(db, key)).toMatchObject({ waits: true });
    await db
      .update(processLeases)
      .set({ expiresAt: sql`now() - interval '11 minutes'` })
      .where(eq(processLeases.name, 'replica:older'));
    await db.execute(sql`update schema_migrations set applied_at = now() where name = '0019_keys_for_addresses'`);
    expect(await bindKeys(db, key)).toMatchObject({ waits: true });
    await db.execute(sql`update schema_migrations set applied_at = now() - interval '2 minutes'`);
    expect(await bindKeys(db, key)).toMatchObject({ bound: 1, waits: false });
  });

  test('many that start together seal each key once, and one that cannot be opened is named and left', async () => {
    for (let at = 0; at < 8; at += 1) await older.writes(`cred_${at}`, `sk-${at}`);
    await given()
      .db.update(table)
      .set({ sealed: Buffer.alloc(40, 1) })
      .where(eq(table.id, 'cred_3'));
    await given().db.update(table).set({ sealed: null }).where(eq(table.id, 'cred_4'));
    const outcomes = await Promise.all([1, 2, 3].map(() => bindKeys(given().db, key)));
    expect(outcomes.reduce((sum, { bound }) => sum + bound, 0)).toBe(7);
    expect(outcomes.every(({ unreadable }) => unreadable.join() === 'cred_3')).toBe(true);
    for (const at of [0, 1, 2, 5, 6, 7]) expect(await newer.reads(`cred_${at}`)).toBe(`sk-${at}`);
    expect(await newer.reads('cred_4')).toBe('');
  });

  test('in whatever order both versions write, come and go, whoever runs reads the key that was written last', async () => {
    const step = fc.constantFrom('older writes', 'newer writes', 'bind', 'older goes');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await given().db.delete(processLeases);
        await given().db.delete(table);
        let lease: Lease | null = await older.start();
        let last: string | null = null;
        for (const [at, is] of steps.entries()) {
          if (is === 'older goes') {
            await lease?.release();
            lease = null;
          } else if (is === 'bind') await bindKeys(given().db, key);
          else if (is === 'newer writes' || lease !== null) {
            last = `sk-${at}`;
            await (is === 'newer writes' ? newer : older).writes('cred_1', last);
          }
          if (last === null) continue;
          expect(await newer.reads('cred_1')).toBe(last);
          if (lease !== null) expect(await older.reads('cred_1')).toBe(last);
        }
        await lease?.release();
      }),
      { numRuns: 15 },
    );
  });
});
