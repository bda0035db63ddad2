/** The machine's own Redis or Valkey, alone or as a cluster of three masters with a replica each: in memory only, gone with the test run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { freePort } from './ports.ts';

export type RedisKind = 'Redis' | 'Valkey' | 'Redis Cluster';

export interface TestRedis {
  readonly client: Redis | Cluster;
  /** Of the first server. */
  readonly url: string;
  /** The server processes, in the order of their ports. */
  readonly servers: readonly ChildProcess[];
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

const PROGRAMS: Readonly<Record<RedisKind, string>> = {
  Redis: '/usr/bin/redis-server',
  Valkey: '/usr/bin/valkey-server',
  'Redis Cluster': '/usr/bin/redis-server',
};
const CLUSTER_SIZE = 6;
const READY_MS_MAX = 30_000;

export function hasRedis(kind: RedisKind): boolean {
  return existsSync(PROGRAMS[kind]);
}

export async function startRedis(kind: RedisKind): Promise<TestRedis> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-redis-'));
  const isCluster = kind === 'Redis Cluster';
  const ports = await Promise.all(Array.from({ length: isCluster ? CLUSTER_SIZE : 1 }, freePort));
  const servers = ports.map((port) => launch(PROGRAMS[kind], home, port, isCluster));
  try {
    await Promise.all(ports.map(untilReady));
    if (isCluster) await joinTogether(ports);
    const client = isCluster
      ? new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))
      : new Redis({ host: '127.0.0.1', port: ports[0] as number });
    // Tests take servers away; what comes of it is theirs to judge.
    client.on('error', () => {});
    const url = `redis://127.0.0.1:${ports[0]}`;
    return { client, url, servers, ports, stop: () => stop(client, servers, home) };
  } catch (error) {
    await stop(null, servers, home);
    throw error;
  }
}

function launch(program: string, home: string, port: number, isCluster: boolean): ChildProcess {
  const flags = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    home,
    '--save',
    '',
    '--appendonly',
    'no',
    '--protected-mode',
    'no',
  ];
  if (isCluster)
    flags.push('--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`, '--cluster-node-timeout', 2_000);
  const command = [program, ...flags.map(String)];
  // A run that is killed cannot stop its servers; the kernel does where setpriv can ask it to.
  const [first, ...rest] = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', ...command] : command;
  return spawn(first as string, rest, { stdio: 'ignore' });
}

async function untilReady(port: number): Promise<void> {
  await until(`nothing answers on port ${port}`, async () => {
    const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  });
}

async function joinTogether(ports: readonly number[]): Promise<void> {
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  const made = spawnSync('/usr/bin/redis-cli', ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`the cluster was not made: ${made.stdout.slice(-500)} ${made.stderr.slice(-500)}`);
  for (const port of ports) {
    const client = new Redis({ host: '127.0.0.1', port });
    await until(`the node on port ${port} is not in the cluster`, async () =>
      String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
    client.disconnect();
  }
}

async function stop(client: Redis | Cluster | null, servers: readonly ChildProcess[], home: string): Promise<void> {
  client?.disconnect();
  for (const server of servers) server.kill('SIGKILL');
  await Promise.all(
    servers.map((server) => server.exitCode ?? server.signalCode ?? new Promise((gone) => server.once('exit', gone))),
  );
  rmSync(home, { recursive: true, force: true });
}

async function until(otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await sleep(50);
  }
}
