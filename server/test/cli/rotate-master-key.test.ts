import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { headgateHere as headgate } from './support.ts';

const MS_MAX = 300_000;
const POLL = { timeout: 30_000, interval: 200 };
const newKey = () => newDataKey().toString('base64');

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
    'on PostgreSQL: beside the gateway, which is started again with the new key; the pepper with it',
    async () => {
      opened = await openTestDatabase('postgresql');
      const { pool } = opened;
      const [old, next] = [newKey(), newKey()];
      const env = { DATABASE_URL: opened.url };
      const first = await startGateway({ env: { ...env, HEADGATE_MASTER_KEY: old } });
      const { dataDir, adminToken } = first;
      const { used, unused } = await furnish(first);
      const file = path.join(temporaryDirectory(), 'next');
      writeFileSync(file, next);
      const withOld = { ...env, HEADGATE_DATA_DIR: dataDir, HEADGATE_MASTER_KEY: old };
      const withNext = { ...withOld, HEADGATE_MASTER_KEY: next };
      const hashes = async () =>
        (await pool.query<{ hash: string }>({ text: "select encode(hash, 'hex') as hash from key_secrets order by 1" })).rows;
      const before = await hashes();

      expect(await headgate(withOld, 'rotate-master-key')).toMatchObject({
        code: 2,
        err: expect.stringContaining('HEADGATE_NEW_MASTER_KEY'),
      });
      const begun = await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY_FILE: file }, 'rotate-master-key', '--renew-pepper');
      expect(begun).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Both keys open\. Not finished: started with the old key are process \d+ on /),
      });
      // Again, as after a run that was cut short; and with another key than the one that was begun.
      expect(await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY: next }, 'rotate-master-key')).toMatchObject({ code: 0 });
      expect(await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY: newKey() }, 'rotate-master-key')).toMatchObject({
        code: 1,
        err: expect.stringContaining('A rotation to another key was begun'),
      });
      expect(await headgate(withNext, 'rotate-master-key')).toMatchObject({
        code: 1,
        err: expect.stringContaining('Not finished'),
      });
      expect(await chat(first, used.secret)).toBe(200);
      expect(await first.stop()).toBe(0);

      const second = await startGateway({ dataDir, adminToken, env: { ...env, HEADGATE_MASTER_KEY: next } });
      expect(await chat(second, used.secret)).toBe(200);
      expect(await hashes()).toEqual(before);
      expect(await headgate(withNext, 'rotate-master-key')).toMatchObject({ code: 0, out: expect.stringContaining('Finished') });
      expect(await headgate({ ...withNext, HEADGATE_NEW_MASTER_KEY: next }, 'rotate-master-key')).toMatchObject({
        code: 0,
        out: expect.stringContaining('Finished: HEADGATE_MASTER_KEY is the new key'),
      });
      expect(await headgate({ ...withOld, HEADGATE_NEW_MASTER_KEY: next }, 'rotate-master-key')).toMatchObject({
        code: 1,
        err: expect.stringContaining('is not the key'),
      });
      expect(await second.stop()).toBe(0);

      const third = await startGateway({ dataDir, adminToken, env: { ...env, HEADGATE_MASTER_KEY: next } });
      expect(await chat(third, used.secret)).toBe(200);
      await expect
        .poll(async () => (await hashes()).filter(({ hash }) => before.some((one) => one.hash === hash)).length)
        .toBe(1);
      // The token that the setting names moved too, and is the same one.
      const { data } = await third.admin<{ data: { origin: string | null; status: string }[] }>('GET', '/admin-tokens?limit=50');
      expect(data).toHaveLength(1);
      expect(
        await headgate({ ...withNext, HEADGATE_NEW_MASTER_KEY: newKey() }, 'rotate-master-key', '--renew-pepper'),
      ).toMatchObject({
        code: 1,
        err: expect.stringContaining('1 keys and 0 admin tokens were not used since'),
      });
      expect(await chat(third, unused.secret)).toBe(200);
      await expect
        .poll(async () => (await hashes()).filter(({ hash }) => before.some((one) => one.hash === hash)).length)
        .toBe(0);
      expect(await third.stop()).toBe(0);
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
    const [lost, next] = [readFileSync(file, 'utf8'), newKey()];
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
