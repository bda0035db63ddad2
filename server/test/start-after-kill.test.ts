/** A start beside a process that was just killed, and beside one that lives. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Gateway,
  type GatewayOptions,
  PROGRAM,
  repository,
  START,
  startGateway,
  temporaryDirectory,
} from './prove/gateway.ts';
import { putDatabase } from './prove/prepared-database.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/ports.ts';

const TIMEOUT = { timeout: 120_000 };

/** A parent that never asks how its child ended: the system keeps a killed one in its list of processes for as long. */
const CARELESS = ['bash', '-c', '"$0" "$@" serve & exec sleep 600', process.execPath, ...START, PROGRAM] as const;

const started: Gateway[] = [];
let database: TestDatabase | null = null;
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.kill();
  await database?.dispose();
  database = null;
});

async function start(options: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options);
  started.push(gateway);
  return gateway;
}

/** The process that serves, whoever started it. */
function servingPid({ dataDir }: Gateway): number {
  return (JSON.parse(readFileSync(join(dataDir, 'in-use.json'), 'utf8')) as { pid: number }).pid;
}

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

const sameAs = ({ dataDir, adminToken, port }: Gateway): GatewayOptions => ({
  dataDir,
  adminToken,
  env: { HEADGATE_PORT: String(port) },
});

describe.skipIf(process.platform !== 'linux')('after kill -9', TIMEOUT, () => {
  test('the next start serves at once, on the same port and directory, also where the parent has not noticed', async () => {
    const dataDir = temporaryDirectory();
    await putDatabase(dataDir);
    const first = await start({ command: CARELESS, dataDir, env: { HEADGATE_PORT: String(await freePort()) } });
    const pid = servingPid(first);
    process.kill(pid, 'SIGKILL');
    const next = await start(sameAs(first));
    expect(stateOf(pid)).toBe('Z');
    expect(servingPid(next)).not.toBe(pid);
    expect(next.output()).not.toContain('in use');
  });

  test.skipIf(!hasPostgres())('one on another directory has the lease at once', async () => {
    database = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: database.url as string, HEADGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const first = await start({ command: CARELESS, env });
    process.kill(servingPid(first), 'SIGKILL');
    const next = await start({ env });
    expect((await fetch(`${next.base}/health/ready`)).status).toBe(200);
  });
});

describe('beside a process of this machine', TIMEOUT, () => {
  test('that is ending, a start waits for port, directory and lease', async () => {
    const first = await start({ env: { HEADGATE_PORT: String(await freePort()), HEADGATE_DRAIN_LEAD_SECONDS: '2' } });
    process.kill(first.pid, 'SIGTERM');
    const next = await start(sameAs(first));
    expect(next.readyMs).toBeGreaterThan(1_500);
    expect(next.output()).not.toMatch(/^headgate: /m);
  });

  test.each([
    ['directory', /^headgate: The data directory \S+ is in use by process \d+ on \S+\. Stop that process first[^\n]+\n$/],
    ['port', /^headgate: HEADGATE_PORT: another program uses port \d+ on \S+\. [^\n]+\n$/],
  ])('that lives, a start is refused after 5 s in one line that says who has the %s', async (what, words) => {
    const first = await start({ env: { HEADGATE_PORT: String(await freePort()) } });
    const refused = refusedStart({
      HEADGATE_DATA_DIR: first.dataDir,
      HEADGATE_PORT: what === 'port' ? String(first.port) : '0',
    });
    expect(refused.stderr).toMatch(words);
    expect(refused.tookMs).toBeGreaterThan(5_000);
    expect((await fetch(`${first.base}/health/ready`)).status).toBe(200);
  });

  test.skipIf(!hasPostgres())('that lives on another directory, it is refused after 5 s for the lease', async () => {
    database = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: database.url as string, HEADGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const first = await start({ env });
    const refused = refusedStart({ ...env, HEADGATE_DATA_DIR: temporaryDirectory(), HEADGATE_PORT: '0' });
    expect(refused.stderr).toMatch(
      /^headgate: Another Headgate \(process \d+ on \S+\) already serves this database as "counters"\. Stop it first[^\n]+\n$/m,
    );
    expect(refused.tookMs).toBeGreaterThan(5_000);
    expect((await fetch(`${first.base}/health/ready`)).status).toBe(200);
  });
});

/** A start that ends by itself, with 1. */
function refusedStart(env: Readonly<Record<string, string>>) {
  const beganMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...START, PROGRAM, 'serve'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, HEADGATE_LOG: 'json', ...env },
    timeout: 60_000,
  });
  expect(status).toBe(1);
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return { stderr: `${lines.join('\n')}\n`, tookMs: performance.now() - beganMs };
}
