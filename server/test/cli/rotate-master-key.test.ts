import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { configFrom } from '../../src/config-source.ts';
import { hashSecret, masterKeyName, newDataKey } from '../../src/lib/secrets.ts';
import { openAuditHeads } from '../../src/store/audit-heads.ts';
import { verifyAuditChain } from '../../src/store/audit-proof.ts';
import type { Database } from '../../src/store/database.ts';
import { type Installation, openInstallation } from '../../src/store/installation.ts';
import { acquireLease } from '../../src/store/lease.ts';
import * as schema from '../../src/store/schema.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
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
  const source = configFrom(db, installation, () => {});
  return (await source.findKeyBySecret(secret))?.key.id ?? null;
}

/** How many of the two secrets are stored under a pepper. */
async function hashesUnder(db: Database, pepper: Buffer): Promise<number> {
  const rows = await db.select().from(schema.keySecrets);
  const hashes = ['sk-hg-used', 'sk-hg-unused'].map((secret) => hashSecret(pepper, secret));
  return rows.filter(({ hash }) => hashes.includes(hash.toString('hex'))).length;
}

async function chat({ base }: Gateway, secret: string): Promise<number> {
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'known', messages: [{ role: 'user', content: 'What was said?' }] }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** An organization that keeps what was said, with a key and a model. */
async function furnish(gateway: Gateway) {
  await makeModel(gateway, { model: 'known', provider: 'fake', upstreamModel: 'fake-fast' });
  const tenant = await makeTenant(gateway, { audit: { content: 'full' } });
  await makeCredential(gateway, 'openai', 'http://127.0.0.1:9');
  const [used, unused] = [await makeKey(gateway, tenant), await makeKey(gateway, tenant)];
  expect(await chat(gateway, used.secret)).toBe(200);
  return { tenant, used, unused };
}

/** What was kept of every request, as the platform's admin reads it. */
async function kept(gateway: Gateway, organizationId: string): Promise<string[]> {
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', `/requests?organization_id=${organizationId}`);
  const read = data.map(({ id }) => gateway.admin<{ content: object | null }>('GET', `/requests/${id}?content=true`));
  return (await Promise.all(read)).map(({ content }) => JSON.stringify(content));
}

async function verify(gateway: Gateway, organizationId: string): Promise<string> {
  const here = { HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: gateway.adminToken };
  const ran = await headgate(here, 'audit', 'verify', '--organization', organizationId);
  expect(ran.code).toBe(0);
  return ran.out;
}

describe('headgate rotate-master-key', { timeout: MS_MAX }, () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  // promise: Both master keys open the installation
  test('on an embedded database: one run while the gateway is stopped; the old key opens nothing, all that was kept is read', async () => {
    const gateway = await startGateway({ env: { HEADGATE_MASTER_KEY: null } });
    const { dataDir, adminToken } = gateway;
    const { tenant, used } = await furnish(gateway);
    const here = { HEADGATE_DATA_DIR: dataDir };
    expect(await headgate(here, 'rotate-master-key')).toMatchObject({ code: 1, err: expect.stringContaining('is in use by') });
    expect(await gateway.stop()).toBe(0);
    const file = path.join(dataDir, 'master.key');
    const old = readFileSync(file, 'utf8').trim();
    const ran = await headgate(here, 'rotate-master-key');
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^Finished: the old key opens nothing any more\./) });
    const next = readFileSync(file, 'utf8').trim();
    expect(next).not.toBe(old);
    expect(existsSync(`${file}.next`)).toBe(false);
    for (const key of [old, next]) expect(`${ran.out}${ran.err}`).not.toContain(key);
    await expect(startGateway({ dataDir, env: { HEADGATE_MASTER_KEY: old } })).rejects.toThrow(
      /\nheadgate: HEADGATE_MASTER_KEY is not the key [^\n]+\n$/,
    );
    const again = await startGateway({ dataDir, adminToken });
    expect(await chat(again, used.secret)).toBe(200);
    await expect.poll(() => kept(again, tenant.organizationId), POLL).toHaveLength(2);
    for (const content of await kept(again, tenant.organizationId)) expect(content).toContain('What was said?');
    expect(await verify(again, tenant.organizationId)).toContain('intact');
    expect(await again.stop()).toBe(0);
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
        out: expect.stringMatching(/^Both keys open\. Not finished: started with the old key are process \d+ on [^\n]+\n$/),
      });
      // Again, as after a run that was cut short; and with another key than the one that was begun.
      const given = { ...withOld, HEADGATE_NEW_MASTER_KEY: textOf(next) };
      expect(await headgate(given, 'rotate-master-key')).toMatchObject({ code: 0, err: '' });
      const another = await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY: textOf(newDataKey()) }, 'rotate-master-key');
      expect(another).toMatchObject({ code: 1, err: expect.stringContaining('A rotation to another key was begun') });
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
        out: expect.stringMatching(/^Finished: the old key opens nothing/),
      });
      expect(await headgate({ ...withNext, HEADGATE_NEW_MASTER_KEY: textOf(next) }, 'rotate-master-key')).toMatchObject({
        code: 0,
        out: expect.stringContaining('Finished: HEADGATE_MASTER_KEY is the new key'),
      });
      expect(await headgate(given, 'rotate-master-key')).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('is not the key'),
      });

      const after = await openInstallation(db, next);
      expect(await foundIn(db, after, used)).toBe('key_0');
      await expect.poll(() => hashesUnder(db, after.pepper), POLL).toBe(1);
      for (const installation of [between, after]) expect(await foundIn(db, installation, used)).toBe('key_0');
      const renewed = { ...withNext, HEADGATE_NEW_MASTER_KEY: textOf(newDataKey()) };
      expect(await headgate(renewed, 'rotate-master-key', '--renew-pepper')).toMatchObject({
        code: 1,
        err: expect.stringContaining('1 keys and 0 admin tokens were not used since'),
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
  test('goes on with a new one: what it sealed stays closed, everything else is there, and the guide’s steps give it back', async () => {
    const first = await startGateway({ env: { HEADGATE_MASTER_KEY: null } });
    const { dataDir, adminToken } = first;
    const { tenant, used } = await furnish(first);
    const { total_nano_usd: _, ...before } = await first.admin<Record<string, unknown>>(
      'GET',
      `/organizations/${tenant.organizationId}`,
    );
    expect(await first.stop()).toBe(0);
    const file = path.join(dataDir, 'master.key');
    const here = { HEADGATE_DATA_DIR: dataDir };
    expect(await headgate(here, 'replace-lost-master-key', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not lost'),
    });
    const [lost, next] = [readFileSync(file, 'utf8'), textOf(newDataKey())];
    writeFileSync(file, `${next}\n`);
    expect(await headgate(here, 'rotate-master-key')).toMatchObject({ code: 1, err: expect.stringContaining('is not the key') });
    expect(await headgate(here, 'replace-lost-master-key')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be undone'),
    });
    const replaced = await headgate(here, 'replace-lost-master-key', '--yes');
    expect(replaced).toMatchObject({ code: 0, out: expect.stringContaining('The new master key opens the database') });
    // Again, as after one that was cut short.
    expect(await headgate(here, 'replace-lost-master-key', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('anew: 0'),
    });
    const withLost = await headgate({ ...here, HEADGATE_MASTER_KEY: lost.trim() }, 'admin-token');
    expect(withLost).toMatchObject({ code: 1, out: '', err: expect.stringContaining('is not the key') });

    // The journal of before is still this installation's, and the token of the settings is stored anew.
    const again = await startGateway({ dataDir, adminToken });
    expect(await chat(again, used.secret)).toBe(401);
    expect(await kept(again, tenant.organizationId)).toEqual(['null']);
    const after = await again.admin<Record<string, unknown>>('GET', `/organizations/${tenant.organizationId}`);
    expect(after).toMatchObject({ id: before.id, name: before.name, audit: before.audit });
    expect(await verify(again, tenant.organizationId)).toContain('intact');
    // What the guide says to do.
    const { secret } = await again.admin<{ secret: string }>('POST', `/keys/${used.id}/rotate`, {});
    expect(await chat(again, secret)).toBe(200);
    const readable = async () =>
      (await kept(again, tenant.organizationId)).filter((content) => content.includes('What was said?'));
    await expect.poll(readable, POLL).toHaveLength(1);
    const { data } = await again.admin<{ data: { id: string }[] }>('GET', '/credentials');
    for (const { id } of data) await again.admin('PATCH', `/credentials/${id}`, { api_key: 'sk-given-again-0123456789' });
    expect(await again.stop()).toBe(0);
  });
});
