import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepConfiguredToken, welcome } from '../src/cli/welcome.ts';
import { createLogger } from '../src/lib/log.ts';
import { hashSecret, newDataKey } from '../src/lib/secrets.ts';
import { type Config, readConfig } from '../src/settings/config.ts';
import * as schema from '../src/store/schema.ts';
import { upstream } from './admin/catalogue-support.ts';
import { withAdmin } from './admin/support.ts';
import { openTestDatabase, type TestDatabase, withDatabase } from './support/database.ts';

const ADDRESS = 'http://127.0.0.1:4000';
const SECRET = /\b(hgadm_|sk-hg-)[0-9A-Za-z]{20,}/g;
const log = createLogger('json');

let dataDir: string;
let printed: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'headgate-welcome-'));
  printed = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dataDir, { recursive: true, force: true });
});

const configOf = (env: Record<string, string> = {}): Config => readConfig({ HEADGATE_DATA_DIR: dataDir, ...env });
const secretsIn = (text: string) => text.match(SECRET) ?? [];
const PRODUCTION = { HEADGATE_MODE: 'production', HEADGATE_MASTER_KEY: newDataKey().toString('base64') };

describe('the first screen', () => {
  let opened: TestDatabase;
  const pepper = newDataKey();
  beforeEach(async () => {
    opened = await openTestDatabase('embedded');
  });
  afterEach(() => opened.dispose());

  async function start(env?: Record<string, string>, db = opened.db): Promise<string> {
    printed = [];
    await keepConfiguredToken(db, { pepper, otherPepper: null }, configOf(env));
    await welcome({
      config: configOf(env),
      stores: { database: { db }, installation: { pepper } },
      log,
      addresses: { own: ADDRESS, shown: ADDRESS },
    });
    return printed.join('');
  }
  const tokens = () => opened.db.select().from(schema.adminTokens);

  // promise: the first one is given or printed at first start
  test('shows a new platform admin token once, and later starts show no secret', async () => {
    const first = await start();
    const [token] = secretsIn(first);
    expect(secretsIn(first)).toHaveLength(1);
    expect(token).toMatch(/^hgadm_/);
    const [row] = await tokens();
    expect(row).toMatchObject({ role: 'platform_admin', organizationId: null, lastFour: token?.slice(-4), revokedAt: null });
    const second = await start();
    expect(secretsIn(second)).toEqual([]);
    expect(second).toContain('shown at the first start');
    expect(await tokens()).toHaveLength(1);
    for (const screen of [first, second]) expect(screen).toContain(`${ADDRESS}/api/docs`);
  });

  test('has shown the token before it is stored, so that an interrupted start leaves none that nobody has seen', async () => {
    const broken = new Proxy(opened.db, {
      get: (db, name) => {
        if (name === 'insert') throw new Error('the database went away');
        return Reflect.get(db, name, db);
      },
    });
    await expect(start({}, broken)).rejects.toThrow('went away');
    expect(secretsIn(printed.join(''))).toHaveLength(1);
    expect(secretsIn(await start())).toHaveLength(1);
  });

  test('stores a token that is given, never prints it, and does not bring a revoked one back', async () => {
    const given = { HEADGATE_ADMIN_TOKEN: 'hgadm_chosen-by-the-operator' };
    expect(await start(given)).not.toContain(given.HEADGATE_ADMIN_TOKEN);
    expect(await tokens()).toHaveLength(1);
    await opened.db.update(schema.adminTokens).set({ revokedAt: new Date() });
    await start(given);
    const rows = await tokens();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.revokedAt).not.toBeNull();
  });

  // promise: The configured token and those of the recovery commands
  test('ends the token that was given before, which goes on when it is given again; one of a person stays', async () => {
    const [first, second] = ['hgadm_the-first-of-the-two', 'hgadm_the-second-of-the-two'];
    const worksNow = async (token: string) => {
      const hash = Buffer.from(hashSecret(pepper, token), 'hex');
      const row = (await tokens()).find((one) => one.hash.equals(hash));
      return row !== undefined && (row.expiresAt === null || row.expiresAt.getTime() > Date.now());
    };
    const own = {
      id: 'adm_own',
      name: 'own',
      role: 'platform_admin',
      hash: Buffer.from('own'),
      lastFour: 'own_',
      createdBy: 'acct_1',
    };
    await opened.db.insert(schema.adminTokens).values({ ...own, makerAccountId: 'acct_1' });
    await keepConfiguredToken(opened.db, { pepper, otherPepper: null }, configOf({ HEADGATE_ADMIN_TOKEN: first }));
    await keepConfiguredToken(opened.db, { pepper, otherPepper: null }, configOf({ HEADGATE_ADMIN_TOKEN: second }));
    expect([await worksNow(first), await worksNow(second)]).toEqual([false, true]);
    await keepConfiguredToken(opened.db, { pepper, otherPepper: null }, configOf({}));
    expect([await worksNow(first), await worksNow(second)], 'without the setting nothing changes').toEqual([false, true]);
    await keepConfiguredToken(opened.db, { pepper, otherPepper: null }, configOf({ HEADGATE_ADMIN_TOKEN: first }));
    expect([await worksNow(first), await worksNow(second)]).toEqual([true, false]);
    expect((await tokens()).find((row) => row.id === 'adm_own')?.expiresAt).toBeNull();
  });

  // promise: The configured token and those of the recovery commands
  test('gives the configured token and the first one to the installation, also one that an older version stored', async () => {
    const given = 'hgadm_configured-long-ago-already';
    const old = { id: 'adm_old', name: 'HEADGATE_ADMIN_TOKEN', role: 'platform_admin', lastFour: 'eady', createdBy: 'start' };
    await opened.db.insert(schema.adminTokens).values({ ...old, hash: Buffer.from(hashSecret(pepper, given), 'hex') });
    await start();
    await keepConfiguredToken(opened.db, { pepper, otherPepper: null }, configOf({ HEADGATE_ADMIN_TOKEN: given }));
    const rows = await tokens();
    expect(rows).toMatchObject([{ id: 'adm_old', origin: 'configured', unownedEndsAt: null }]);
    await opened.db.delete(schema.adminTokens);
    await start();
    expect(await tokens()).toMatchObject([{ origin: 'first_start', unownedEndsAt: null }]);
  });

  test('stores a token that is given once, however many processes start at the same time', async () => {
    const given = configOf({ HEADGATE_ADMIN_TOKEN: 'hgadm_of-many-replicas-at-once' });
    await Promise.all(Array.from({ length: 8 }, () => keepConfiguredToken(opened.db, { pepper, otherPepper: null }, given)));
    expect(await tokens()).toHaveLength(1);
  });

  test('has a link to become the first admin until somebody is one; each start makes a new one', async () => {
    const linkIn = (screen: string) => /\/first-admin\?token=[\w-]+/.exec(screen)?.[0] ?? null;
    const [first, second] = [linkIn(await start()), linkIn(await start())];
    expect([first, second]).toEqual([expect.any(String), expect.any(String)]);
    expect(first).not.toBe(second);
    expect(await opened.db.select().from(schema.oneTimeLinks)).toHaveLength(1);
    expect(linkIn(await start(PRODUCTION))).toBeNull();
    await opened.db.insert(schema.accounts).values({ id: 'acct_1', name: 'A', email: 'a@b.c', platformRole: 'platform_admin' });
    expect(linkIn(await start()), 'who cannot sign in is nobody yet').not.toBeNull();
    const method = { id: 'auth_1', userId: 'acct_1', accountId: 'acct_1', providerId: 'credential', password: 'hash' };
    await opened.db.insert(schema.signInMethods).values(method);
    expect(linkIn(await start())).toBeNull();
  });

  // promise: `production`: no generated secrets, nothing secret printed
  test('in production generates no token and prints no secret', async () => {
    expect(secretsIn(await start(PRODUCTION))).toEqual([]);
    expect(await tokens()).toEqual([]);
    expect(await start({ ...PRODUCTION, HEADGATE_LOG: 'json' })).toBe('');
  });

  // promise: The second start prints the same addresses and says where the demo key is kept
  test('says where the demo key is kept, and does not show it again', async () => {
    const key = 'sk-hg-0123456789012345678901234567890123456789';
    // What earlier versions kept: the model in a second line, which no program could send as a key.
    writeFileSync(join(dataDir, 'demo-key.txt'), `${key}\nfast\n`);
    await start();
    expect(readFileSync(join(dataDir, 'demo-key.txt'), 'utf8')).toBe(key);
    const screen = await start();
    expect(secretsIn(screen)).toEqual([]);
    expect(screen).toContain(join(dataDir, 'demo-key.txt'));
    expect(screen).toContain('"model": "fast"');
  });
});

describe('the demo', () => {
  const world = withAdmin(withDatabase(), { upstream });

  test('is made once; in production its key is kept for this user only and not shown', async () => {
    const { deps, address, root } = world();
    const stores = { database: { db: deps.db }, installation: { pepper: deps.keys.pepper } };
    const publicUrl = 'https://gateway.invalid'; // Links name it; nothing answers there before the gateway is up.
    const demo = {
      HEADGATE_ADMIN_TOKEN: 'hgadm_maker-of-the-demonstration',
      HEADGATE_DEMO: 'on',
      HEADGATE_PUBLIC_URL: publicUrl,
    };
    await keepConfiguredToken(deps.db, deps.keys, configOf(demo));
    await welcome({ config: configOf({ ...PRODUCTION, ...demo }), stores, log, addresses: { own: address, shown: address } });
    const screen = printed.join('');
    const file = join(dataDir, 'demo-key.txt');
    expect(secretsIn(screen)).toEqual([]);
    expect(screen).toContain(`$(cat '${file}')`);
    expect(screen).toContain(`curl ${publicUrl}/v1/chat/completions`);
    expect(readFileSync(file, 'utf8')).toMatch(/^sk-hg-\w+$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { data } = (await root('GET', '/organizations')).body;
    expect(data).toHaveLength(1);
    await welcome({ config: configOf(demo), stores, log, addresses: { own: address, shown: address } });
    expect((await root('GET', '/organizations')).body.data).toHaveLength(1);
  });
});
