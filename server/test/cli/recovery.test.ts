import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { headgate, headgateHere, type Ran } from './support.ts';

const MS_MAX = 240_000;
const OWNER = { email: 'owner@example.com', name: 'The Owner', password: 'seven green umbrellas' };

const tokenIn = ({ out }: Ran) => new URL(out.trim()).searchParams.get('token') ?? '';
const isValid = async (gateway: Gateway, token: string) =>
  (await gateway.admin<{ valid: boolean }>('GET', `/session/first-admin?token=${token}`)).valid;

async function becomeFirstAdmin(gateway: Gateway, token: string): Promise<number> {
  const response = await fetch(`${gateway.base}/api/v1/session/first-admin`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.base },
    body: JSON.stringify({ token, ...OWNER }),
  });
  return response.status;
}

async function whoAmI(gateway: Gateway, token: string): Promise<number> {
  const answer = await fetch(`${gateway.base}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}

describe('letting somebody in again from the command line', { timeout: MS_MAX }, () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  test('on an embedded database: while nothing serves it, and never beside a gateway', async () => {
    const dataDir = temporaryDirectory();
    // In development every start prints a link of its own, and an older one no longer works.
    const production = { HEADGATE_MODE: 'production', HEADGATE_MASTER_KEY: newDataKey().toString('base64') };
    const here = { ...production, HEADGATE_DATA_DIR: dataDir };
    expect(await (await startGateway({ dataDir, env: production })).stop()).toBe(0);
    const first = await headgate(here, 'first-admin-link', '--public-url', 'https://gate.example.com');
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^https:\/\/gate\.example\.com\/first-admin\?token=\S+\n$/),
    });
    expect(first.err).toMatch(new RegExp(`^Using the embedded database in ${dataDir}\\.\n`));
    const second = await headgate(here, 'first-admin-link');
    const made = await headgate(here, 'admin-token');
    expect(made.out).toMatch(/^hgadm_\w+\n$/);
    const gateway = await startGateway({ dataDir, env: production });
    expect(await isValid(gateway, tokenIn(first))).toBe(false);
    expect(await isValid(gateway, tokenIn(second))).toBe(true);
    expect(await whoAmI(gateway, made.out.trim())).toBe(200);
    expect(await becomeFirstAdmin(gateway, tokenIn(second))).toBe(200);
    const beside = await headgate(here, 'admin-token');
    expect(beside).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^headgate: The data directory .* is in use by .*\n$/m),
    });
    const { data } = await gateway.admin<{ data: { action: string; actor: { kind: string } }[] }>(
      'GET',
      '/audit-events?limit=200',
    );
    const byOperator = data.filter(({ actor }) => actor.kind === 'operator').map(({ action }) => action);
    expect(byOperator).toEqual(['admin_token.create', 'first_admin_link.create', 'first_admin_link.create']);
    await gateway.admin('GET', '/audit-events/verify');
    expect(await gateway.stop()).toBe(0);
    // Once an admin can sign in, no link makes another.
    expect(await headgate(here, 'first-admin-link')).toMatchObject({ code: 1, out: '' });
    expect(await headgate(here, 'reset-second-factor', OWNER.email.toUpperCase())).toMatchObject({ code: 0 });
    expect(await headgate(here, 'reset-second-factor', 'nobody@example.com')).toMatchObject({ code: 3, out: '' });
  });

  // promise: Without a mail server a platform admin may vouch
  test.skipIf(!hasPostgres())('on PostgreSQL: beside the gateway that serves it', async () => {
    opened = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: opened.url };
    const gateway = await startGateway({ env });
    const here = { ...env, HEADGATE_DATA_DIR: gateway.dataDir };
    const made = await headgate(here, 'admin-token');
    expect(made.code).toBe(0);
    const { host, pathname } = new URL(opened.url as string);
    expect(made.err).toContain(`Using the PostgreSQL database ${pathname.slice(1)} at ${host}.\n`);
    expect(await whoAmI(gateway, made.out.trim())).toBe(200);
    const link = await headgate(here, 'first-admin-link');
    expect(await becomeFirstAdmin(gateway, tokenIn(link))).toBe(200);
    expect(await becomeFirstAdmin(gateway, tokenIn(link))).toBe(409);
    const { id } = await gateway.admin<{ id: string }>('POST', '/admin-tokens', { name: 'of before', role: 'platform_admin' });
    const owner = async () => (await gateway.admin<{ owner: { kind: string } }>('GET', `/admin-tokens/${id}`)).owner.kind;
    await opened.pool.query({
      text: "update admin_tokens set origin = null, unowned_ends_at = now() + interval '1 day' where id = $1",
      values: [id],
    });
    expect(await owner()).toBe('nobody');
    expect(await headgate(here, 'admin-tokens', 'adopt', id)).toMatchObject({ code: 0, out: expect.stringContaining(id) });
    expect(await owner()).toBe('installation');
    expect(await headgate(here, 'admin-tokens', 'adopt', id)).toMatchObject({ code: 3, out: '' });
    expect(await headgate(here, 'admin-tokens', 'adopt', 'adm_unknown')).toMatchObject({ code: 3, out: '' });
    // Both are the operator's word for an address.
    const account = await gateway.admin<{ id: string }>('POST', '/accounts', { email: 'lost@example.com', name: 'Lost' });
    expect((await headgate(here, 'reset-second-factor', 'lost@example.com')).out).toContain('counts as proved');
    const { data } = await gateway.admin<{ data: object[] }>('GET', '/accounts?address=proved');
    const byOperator = { address_proof: { how: 'operator', by: 'command_line' } };
    // The newest first.
    expect(data).toMatchObject([
      { id: account.id, ...byOperator },
      { email: OWNER.email, ...byOperator },
    ]);
    const wrong = await headgate({ ...here, HEADGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }, 'admin-token');
    expect(wrong).toMatchObject({ code: 1, out: '', err: expect.stringContaining('HEADGATE_MASTER_KEY') });
    expect(await gateway.stop()).toBe(0);
  });

  test('where no database is, none is made: the settings may be those of another shell', async () => {
    const dataDir = path.join(temporaryDirectory(), 'data');
    for (const argv of [['first-admin-link'], ['admin-token'], ['rotate-master-key'], ['replace-lost-master-key', '--yes']]) {
      const { code, out, err } = await headgateHere({ HEADGATE_DATA_DIR: dataDir }, ...argv);
      expect({ argv, code, out }).toEqual({ argv, code: 1, out: '' });
      expect(err).toContain(`headgate: DATABASE_URL is not set, and ${dataDir} has no embedded database.`);
    }
    expect(existsSync(dataDir)).toBe(false);
  });

  test('a bad command line is exit code 2 and touches nothing', async () => {
    const file = path.join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const here = { HEADGATE_DATA_DIR: file };
    for (const argv of [
      ['admin-token', 'more'],
      ['admin-token', '--nonsense', '1'],
      ['reset-second-factor'],
      ['admin-tokens'],
      ['admin-tokens', 'adopt'],
      ['reset-second-factor', OWNER.email, '--port', 'many'],
    ]) {
      const { code, out } = await headgate(here, ...argv);
      expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
    }
    // A flag of a setting counts above the environment, under both of its names, and the last that is given.
    for (const flags of [
      ['--port', '1', '--port', 'many'],
      ['--headgate-port=many'],
      ['--port', '1', '--headgate-port', 'many'],
    ]) {
      const { code, err } = await headgate({ ...here, HEADGATE_PORT: '4100' }, 'admin-token', ...flags);
      expect({ flags, code, err }).toEqual({ flags, code: 2, err: expect.stringContaining('HEADGATE_PORT: "many"') });
    }
    expect(await headgate(here, 'admin-token')).toMatchObject({ code: 1, err: expect.stringContaining('HEADGATE_DATA_DIR') });
  });
});
