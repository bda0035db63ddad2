/** The machine's own PostgreSQL, started for one test run: a temporary directory, a free port, gone with the run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from './ports.ts';

export interface TestPostgres {
  /** Of the maintenance database; `/postgres` at its end names another. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts one, or returns null when the programs are not on the machine. `env`: variables of the server beside those of this process. */
export function startPostgres(more: ServerSettings = {}, env: NodeJS.ProcessEnv = {}): Promise<TestPostgres | null> {
  return startOn(initialise, more, env);
}

/** Settings of the server beside those of every test. */
export type ServerSettings = Readonly<Record<string, string | number>>;

/** Takes a base backup of the server on that port into a new directory, with `pg_basebackup`. */
export async function takeBaseBackup(port: number, directory: string): Promise<void> {
  const programs = findPrograms();
  if (programs === null) throw new Error('there is a server, but no programs');
  const flags = [
    '-D',
    directory,
    '--wal-method=none',
    '--checkpoint=fast',
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-U',
    'postgres',
  ];
  await runToEnd(join(programs, 'pg_basebackup'), flags, tmpdir(), null);
}

/** Starts a server on a copy of a base backup, which recovers from archived WAL as these settings say. */
export async function startRecovery(backup: string, more: ServerSettings): Promise<TestPostgres> {
  const recovered = await startOn(async (_, data, owner) => {
    cpSync(backup, data, { recursive: true });
    writeFileSync(join(data, 'recovery.signal'), '');
    if (owner !== null) await runToEnd('/bin/chown', ['-R', `${owner.uid}:${owner.gid}`, data], data, null);
    chmodSync(data, 0o700);
  }, more);
  if (recovered === null) throw new Error('there is a backup, but no programs to start a server with');
  return recovered;
}

/** The port in such a URL. */
export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Starts a standby that follows the server on that port by streaming replication, and can be promoted. */
export async function startStandby(primaryPort: number): Promise<TestPostgres> {
  const standby = await startOn((programs, data, owner) => copyOf(primaryPort, programs, data, owner));
  if (standby === null) throw new Error('there is a primary, but no programs to start a standby with');
  return standby;
}

type Fill = (programs: string, data: string, owner: Owner | null) => Promise<void>;

/** `fill` makes the data directory. */
async function startOn(fill: Fill, more: ServerSettings = {}, env: NodeJS.ProcessEnv = {}): Promise<TestPostgres | null> {
  const programs = findPrograms();
  if (programs === null) return null;
  const owner = unprivilegedOwner();
  const home = mkdtempSync(join(tmpdir(), 'headgate-pg-'));
  const data = join(home, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (owner !== null) for (const path of [home, data]) chownSync(path, owner.uid, owner.gid);
  try {
    await fill(programs, data, owner);
    const port = await freePort();
    const server = launch(programs, data, port, owner, more, env);
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    await untilReady(url, server);
    return { url, stop: () => stop(server, home) };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The folder that holds both initdb and postgres, the newest version first. */
function findPrograms(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/** initdb refuses root, so root lends it another account. Null when we are not root. */
function unprivilegedOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('running as root and neither postgres nor nobody is an account here');
}

async function initialise(programs: string, data: string, owner: Owner | null): Promise<void> {
  const flags = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await runToEnd(join(programs, 'initdb'), flags, data, owner);
}

async function copyOf(port: number, programs: string, data: string, owner: Owner | null): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
  const flags = ['-D', data, '--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync', ...from];
  await runToEnd(join(programs, 'pg_basebackup'), flags, data, owner);
}

/** This process goes on meanwhile: what the program talks to may be in it. */
async function runToEnd(program: string, flags: readonly string[], cwd: string, owner: Owner | null): Promise<void> {
  const child = spawn(program, flags, { ...owner, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 2_000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} failed: ${said}`);
}

function launch(
  programs: string,
  data: string,
  port: number,
  owner: Owner | null,
  more: ServerSettings,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: 200,
    shared_buffers: '128MB',
    autovacuum_naptime: '10s',
    ...more,
  };
  const flags = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [command, args] = tiedToUs(join(programs, 'postgres'), flags, owner);
  const identity = command === SETPRIV ? {} : owner;
  return spawn(command, args, { stdio: 'ignore', cwd: data, env: { ...process.env, ...env }, ...identity });
}

const SETPRIV = '/usr/bin/setpriv';

/** A run that is killed cannot stop its server; the kernel does where setpriv can ask it to. */
function tiedToUs(program: string, flags: readonly string[], owner: Owner | null): [string, string[]] {
  if (!existsSync(SETPRIV)) return [program, [...flags]];
  const identity = owner === null ? [] : [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  return [SETPRIV, [...identity, '--pdeathsig', 'QUIT', program, ...flags]];
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (server.exitCode !== null || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** SIGQUIT is PostgreSQL's immediate shutdown: nobody needs its files again, so it need not write them out. */
async function stop(server: ChildProcess, home: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGQUIT');
    await gone;
  }
  rmSync(home, { recursive: true, force: true });
}
