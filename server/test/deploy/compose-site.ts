/**
 * compose.yaml brought up by Debian's docker-compose, on podman's socket. Podman leaves health checks to timers of systemd, which containers and
 * small machines lack, so they are run here, each at its own interval.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Containers } from './containers.ts';
import { startHealthChecks } from './health-checks.ts';
import { type Ended, podmanEnvironment, repository, runBeside } from './programs.ts';

const PROJECT = 'headgate';
const SOCKET_MS_MAX = 20_000;

export type Service = 'gateway' | 'postgres' | 'valkey';

/** A container as docker-compose lists it. */
export interface Listed {
  readonly Service: Service;
  readonly State: string;
  readonly Health: string;
  readonly ExitCode: number;
}

export interface ComposeSite {
  /** The settings that the head of compose.yaml makes, and those that were given. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs docker-compose on compose.yaml with the settings and the override. */
  compose(...args: string[]): Promise<Ended>;
  /** Runs docker-compose on compose.yaml without any setting. */
  withoutSettings(...args: string[]): Promise<Ended>;
  list(): Promise<readonly Listed[]>;
  /** The number that this machine gives to the first process of a service's container; 0 while it does not run. */
  pidOf(service: Service): Promise<number>;
  /** Kills the first process of a service's container, as a crash would. Returns its number. */
  kill(service: Service): Promise<number>;
  /** Removes containers, networks and volumes, and ends podman's service. */
  clear(): Promise<void>;
}

export interface SiteOptions {
  /** The image of each service that compose.yaml's own does not serve here. */
  readonly images: Readonly<Partial<Record<Service, string>>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts podman's service and writes the settings. Returns one line if that cannot be done. */
export async function composeSite(tools: Containers, { images, settings }: SiteOptions): Promise<ComposeSite | string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-compose-'));
  const taken = new AsyncDisposableStack();
  taken.defer(() => rmSync(folder, { recursive: true, force: true }));
  const socket = path.join(folder, 'podman.sock');
  const service = startService(tools, socket);
  taken.defer(() => ended(service));
  const failure = (await isListening(service, socket)) ? await headOfCompose(folder) : 'podman offers no socket here';
  if (failure !== null) {
    await taken.disposeAsync();
    return failure;
  }
  const environment = path.join(folder, '.env');
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(environment, readFileSync(environment, 'utf8') + lines.join(''));
  const override = path.join(folder, 'override.yaml');
  const services = Object.fromEntries(Object.entries(images).map(([name, image]) => [name, { image, pull_policy: 'never' }]));
  writeFileSync(override, JSON.stringify({ services }));
  // No variable of this process may stand in for a setting.
  const env = { PATH: process.env.PATH, HOME: folder, DOCKER_HOST: `unix://${socket}` };
  const dockerCompose = (args: readonly string[]) => runBeside('docker-compose', args, { env });
  const podman = (...args: string[]) => runBeside('podman', [...tools.podmanOptions, ...args]);
  const compose = (...args: string[]) =>
    dockerCompose([
      '--ansi=never',
      '--progress=quiet',
      `--env-file=${environment}`,
      '--file=compose.yaml',
      `--file=${override}`,
      ...args,
    ]);
  const pidOf = async (name: Service) =>
    Number((await podman('inspect', '--format={{.State.Pid}}', `${PROJECT}-${name}-1`)).stdout);
  const checks = startHealthChecks(podman, PROJECT);
  taken.defer(() => checks.stop());
  const site: ComposeSite = {
    settings: settingsIn(environment),
    compose,
    withoutSettings: (...args) => dockerCompose(['--env-file=/dev/null', '--file=compose.yaml', ...args]),
    list: async () => listedIn((await compose('ps', '--all', '--format=json')).stdout),
    pidOf,
    kill: async (name) => {
      const pid = await pidOf(name);
      // 0 and -1 would be whole groups of processes, this one among them.
      if (!(pid > 1)) throw new Error(`${name} does not run`);
      process.kill(pid, 'SIGKILL');
      return pid;
    },
    clear: async () => {
      await compose('down', '--volumes', '--timeout=1');
      await taken.disposeAsync();
    },
  };
  await compose('down', '--volumes', '--timeout=1');
  return site;
}

function startService({ podmanOptions }: Containers, socket: string): ChildProcess {
  const env = { ...podmanEnvironment(), DISABLE_HC_SYSTEMD: 'true' };
  const args = [...podmanOptions, 'system', 'service', '--time=0', `unix://${socket}`];
  const child = spawn('podman', args, { cwd: repository, env, stdio: 'ignore' });
  const end = () => child.kill();
  process.on('exit', end);
  child.on('exit', () => process.off('exit', end));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

async function isListening(child: ChildProcess, socket: string): Promise<boolean> {
  const until = Date.now() + SOCKET_MS_MAX;
  while (Date.now() < until && child.exitCode === null) {
    if (existsSync(socket)) return true;
    await sleep(50);
  }
  return false;
}

/** Runs the command in the head of compose.yaml that makes the settings. Returns why it failed, or null. */
async function headOfCompose(folder: string): Promise<string | null> {
  const head = readFileSync(path.join(repository, 'compose.yaml'), 'utf8');
  const command = /^# +(printf .*> \.env)$/m.exec(head)?.[1];
  if (command === undefined) return 'the head of compose.yaml has no command that makes .env';
  const { status, stderr } = await runBeside('sh', ['-ec', command], { cwd: folder });
  return status === 0 ? null : `.env was not made: ${stderr.trim()}`;
}

function settingsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

function listedIn(lines: string): readonly Listed[] {
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Listed);
}
