import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../src/lib/secrets.ts';
import { repository, startGateway, temporaryDirectory } from './prove/gateway.ts';
import { dumpOf, filesOf, inDatabase, type Where } from './prove/stored-rows.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from './support/database.ts';
import { hasRedis, startRedis } from './support/redis.ts';

const START_MS_MAX = 180_000;

describe('a wrong master key', { timeout: START_MS_MAX }, () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  // promise: (A wrong master key, another installation's journal, a directory in use and a newer schema still do
  test('stops the start with one line, and neither a row nor a file changes (embedded)', () => isRefused(null));

  test.skipIf(!hasPostgres())('stops the start with one line, and neither a row nor a file changes (PostgreSQL)', async () => {
    opened = await openTestDatabase('postgresql');
    await isRefused(opened.url);
  });
});

async function isRefused(databaseUrl: string | null): Promise<void> {
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const gateway = await startGateway({ env });
  await gateway.admin('POST', '/organizations', { slug: 'kept', name: 'Kept' });
  expect(await gateway.stop()).toBe(0);
  const where = databaseUrl === null ? { dataDir: gateway.dataDir } : { databaseUrl };
  const before = await leftIn(where, gateway.dataDir);
  expect(before.rows).toContain('kept');
  const started = start(gateway.dataDir, { ...env, HEADGATE_MASTER_KEY: newDataKey().toString('base64') });
  expect(started.status).toBe(1);
  expect(started.stderr).toMatch(/^headgate: HEADGATE_MASTER_KEY is not the key [^\n]+\n$/);
  expect(started.stdout).toBe('');
  expect(await leftIn(where, gateway.dataDir)).toEqual(before);
}

describe.skipIf(!hasPostgres() || !hasRedis('Redis'))('a replica with another master key', { timeout: START_MS_MAX }, () => {
  test('is refused with one line while the others serve, and leaves neither a lease nor a journal', async () => {
    const [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
    const env = { DATABASE_URL: opened.url as string, REDIS_URL: redis.url };
    const others = await startGateway({ env: { ...env, HEADGATE_MASTER_KEY: newDataKey().toString('base64') } });
    try {
      const kept = () => inDatabase({ databaseUrl: env.DATABASE_URL }, (query) => query(WHAT_STAYS));
      const before = await kept();
      const dataDir = temporaryDirectory();
      const started = start(dataDir, { ...env, HEADGATE_MASTER_KEY: newDataKey().toString('base64') });
      expect(started.status).toBe(1);
      expect(started.stderr).toMatch(/^headgate: HEADGATE_MASTER_KEY is not the key [^\n]+\n$/);
      expect(await kept()).toEqual(before);
      expect(before).toHaveLength(2);
      expect(filesOf(dataDir).filter(({ name }) => name.startsWith('journal'))).toEqual([]);
      expect((await fetch(`${others.base}/health/ready`)).status).toBe(200);
    } finally {
      await others.stop();
      await redis.stop();
      await opened.dispose();
    }
  });
});

/** Leases change their end every few seconds, never their holder. */
const WHAT_STAYS = 'select name as text from process_leases union all select i::text from installation i';

describe('a start that finds its port taken', { timeout: START_MS_MAX }, () => {
  test('is one line that names the setting, and leaves no lock or lease for the next one to wait for', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const dataDir = temporaryDirectory();
    const started = start(dataDir, { HEADGATE_PORT: String((taken.address() as AddressInfo).port) });
    taken.close();
    expect(started.status).toBe(1);
    expect(started.stderr).toMatch(/^headgate: HEADGATE_PORT: [^\n]+\n$/);
    expect(filesOf(dataDir).map(({ name }) => name)).not.toContain('in-use.json');
    expect(await inDatabase({ dataDir }, (query) => query('select * from process_leases'))).toEqual([]);
  });
});

// What no directory can be made in must not keep a start waiting.
test.skipIf(process.platform !== 'linux')(
  'a data directory in /proc is refused at once, with one line',
  { timeout: START_MS_MAX },
  () => {
    const started = start('/proc/headgate/data', {});
    expect(started.status).toBe(1);
    expect(started.stderr).toMatch(/^headgate: HEADGATE_DATA_DIR: \/proc\/headgate\/data cannot be written \(ENOENT\)\.\n$/);
    expect(started.stdout).toBe('');
  },
);

/** Starts the gateway and waits until it has ended. */
function start(dataDir: string, env: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, ['server/src/main.ts', 'serve'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, ...env },
    timeout: START_MS_MAX / 2,
  });
}

/** Every row, and every file but the embedded engine's own, which writes its own diary whenever it runs. */
async function leftIn(where: Where, dataDir: string): Promise<{ rows: string; files: Record<string, string> }> {
  const rows = await inDatabase(where, dumpOf);
  const files = filesOf(dataDir).filter(({ name }) => !name.startsWith('database/'));
  return { rows, files: Object.fromEntries(files.map(({ name, bytes }) => [name, hash('sha256', bytes)])) };
}
