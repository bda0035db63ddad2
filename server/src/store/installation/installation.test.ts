import { expect, test } from 'vitest';
import { onEveryDatabase, openTestDatabase } from '../../../test/support/database.ts';
import { newDataKey } from '../../lib/secrets.ts';
import * as schema from '../schema.ts';
import { openInstallation, refuseWrongMasterKey, WrongMasterKey } from './installation.ts';

onEveryDatabase('the installation’s keys', (given, kind) => {
  const masterKey = newDataKey();
  const rows = () => given().db.select().from(schema.installation);

  test('are made with the first start and are the same ever after', async () => {
    const { db } = given();
    const first = await openInstallation(db, masterKey);
    const second = await openInstallation(db, masterKey);
    expect(first.isNew).toBe(true);
    expect(second).toEqual({ ...first, isNew: false });
    expect(first.pepper).toHaveLength(32);
    expect(first.credentials).toHaveLength(32);
    expect(first.credentials.equals(first.pepper)).toBe(false);
    expect(first.audit.key).toHaveLength(32);
    // There are no events from before the key, so none without a MAC is accepted.
    expect(first).toMatchObject({ audit: { unkeyedUntilMs: 0 }, isAuditKeyNew: false });
  });

  // promise: The key pepper is random and wrapped by the master key
  test('lie wrapped in one row, which holds none of them in any form', async () => {
    const { pepper, credentials, audit, id } = await openInstallation(given().db, masterKey);
    expect(await rows()).toHaveLength(1);
    const text = JSON.stringify(await rows());
    for (const key of [masterKey, pepper, credentials, audit.key]) {
      for (const form of ['base64', 'hex'] as const) expect(text).not.toContain(key.toString(form));
    }
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(pepper.toString('hex')).not.toContain(id);
  });

  test('gain an audit key after an upgrade, one for all that start at once, with a week for replicas without it', async () => {
    const old = await openTestDatabase(kind);
    try {
      const before = await openInstallation(old.db, masterKey);
      // The state that a version without an audit key leaves.
      await old.db.execute(`update installation set wrapped_keys = wrapped_keys - 'audit'`);
      await expect(openInstallation(old.db, newDataKey())).rejects.toThrow(WrongMasterKey);
      const startedMs = Date.now();
      const [one, other] = await Promise.all([openInstallation(old.db, masterKey), openInstallation(old.db, masterKey)]);
      expect(one.audit).toEqual(other.audit);
      expect(one.isAuditKeyNew).toBe(true);
      expect(one.audit.key.equals(before.audit.key)).toBe(false);
      expect(one.audit.unkeyedUntilMs - startedMs).toBeGreaterThanOrEqual(7 * 86_400_000);
      expect(one.audit.unkeyedUntilMs - startedMs).toBeLessThan(7 * 86_400_000 + 60_000);
      expect(one.pepper.equals(before.pepper)).toBe(true);
      expect(await openInstallation(old.db, masterKey)).toEqual({ ...one, isAuditKeyNew: false });
    } finally {
      await old.dispose();
    }
  });

  test('are refused to another master key, and the row stays as it was', async () => {
    const { db } = given();
    await openInstallation(db, masterKey);
    const before = await rows();
    for (const wrong of [newDataKey(), Buffer.alloc(32)]) {
      await expect(openInstallation(db, wrong)).rejects.toThrow(WrongMasterKey);
      await expect(refuseWrongMasterKey(db, wrong)).rejects.toThrow(WrongMasterKey);
    }
    await expect(openInstallation(db, newDataKey())).rejects.toThrow(/^HEADGATE_MASTER_KEY [^\n]*$/);
    await refuseWrongMasterKey(db, masterKey);
    expect(await rows()).toEqual(before);
  });

  test('are one set, also when two processes start on an empty database at once', async () => {
    const empty = await openTestDatabase(kind);
    try {
      const [one, other] = await Promise.all([openInstallation(empty.db, masterKey), openInstallation(empty.db, masterKey)]);
      expect(one.id).toBe(other.id);
      expect(one.pepper.equals(other.pepper)).toBe(true);
    } finally {
      await empty.dispose();
    }
  });

  test('on an empty database, migrated or not, are nobody’s: any master key is as good', async () => {
    const empty = await openTestDatabase(kind);
    try {
      await refuseWrongMasterKey(empty.db, newDataKey());
      await empty.db.execute('drop table installation');
      await refuseWrongMasterKey(empty.db, newDataKey());
    } finally {
      await empty.dispose();
    }
  });
});
