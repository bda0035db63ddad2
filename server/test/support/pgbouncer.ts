/** Debian's pgbouncer before a PostgreSQL of the tests, in transaction mode, as its package configures it otherwise. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './ports.ts';

const PROGRAM = '/usr/sbin/pgbouncer';
const READY_MS_MAX = 15_000;

export interface TestPooler {
  /** The same database, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** True if pgbouncer is on this machine. */
export function hasPgbouncer(): boolean {
  return existsSync(PROGRAM);
}

/** Starts a pooler before the server of a database URL, with at most `sessions` sessions of each database, and further settings. */
export async function startPgbouncer(databaseUrl: string, sessions = 10, further: readonly string[] = []): Promise<TestPooler> {
  const { hostname, port: behind, pathname } = new URL(databaseUrl);
  const home = mkdtempSync(join(tmpdir(), 'headgate-pgbouncer-'));
  const port = await freePort();
  const settings = [
    '[databases]',
    `* = host=${hostname} port=${behind}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${sessions}`,
    'max_client_conn = 500',
    ...further,
  ];
  // With auth_type = any a user must be named.
  settings[1] += ' user=postgres';
  writeFileSync(join(home, 'pgbouncer.ini'), `${settings.join('\n')}\n`);
  const child = launch(home);
  const url = `postgres://postgres@127.0.0.1:${port}${pathname}`;
  await untilReady(url, child);
  return {
    url,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await Promise.race([once(child, 'exit'), sleep(5_000).then(() => child.kill('SIGKILL'))]);
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** pgbouncer refuses root, so root lends it another account. */
function launch(home: string): ChildProcess {
  const owner = unprivileged();
  chmodSync(home, 0o755);
  if (owner !== null) chownSync(home, owner.uid, owner.gid);
  return spawn(PROGRAM, [join(home, 'pgbouncer.ini')], { stdio: 'ignore', ...owner });
}

function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('nobody:'))
    ?.split(':');
  return { uid: Number(fields?.[2] ?? 65_534), gid: Number(fields?.[3] ?? 65_534) };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => {});
    const isUp = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (isUp) return;
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`pgbouncer does not answer at ${url}`);
    await sleep(50);
  }
}
