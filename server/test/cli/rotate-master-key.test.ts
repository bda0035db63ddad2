import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, test } from 'vitest';
import { configFrom } from '../../src/boot/config-source.ts';
import { lockDirectory } from '../../src/lib/directory-lock.ts';
import {
  contentKeyPurpose,
  hashesOf,
  hashSecret,
  masterKeyName,
  newDataKey,
  openContentKey,
  wrapKey,
} from '../../src/lib/secrets.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { masterKeyFor } from '../../src/settings/data-directory.ts';
import * as adminTokens from '../../src/store/accounts/admin-tokens.ts';
import { COMMAND_HEADS_FILE, openAuditHeads } from '../../src/store/audit/audit-heads.ts';
import { verifyAuditChain } from '../../src/store/audit/audit-proof.ts';
import type { Database } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/installation/embedded.ts';
import { type Installation, openInstallation } from '../../src/store/installation/installation.ts';
import { acquireLease } from '../../src/store/installation/lease.ts';
import * as schema from '../../src/store/schema.ts';
import { temporaryDirectory } from '../prove/gateway.ts';
import { putDatabase } from '../prove/prepared-database.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { headgateHere as headgate } from './support.ts';

const MS_MAX = 300_000;
const POLL = { timeout: 30_000, interval: 200 };
const textOf = (key: Buffer) => key.toString('base64');

/** Keys of one organization, by their secrets, as a version before stored them. */
async function storeKeys(db: Database, pepper: Buffer, secrets: readonly string[]): Promise<void> {
  const organizationId = 'org_1';
  await db.insert(schema.organizations).values({ id: organizationId, slug: 'acme', name: 'Acme' });
  await db.insert(schema.teams).values({ organizationId, id: 'team_1', name: 'Team' });
  const account = { organizationId, teamId: 'team_1', id: 'svc_1', name: 'Service' };
  await db.insert(schema.serviceAccounts).values(account);
  for (const [at, secret] of secrets.entries()) {
    const key = { organizationId, id: `key_${at}`, teamId: 'team_1', name: secret, ownerServiceAccountId: 'svc_1' };
    await db.insert(schema.keys).values({ ...key, prefix: 'sk-hg-xxxx', lastFour: 'xxxx', createdBy: 'acct_1' });
    await db
      .insert(schema.keySecrets)
      .values({ organizationId, keyId: key.id, hash: Buffer.from(hashSecret(pepper, secret), 'hex') });
  }
}

/** The id of the key that a process with these keys finds. */
async function foundIn(db: Database, installation: Installation, secret: string): Promise<string | null> {
  const source = configFrom(db, installation, {
    ambientClouds: new Set(),
    clock: systemClock,
    presets: [],
    onUnreadable: () => {},
  });
  return (await source.findKeyBySecret(secret))?.key.id ?? null;
}

/** How many of the two secrets are stored under a pepper. */
async function hashesUnder(db: Database, pepper: Buffer): Promise<number> {
  const rows = await db.select().from(schema.keySecrets);
  const hashes = ['sk-hg-used', 'sk-hg-unused'].map((secret) => hashSecret(pepper, secret));
  return rows.filter(({ hash }) => hashes.includes(hash.toString('hex'))).length;
}

/** A data directory with a database, as a first start leaves it, and the key beside it. */
async function newDirectory(): Promise<string> {
  const dataDir = temporaryDirectory();
  await putDatabase(dataDir);
  return dataDir;
}

/** Looks into the embedded database between two commands. */
async function within<Result>(dataDir: string, work: (db: Database) => Promise<Result>): Promise<Result> {
  const opened = await openEmbedded({ dataDir });
  try {
    return await work(opened.db);
  } finally {
    await opened.close();
  }
}

/** An organization whose content key is as a version before left it. */
async function organizationOfBefore(db: Database, master: Buffer): Promise<Buffer> {
  const key = newDataKey();
  const contentKey = wrapKey(master, key, contentKeyPurpose('org_1'));
  await db.insert(schema.organizations).values({ id: 'org_1', slug: 'acme', name: 'Acme', contentKey });
  return key;
}

/** The content key of the organization, as a process with these keys opens it. */
async function contentKeyIn(db: Database, master: Buffer, { content }: Installation): Promise<Buffer> {
  const [row] = await db.select().from(schema.organizations);
  const wrapped = { bytes: row?.contentKey as Buffer, by: row?.contentKeyBy ?? 'master' };
  return openContentKey({ master, installation: content }, 'org_1', wrapped);
}

/** What `audit verify` says of the platform's chain, with the file of heads that commands write. */
async function verdictOn(db: Database, dataDir: string, { audit }: Installation) {
  const heads = openAuditHeads({ path: path.join(dataDir, COMMAND_HEADS_FILE), onFailure: () => {} });
  return verifyAuditChain(db, { key: audit, heads, onContradiction: () => {} }, null, Date.now());
}

describe('headgate rotate-master-key', { timeout: MS_MAX }, () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  // promise: Both master keys open the installation
  test('on an embedded database: one run while nobody serves; the old key opens nothing, all that was kept opens', async () => {
    const dataDir = await newDirectory();
    const here = { HEADGATE_DATA_DIR: dataDir };
    const old = masterKeyFor(dataDir);
    const [before, contentKey] = await within(dataDir, async (db) => {
      const installation = await openInstallation(db, old);
      return [installation, await organizationOfBefore(db, old)] as const;
    });
    const lock = await lockDirectory(dataDir, () => {});
    expect(await headgate(here, 'rotate-master-key')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('in use by'),
    });
    await lock.release();
    const ran = await headgate(here, 'rotate-master-key');
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^Finished: the old key no longer opens anything\./) });
    const next = masterKeyFor(dataDir);
    expect(next.equals(old)).toBe(false);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('master.key'))).toEqual(['master.key']);
    for (const key of [old, next]) expect(`${ran.out}${ran.err}`).not.toContain(textOf(key));
    const withOld = await headgate({ ...here, HEADGATE_MASTER_KEY: textOf(old) }, 'admin-token');
    expect(withOld).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^headgate: HEADGATE_MASTER_KEY is not the master key [^\n]+\n$/m),
    });
    const file = path.join(temporaryDirectory(), 'old.key');
    writeFileSync(file, textOf(old));
    expect(await headgate({ ...here, HEADGATE_MASTER_KEY_FILE: file }, 'admin-token')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^headgate: HEADGATE_MASTER_KEY_FILE is not the master key [^\n]+\n$/m),
    });
    await within(dataDir, async (db) => {
      const after = await openInstallation(db, next);
      expect(after).toEqual({ ...before, isNew: false });
      expect((await contentKeyIn(db, next, after)).equals(contentKey)).toBe(true);
      expect(await verdictOn(db, dataDir, after)).toMatchObject({ is: 'intact', events: 2 });
    });
  });

  // promise: The pepper can be renewed
  test.skipIf(!hasPostgres())(
    'on PostgreSQL: beside processes, which are started again with the new key; the pepper with it',
    async () => {
      opened = await openTestDatabase('postgresql');
      const { db, url } = opened;
      const [old, next] = [newDataKey(), newDataKey()];
      const dataDir = temporaryDirectory();
      const file = path.join(dataDir, 'next');
      writeFileSync(file, textOf(next));
      const withOld = { DATABASE_URL: url as string, HEADGATE_DATA_DIR: dataDir, HEADGATE_MASTER_KEY: textOf(old) };
      const withNext = { ...withOld, HEADGATE_MASTER_KEY: textOf(next) };
      const start = (name: string, key: Buffer) =>
        acquireLease(db, { name: `replica:${name}`, onLost: () => {}, knows: '9999', masterKey: masterKeyName(key) });
      const first = await openInstallation(db, old);
      const [used, unused] = ['sk-hg-used', 'sk-hg-unused'] as const;
      await storeKeys(db, first.pepper, [used, unused]);
      const [one, other] = [await start('one', old), await start('other', old)];

      expect(await headgate(withOld, 'rotate-master-key')).toMatchObject({
        code: 2,
        err: expect.stringContaining('HEADGATE_NEW_MASTER_KEY'),
      });
      const begun = await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY_FILE: file }, 'rotate-master-key', '--renew-pepper');
      expect(begun).toMatchObject({
        code: 0,
        out: expect.stringMatching(
          /^Both keys open the installation\. Not finished: these processes still use the old key: process \d+ on [^\n]+\n$/,
        ),
      });
      // Again, as after a run that was cut short; and with another key than the one that was begun.
      const given = { ...withOld, HEADGATE_NEW_MASTER_KEY: textOf(next) };
      expect(await headgate(given, 'rotate-master-key')).toMatchObject({
        code: 0,
        err: expect.stringMatching(/^Using the PostgreSQL database \S+ at [^\n]+\n$/),
      });
      const another = await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY: textOf(newDataKey()) }, 'rotate-master-key');
      expect(another).toMatchObject({ code: 1, err: expect.stringContaining('A rotation to another key was started') });
      await one.release();
      await start('one', next);
      expect(await headgate(withNext, 'rotate-master-key')).toMatchObject({
        code: 1,
        err: expect.stringContaining('Not finished'),
      });
      // Started in between: it finds keys under both peppers, and moves none.
      const between = await openInstallation(db, next);
      expect(await foundIn(db, between, used)).toBe('key_0');
      expect(await hashesUnder(db, first.pepper)).toBe(2);
      await other.release();
      await start('other', next);
      expect(await headgate(withNext, 'rotate-master-key')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Finished: the old key no longer opens anything/),
      });
      expect(await headgate({ ...withNext, HEADGATE_NEW_MASTER_KEY: textOf(next) }, 'rotate-master-key')).toMatchObject({
        code: 0,
        out: expect.stringContaining('Finished: HEADGATE_MASTER_KEY is the new key'),
      });
      expect(await headgate(given, 'rotate-master-key')).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('is not the master key'),
      });

      const after = await openInstallation(db, next);
      expect(await foundIn(db, after, used)).toBe('key_0');
      await expect.poll(() => hashesUnder(db, after.pepper), POLL).toBe(1);
      for (const installation of [between, after]) expect(await foundIn(db, installation, used)).toBe('key_0');
      const renewed = { ...withNext, HEADGATE_NEW_MASTER_KEY: textOf(newDataKey()) };
      expect(await headgate(renewed, 'rotate-master-key', '--renew-pepper')).toMatchObject({
        code: 1,
        err: expect.stringContaining('1 keys and 0 admin tokens still depend on the old one'),
      });
      expect(await foundIn(db, between, unused)).toBe('key_1');
      expect(await foundIn(db, after, unused)).toBe('key_1');
      await expect.poll(() => hashesUnder(db, after.pepper), POLL).toBe(2);
      expect(await foundIn(db, after, 'sk-hg-nobody')).toBeNull();
      const audit = {
        key: after.audit,
        heads: openAuditHeads({ path: path.join(dataDir, 'none'), onFailure: () => {} }),
        onContradiction: () => {},
      };
      expect(await verifyAuditChain(db, audit, null, Date.now())).toMatchObject({ is: 'intact', events: 2 });
    },
  );

  test('a bad command line is exit code 2 and touches nothing', async () => {
    const dataDir = temporaryDirectory();
    for (const argv of [
      ['rotate-master-key', 'more'],
      ['rotate-master-key', '--undo', '--renew-pepper'],
      ['rotate-master-key', '--nonsense', '1'],
      ['replace-lost-master-key'],
    ]) {
      const { code, out } = await headgate({ HEADGATE_DATA_DIR: dataDir }, ...argv);
      expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
    }
    expect(existsSync(path.join(dataDir, 'master.key'))).toBe(false);
  });
});

describe('headgate replace-lost-master-key', { timeout: MS_MAX }, () => {
  // promise: After a lost master key
  test('goes on with a new one: what the lost one sealed stays closed, and everything else is there', async () => {
    const dataDir = await newDirectory();
    const here = { HEADGATE_DATA_DIR: dataDir };
    const lost = masterKeyFor(dataDir);
    const [before, contentKey] = await within(dataDir, async (db) => {
      const installation = await openInstallation(db, lost);
      return [installation, await organizationOfBefore(db, lost)] as const;
    });
    const token = (await headgate(here, 'admin-token')).out.trim();
    expect(await headgate(here, 'replace-lost-master-key', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not lost'),
    });
    const next = newDataKey();
    writeFileSync(path.join(dataDir, 'master.key'), `${textOf(next)}\n`);
    expect(await headgate(here, 'rotate-master-key')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not the master key'),
    });
    expect(await headgate(here, 'replace-lost-master-key')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be undone'),
    });
    expect(await headgate(here, 'replace-lost-master-key', '--yes')).toMatchObject({
      code: 0,
      out: 'The new master key opens the database. New content keys: 1; audit chains closed: 1.\n',
    });
    // Again, as after one that was cut short.
    expect(await headgate(here, 'replace-lost-master-key', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('New content keys: 0; audit chains closed: 0.'),
    });
    const withLost = await headgate({ ...here, HEADGATE_MASTER_KEY: textOf(lost) }, 'admin-token');
    expect(withLost).toMatchObject({ code: 1, out: '', err: expect.stringContaining('is not the master key') });
    // What the guide says to do: a token of the new pepper.
    const again = (await headgate(here, 'admin-token')).out.trim();
    await within(dataDir, async (db) => {
      const after = await openInstallation(db, next);
      // The rows in journals are still this installation's.
      expect(after.id).toBe(before.id);
      for (const name of ['pepper', 'credentials', 'content'] as const) expect(after[name].equals(before[name])).toBe(false);
      expect((await contentKeyIn(db, next, after)).equals(contentKey)).toBe(false);
      expect(await adminTokens.findByHash(db, hashesOf(after, token))).toBeNull();
      expect(await adminTokens.findByHash(db, hashesOf(after, again))).not.toBeNull();
      // One event under the lost key, the one that closes it, two replacements and a token.
      expect(await verdictOn(db, dataDir, after)).toMatchObject({ is: 'intact', events: 5, keyedFromSeq: 2 });
      expect((await db.select().from(schema.organizations))[0]).toMatchObject({ id: 'org_1', name: 'Acme' });
    });
  });

  test('finds what was changed in events that the lost key wrote by their hashes, and refuses a forged one after them', async () => {
    const dataDir = await newDirectory();
    const here = { HEADGATE_DATA_DIR: dataDir };
    await headgate(here, 'admin-token');
    await headgate(here, 'admin-token');
    const next = newDataKey();
    writeFileSync(path.join(dataDir, 'master.key'), textOf(next));
    await headgate(here, 'replace-lost-master-key', '--yes');
    await within(dataDir, async (db) => {
      const after = await openInstallation(db, next);
      expect(await verdictOn(db, dataDir, after)).toMatchObject({ is: 'intact' });
      await db.execute(sql`alter table audit_events disable trigger all`);
      await db.execute(sql`update audit_events set mac = decode(repeat('00', 32), 'hex') where seq = 4`);
      expect(await verdictOn(db, dataDir, after)).toMatchObject({ is: 'broken', seq: 4, because: 'key' });
      await db.execute(sql`update audit_events set actor_name = 'Somebody else' where seq = 1`);
      expect(await verdictOn(db, dataDir, after)).toMatchObject({ is: 'broken', seq: 1, because: 'hash' });
    });
  });
});
