import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../src/lib/secrets.ts';
import { PROGRAM, repository, START, startGateway, temporaryDirectory } from './prove/gateway.ts';
import { dumpOf, filesOf, inDatabase, type Where } from './prove/stored-rows.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/ports.ts';
import { hasRedis, startRedis } from './support/redis.ts';

const START_MS_MAX = 180_000;

describe('a wrong master key', { timeout: START_MS_MAX }, () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  // promise: (A wrong master key, another installation's journal, a directory in use and a newer schema without a way back still do
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
  expect(started.stderr).toMatch(/^headgate: HEADGATE_MASTER_KEY is not the master key [^\n]+\n$/);
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
      expect(started.stderr).toMatch(/^headgate: HEADGATE_MASTER_KEY is not the master key [^\n]+\n$/);
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
  let taken: Server;
  beforeEach(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterEach(() => taken.close());
  const port = () => String((taken.address() as AddressInfo).port);
  const ONE_LINE = /^headgate: HEADGATE_PORT: [^\n]+\n$/;

  test('is one line that names the setting, and the next start on the same directory is a first one: token, demo, key and curl', async () => {
    const dataDir = join(temporaryDirectory(), 'data');
    const started = start(dataDir, { HEADGATE_PORT: port() });
    expect(started).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) });
    expect(existsSync(dataDir)).toBe(false);
    const env = { HEADGATE_DEMO: 'on', HEADGATE_ADMIN_TOKEN: null };
    const next = await startGateway({ dataDir, env });
    await expect.poll(next.output).toMatch(/\bsk-hg-\w{20,}/);
    expect(next.output()).toMatch(/\bhgadm_\w{20,}/);
    const curl = /^ {2}curl [^\n]*chat[^\n]*\n[^\n]*\n[^\n]*$/m.exec(next.output())?.[0] ?? '';
    expect(spawnSync('bash', ['-c', curl], { encoding: 'utf8' }).stdout).toContain('"choices"');
    // As a program reads it: the whole file is the key.
    const key = readFileSync(join(dataDir, 'demo-key.txt'), 'utf8');
    const asked = await fetch(`${next.base}/v1/models`, { headers: { authorization: `Bearer ${key}`, connection: 'close' } });
    expect(asked.status).toBe(200);
    expect(await next.stop()).toBe(0);
  });

  test('is found also where the port is what a platform sets as PORT', () => {
    const started = start(join(temporaryDirectory(), 'data'), { HEADGATE_PORT: '', PORT: port() });
    expect(started).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`another program uses port ${port()} on 127.0.0.1.`),
    });
  });

  test('changes nothing in a directory that is there, and leaves no lock or lease for the next one to wait for', async () => {
    const gateway = await startGateway();
    expect(await gateway.stop()).toBe(0);
    const where = { dataDir: gateway.dataDir };
    const before = await leftIn(where, gateway.dataDir);
    expect(start(gateway.dataDir, { HEADGATE_PORT: port() })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(ONE_LINE),
    });
    expect(await leftIn(where, gateway.dataDir)).toEqual(before);
  });

  test.skipIf(!hasPostgres() || !hasRedis('Redis'))(
    'is one line of all workers, which touch neither directory nor database',
    async () => {
      const [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
      try {
        const env = { DATABASE_URL: opened.url as string, REDIS_URL: redis.url, HEADGATE_WORKERS: '2' };
        const before = await inDatabase({ databaseUrl: env.DATABASE_URL }, dumpOf);
        const dataDir = join(temporaryDirectory(), 'data');
        const started = start(dataDir, { ...env, HEADGATE_PORT: port() });
        expect(started).toMatchObject({ status: 1, stderr: expect.stringMatching(ONE_LINE) });
        expect(existsSync(dataDir)).toBe(false);
        expect(await inDatabase({ databaseUrl: env.DATABASE_URL }, dumpOf)).toEqual(before);
      } finally {
        await redis.stop();
        await opened.dispose();
      }
    },
  );
});

test('a first start has its port before it makes anything, and says until it is ready that it is starting', {
  timeout: START_MS_MAX,
}, async () => {
  const [dataDir, port] = [join(temporaryDirectory(), 'data'), await freePort()];
  const going = startGateway({ dataDir, env: { HEADGATE_PORT: String(port) } });
  going.catch(() => {});
  while (!existsSync(dataDir)) await sleep(1);
  const other = createServer().listen(port, '127.0.0.1');
  const outcome = await Promise.race([once(other, 'error'), once(other, 'listening')]);
  other.close();
  expect(outcome).toEqual([expect.objectContaining({ code: 'EADDRINUSE' })]);
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return [answer.status, answer.headers.get('retry-after'), await answer.text()] as const;
  };
  const early = await Promise.all(['/health/live', '/health/ready', '/v1/models', '/api/v1/keys', '/'].map(ask));
  const gateway = await going;
  expect(early).toEqual([
    [200, null, '{"status":"live"}'],
    [503, null, '{"status":"not_ready","reason":"starting","cold_counters":0}'],
    [503, '1', expect.stringContaining('service_unavailable')],
    [503, '1', expect.stringContaining('"detail":"The gateway is starting. Try again in a moment."')],
    [503, '1', expect.stringContaining('The gateway is starting.')],
  ]);
  expect((await ask('/v1/models'))[0]).toBe(401);
  expect(await gateway.stop()).toBe(0);
});

test('a later start refuses connections until it is ready, and never accepts one to reset it', {
  timeout: START_MS_MAX,
}, async () => {
  const first = await startGateway({ env: { HEADGATE_PORT: String(await freePort()) } });
  expect(await first.stop()).toBe(0);
  const { dataDir, adminToken, port } = first;
  const counted: Record<string, number> = {};
  let isOver = false;
  const knock = async () => {
    while (!isOver) {
      const outcome = await knockAt(port);
      counted[outcome] = (counted[outcome] ?? 0) + 1;
    }
  };
  const knocking = Array.from({ length: 8 }, knock);
  const later = await startGateway({ dataDir, adminToken, env: { HEADGATE_PORT: String(port) } });
  isOver = true;
  await Promise.all(knocking);
  expect(await later.stop()).toBe(0);
  expect(Object.keys(counted).sort()).toEqual(['200', 'ECONNREFUSED']);
});

/** Returns the status of a small request over a connection of its own, or the code of the failure. */
async function knockAt(port: number): Promise<string> {
  const request = http.get({ host: '127.0.0.1', port, path: '/health/live', agent: false });
  try {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    return String(response.statusCode);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

test('the demo is made here, whatever listens at another address of this machine’s name', {
  timeout: START_MS_MAX,
}, async (context) => {
  const port = await freePort();
  const heard: string[] = [];
  const stranger = http.createServer((request, response) => {
    heard.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(404).end();
  });
  stranger.listen(port, '::1');
  if (!(await Promise.race([once(stranger, 'listening').then(() => true), once(stranger, 'error').then(() => false)])))
    return context.skip();
  const env = {
    HEADGATE_PORT: String(port),
    HEADGATE_HOST: '0.0.0.0',
    HEADGATE_DEVELOPMENT_ON_NETWORK: 'on',
    HEADGATE_DEMO: 'on',
  };
  const gateway = await startGateway({ env });
  expect(await gateway.stop()).toBe(0);
  stranger.close();
  expect(heard).toEqual([]);
  expect(gateway.output()).toMatch(/sk-hg-\w{20,}/);
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
  return spawnSync(process.execPath, [...START, PROGRAM, 'serve'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, ...env },
    timeout: START_MS_MAX / 2,
  });
}

describe('a start with a wrong file of presets', { timeout: START_MS_MAX }, () => {
  test('is one line that names row and field, and creates nothing', () => {
    const dataDir = join(temporaryDirectory(), 'data');
    const started = spawnSync(process.execPath, [...START, '--import', WRONG_PRESETS, PROGRAM, 'serve'], {
      cwd: repository,
      encoding: 'utf8',
      env: { ...process.env, HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir },
      timeout: START_MS_MAX / 2,
    });
    expect(started).toMatchObject({ status: 1, stdout: '' });
    expect(started.stderr).toMatch(/^headgate: The shipped presets cannot be used: row 1 \(groq\): auth must be [^\n]+\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });
});

/** Reads the file as one that somebody spoiled: the installed program has it in its own folder. */
const WRONG_PRESETS = `data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const read = fs.readFileSync;
  fs.readFileSync = (file, ...more) => {
    const text = read(file, ...more);
    return String(file).endsWith('/presets.json') ? text.replace('"bearer"', '"basic"') : text;
  };
  syncBuiltinESMExports();
`)}`;

/** Every row, and every file but the embedded engine's own, which writes its own diary whenever it runs. */
async function leftIn(where: Where, dataDir: string): Promise<{ rows: string; files: Record<string, string> }> {
  const rows = await inDatabase(where, dumpOf);
  const files = filesOf(dataDir).filter(({ name }) => !name.startsWith('database/'));
  return { rows, files: Object.fromEntries(files.map(({ name, bytes }) => [name, hash('sha256', bytes)])) };
}
