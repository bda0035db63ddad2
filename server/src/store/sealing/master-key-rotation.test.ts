import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { hashedSecret, hashSecret, masterKeyName, newDataKey } from '../../lib/secrets.ts';
import { type Installation, openInstallation, refuseWrongMasterKey, WrongMasterKey } from '../installation/installation.ts';
import { acquireLease } from '../installation/lease.ts';
import { adminTokens, installation, processLeases } from '../schema.ts';
import { beginRotation, finishRotation, NotRotated, processesWithout, undoRotation } from './master-key-rotation.ts';
import { countUnderOthers, moveAdminToken } from './peppers.ts';

onEveryDatabase('rotating the master key', (given) => {
  beforeEach(async () => {
    for (const table of [installation, processLeases, adminTokens]) await given().db.delete(table);
    await given().db.execute(sql`update schema_migrations set applied_at = now() - interval '1 hour'`);
  });

  const begin = async (from: Buffer, to: Buffer, { renewsPepper = false } = {}) => {
    const { content } = await openInstallation(given().db, from);
    await given().db.transaction((tx) => beginRotation(tx, { master: from, installation: content }, { from, to, renewsPepper }));
  };
  const finish = (to: Buffer) => given().db.transaction((tx) => finishRotation(tx, to));
  const undo = (from: Buffer) => given().db.transaction((tx) => undoRotation(tx, from));
  const opens = (key: Buffer) =>
    refuseWrongMasterKey(given().db, key).then(
      () => openInstallation(given().db, key),
      (error: unknown) => {
        expect(error).toBeInstanceOf(WrongMasterKey);
        return null;
      },
    );
  const dataKeysOf = ({ id, pepper, credentials, content, audit }: Installation) => ({ id, pepper, credentials, content, audit });

  // promise: Both master keys open the installation
  test('both keys open the same data keys until it ends, then the new one alone', async () => {
    const [old, next] = [newDataKey(), newDataKey()];
    const before = dataKeysOf(await openInstallation(given().db, old));
    await begin(old, next);
    for (const [key, rotation] of [
      [old, 'opened with the old key'],
      [next, 'opened with the new key'],
    ] as const) {
      const now = await openInstallation(given().db, key);
      expect(dataKeysOf(now)).toEqual(before);
      expect(now.rotation).toBe(rotation);
    }
    // The database contains no master key, in any form or under any other key: it wraps only these data keys.
    const [row] = await given().db.select().from(installation);
    expect(Object.keys(row?.nextWrappedKeys ?? {}).toSorted()).toEqual(['audit', 'content', 'credentials', 'pepper']);
    await finish(next);
    expect(await opens(old)).toBeNull();
    expect(dataKeysOf((await opens(next)) as Installation)).toEqual(before);
    await expect(finish(next)).rejects.toThrow(NotRotated);
  });

  test('is given up with the old key, and only while nobody runs with the new one', async () => {
    const [old, next] = [newDataKey(), newDataKey()];
    await openInstallation(given().db, old);
    await expect(undo(old)).rejects.toThrow(NotRotated);
    await begin(old, next);
    await expect(begin(old, newDataKey())).rejects.toThrow(NotRotated);
    await expect(undo(next)).rejects.toThrow(NotRotated);
    const lease = await acquireLease(given().db, { name: 'replica:new', onLost: () => {}, masterKey: masterKeyName(next) });
    await expect(undo(old)).rejects.toThrow(/These processes use the new key: process \d+ on /);
    expect(await processesWithout(given().db, next)).toEqual([]);
    expect(await processesWithout(given().db, old)).toHaveLength(1);
    await lease.release();
    await undo(old);
    expect(await opens(next)).toBeNull();
    expect(await opens(old)).not.toBeNull();
  });

  test('the key that opened before it all never opens again, in whatever order things are done, and one always does', async () => {
    const step = fc.constantFrom('begin', 'finish', 'undo', 'begin with pepper');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await given().db.delete(installation);
        let present = newDataKey();
        let next: Buffer | null = null;
        const dead: Buffer[] = [];
        const { id, credentials } = await openInstallation(given().db, present);
        for (const is of steps) {
          if (is === 'undo' && next !== null) {
            await undo(present);
            dead.push(next);
            next = null;
          } else if (is === 'finish' && next !== null) {
            await finish(next);
            dead.push(present);
            [present, next] = [next, null];
          } else if (is.startsWith('begin') && next === null) {
            next = newDataKey();
            await begin(present, next, { renewsPepper: is === 'begin with pepper' });
          }
          for (const key of dead) expect(await opens(key)).toBeNull();
          for (const key of next === null ? [present] : [present, next]) {
            const now = await openInstallation(given().db, key);
            expect(now.id).toBe(id);
            expect(now.credentials.equals(credentials)).toBe(true);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  // promise: The pepper can be renewed
  test('the pepper is renewed with it: every process knows both, and a hash moves when its secret is used', async () => {
    const [old, next, last] = [newDataKey(), newDataKey(), newDataKey()];
    const first = await openInstallation(given().db, old);
    const token = { id: 'adm_1', name: 'one', role: 'platform_admin', lastFour: 'ken1', createdBy: 'acct_1' };
    await given()
      .db.insert(adminTokens)
      .values({ ...token, ...hashedSecret(first.pepper, 'token 1') });
    await begin(old, next, { renewsPepper: true });
    // A process with the old key knows no other pepper.
    expect((await openInstallation(given().db, old)).otherPepper).toBeNull();
    const between = await openInstallation(given().db, next);
    expect(between.pepper.equals(first.pepper)).toBe(true);
    expect(between.otherPepper?.is).toBe('next');
    await finish(next);
    const after = await openInstallation(given().db, next);
    expect(after.otherPepper?.is).toBe('before');
    expect(after.otherPepper?.pepper.equals(first.pepper)).toBe(true);
    expect(after.pepper.equals(between.otherPepper?.pepper as Buffer)).toBe(true);
    expect(after.id).toBe(first.id);
    expect(await countUnderOthers(given().db, after.pepper)).toEqual({ keys: 0, tokens: 1 });
    await expect(begin(next, last, { renewsPepper: true })).rejects.toThrow(
      /0 keys and 1 admin tokens still depend on the old one/,
    );
    const to = { hash: hashSecret(after.pepper, 'token 1'), pepper: after.pepper };
    await moveAdminToken(given().db, hashSecret(first.pepper, 'token 1'), to);
    const [row] = await given().db.select().from(adminTokens).where(eq(adminTokens.id, 'adm_1'));
    expect(row?.hash.toString('hex')).toBe(to.hash);
    expect(await countUnderOthers(given().db, after.pepper)).toEqual({ keys: 0, tokens: 0 });
    // No hash uses the previous pepper, so the next rotation removes it.
    await begin(next, last);
    await finish(last);
    expect((await openInstallation(given().db, last)).otherPepper).toBeNull();
  });
});
