import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { contentKeyPurpose, newDataKey, openContentKey, wrapKey } from '../../lib/secrets.ts';
import { openInstallation } from '../installation/installation.ts';
import { acquireLease, type Lease } from '../installation/lease.ts';
import { newestMigration } from '../installation/migrate.ts';
import { organizations, processLeases } from '../schema.ts';
import { bindContentKeys, wrapContentKey } from './content-keys.ts';

const wrappers = { master: newDataKey(), installation: newDataKey() };

onEveryDatabase('organizations’ content keys', (given) => {
  beforeEach(async () => {
    const { db } = given();
    await openInstallation(db, wrappers.master);
    await db.delete(processLeases);
    await db.update(organizations).set({ contentKey: null });
    await db.execute(sql`update schema_migrations set applied_at = now() - interval '1 hour'`);
  });

  const rowOf = async (id: string) => {
    const [row] = await given().db.select().from(organizations).where(eq(organizations.id, id));
    return row as typeof organizations.$inferSelect;
  };
  let made = 0;
  /** Returns an id that no test used before. */
  const newId = () => {
    made += 1;
    return `org_${made}`;
  };
  const insert = (id: string, contentKey: Buffer, more: object = {}) =>
    given()
      .db.insert(organizations)
      .values({ id, slug: id, name: id, contentKey, ...more });
  const purposeOf = (id: string) => contentKeyPurpose(id);

  /** An earlier version: it wraps each key with the master key, and does not store by what. */
  const older = {
    start: () => acquireLease(given().db, { name: 'replica:older', onLost: () => {} }),
    makes: (id: string, key: Buffer) => insert(id, wrapKey(wrappers.master, key, purposeOf(id))),
    makesMany: async (count: number) => {
      const keys = new Map(Array.from({ length: count }, () => [newId(), newDataKey()]));
      const rows = [...keys].map(([id, key]) => ({
        id,
        slug: id,
        name: id,
        contentKey: wrapKey(wrappers.master, key, purposeOf(id)),
      }));
      await given().db.insert(organizations).values(rows);
      return keys;
    },
    reads: async (id: string) => openContentKey(wrappers, id, { bytes: (await rowOf(id)).contentKey as Buffer, by: 'master' }),
  };
  const newer = {
    start: async () => acquireLease(given().db, { name: 'replica:newer', onLost: () => {}, knows: await newestMigration() }),
    makes: async (id: string, key: Buffer) => {
      const { bytes, by } = await given().db.transaction((tx) => wrapContentKey(tx, wrappers, id, key));
      await insert(id, Buffer.from(bytes), { contentKeyBy: by });
    },
    reads: async (id: string) => {
      const { contentKey, contentKeyBy } = await rowOf(id);
      return openContentKey(wrappers, id, { bytes: contentKey as Buffer, by: contentKeyBy });
    },
  };

  test('leave the master key when no older version can run: more than a statement moves, and what opens with no key is named', async () => {
    const lease = await older.start();
    await newer.start();
    const keys = await older.makesMany(248);
    for (const id of [newId(), newId()]) {
      const key = newDataKey();
      await newer.makes(id, key);
      keys.set(id, key);
    }
    const [broken, gone] = [newId(), newId()];
    await insert(broken, Buffer.alloc(61, 1));
    await given().db.insert(organizations).values({ id: gone, slug: gone, name: gone, contentKey: null });
    const some = [...keys].filter((_, at) => at % 31 === 0 || at > 246);
    expect(await bindContentKeys(given().db, wrappers)).toEqual({ bound: 0, waits: true, unreadable: [] });
    for (const [id, key] of some) expect((await older.reads(id)).equals(key)).toBe(true);
    await lease.release();
    const outcomes = await Promise.all([1, 2].map(() => bindContentKeys(given().db, wrappers)));
    expect(outcomes.reduce((sum, { bound }) => sum + bound, 0)).toBe(250);
    expect(outcomes.every(({ unreadable }) => unreadable.join() === broken)).toBe(true);
    for (const [id, key] of some) expect((await newer.reads(id)).equals(key)).toBe(true);
    expect((await rowOf(gone)).contentKey).toBeNull();
    const last = newId();
    await newer.makes(last, newDataKey());
    expect((await rowOf(last)).contentKeyBy).toBe('installation');
  });

  test('that were moved stay moved where it is stopped in the middle, and the next run goes on', async () => {
    await older.makesMany(450);
    let statements = 0;
    const stop = () => {
      statements += 1;
      if (statements > 1) throw new Error('stopped');
    };
    await expect(bindContentKeys(given().db, wrappers, stop)).rejects.toThrow('stopped');
    expect(await bindContentKeys(given().db, wrappers)).toMatchObject({ bound: 250 });
  });

  test('whatever order both versions make and move them in, whoever runs opens every key', async () => {
    const step = fc.constantFrom('older makes', 'newer makes', 'bind', 'older goes');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await given().db.delete(processLeases);
        await given().db.update(organizations).set({ contentKey: null });
        let lease: Lease | null = await older.start();
        const keys = new Map<string, Buffer>();
        for (const is of steps) {
          const [id, key] = [newId(), newDataKey()];
          if (is === 'older goes') {
            await lease?.release();
            lease = null;
          } else if (is === 'bind') await bindContentKeys(given().db, wrappers);
          else if (is === 'newer makes' || lease !== null) {
            await (is === 'newer makes' ? newer : older).makes(id, key);
            keys.set(id, key);
          }
          for (const [one, its] of keys) {
            expect((await newer.reads(one)).equals(its)).toBe(true);
            if (lease !== null) expect((await older.reads(one)).equals(its)).toBe(true);
          }
        }
        await lease?.release();
      }),
      { numRuns: 10 },
    );
  });
});
