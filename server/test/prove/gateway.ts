/** The gateway as its users meet it: a process of its own, on a temporary data directory and a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAdminToken } from '../../src/lib/secrets.ts';
import { startedBy } from '../support/bundled-program.ts';
import { freePort } from '../support/ports.ts';
import { putDatabase } from './prepared-database.ts';

export const repository = path.resolve(import.meta.dirname, '../../..');

/**
 * How it is started. What compiles WebAssembly further than it must spends a second on a database that is gone in a few; nobody's users have
 * that flag.
 */
export const START = ['--liftoff-only', '--import', path.join(repository, 'server/bin/faster-start.mjs')] as const;

const SOURCE = 'server/src/main.ts';
/** What serves: in a run of tests the program in one piece, else its sources. */
export const PROGRAM = startedBy(SOURCE);

/** Beside many others a start has a few percent of a core. */
const READY_MS_MAX = 150_000;
const STOP_MS_MAX = 60_000;
const OUTPUT_CHARS_MAX = 200_000;

export type Settings = Readonly<Record<string, string | null>>;

export interface GatewayOptions {
  /** Settings beside the helper's own: `{ DATABASE_URL: … }`. Null leaves one of the helper's out. */
  readonly env?: Settings;
  /** An earlier gateway's directory, to start on what it left behind. */
  readonly dataDir?: string;
  /** An earlier gateway's token. */
  readonly adminToken?: string;
  /** How the gateway is started: the pinned Node on PROGRAM unless given (`taskset`, `npm start`). */
  readonly command?: readonly [string, ...string[]];
  /** Where it is started: this repository unless given. */
  readonly cwd?: string;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Gateway {
  readonly base: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  readonly adminToken: string;
  /** From the start of the process to the first 200 of /health/ready. */
  readonly readyMs: number;
  /** What the process printed so far, standard output and error together; the last 200,000 characters. */
  output(): string;
  /** An admin call that must succeed; throws with the answer's body otherwise. */
  admin<T = Record<string, unknown>>(method: string, at: string, body?: unknown): Promise<T>;
  /** An admin call whose status is the question. */
  ask<T = Record<string, unknown>>(method: string, at: string, body?: unknown): Promise<Answer<T>>;
  /** SIGTERM, and the exit code when everything in flight has ended. Throws after a minute. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
const temporary = new Set<string>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

/** A directory that is gone when this process ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'headgate-prove-'));
  temporary.add(directory);
  return directory;
}

/** Starts a process that ends with this one. */
export function startChild(command: readonly [string, ...string[]], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd ?? repository,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('exit', () => running.delete(child));
  return child;
}

/** This version's own program on a directory of its own: nothing asks how its database came to be. */
function startsOnPrepared({ dataDir, command, cwd, env }: GatewayOptions): boolean {
  const bringsItsOwn = (env?.DATABASE_URL ?? null) !== null;
  return dataDir === undefined && command === undefined && cwd === undefined && !bringsItsOwn;
}

/** Starts the gateway and waits until it is ready. Throws, with what it printed, when it ends first or needs too long. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const port = Number(options.env?.HEADGATE_PORT ?? (await freePort()));
  const dataDir = options.dataDir ?? temporaryDirectory();
  if (startsOnPrepared(options)) await putDatabase(dataDir, options.env?.HEADGATE_MASTER_KEY != null);
  const adminToken = options.adminToken ?? newAdminToken();
  const startedMs = performance.now();
  // Elsewhere there is another tree, of which nothing was put in one piece.
  const program = options.cwd === undefined ? PROGRAM : SOURCE;
  const child = startChild(options.command ?? [process.execPath, ...START, program, 'serve'], {
    cwd: options.cwd ?? repository,
    env: environment({
      HEADGATE_PORT: String(port),
      HEADGATE_DATA_DIR: dataDir,
      HEADGATE_ADMIN_TOKEN: adminToken,
      ...options.env,
    }),
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const base = `http://127.0.0.1:${port}`;
  await untilReady(base, child, () => output);
  return {
    base,
    port,
    pid: child.pid ?? -1,
    dataDir,
    adminToken,
    readyMs: performance.now() - startedMs,
    output: () => output,
    ...adminOf(base, adminToken),
    stop: () => stopped(child, 'SIGTERM'),
    kill: async () => {
      await stopped(child, 'SIGKILL');
    },
  };
}

/** This process's environment without its own settings of the product, so that a prove sees only what it set. */
function environment(settings: Settings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HEADGATE_|DATABASE_URL$|REDIS_URL$)/.test(name));
  const own = Object.entries({ HEADGATE_DEMO: 'off', HEADGATE_ALLOWED_UPSTREAMS: '127.0.0.1', ...settings });
  return Object.fromEntries([...inherited, ...own.filter(([, value]) => value !== null)]) as NodeJS.ProcessEnv;
}

async function untilReady(base: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the gateway ended before it was ready (${child.exitCode ?? child.signalCode}):\n${output().slice(-4000)}`);
    }
    const ready = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    await ready?.arrayBuffer();
    if (ready?.status === 200) return;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`the gateway was not ready after ${READY_MS_MAX / 1000} s:\n${output().slice(-4000)}`);
}

/** The admin API of a gateway that something else started. */
export function adminOf(base: string, adminToken: string): Pick<Gateway, 'ask' | 'admin'> {
  const ask = callerOf(base, adminToken);
  const admin = async <T>(method: string, at: string, body?: unknown) =>
    succeeded<T>(`${method} ${at}`, await ask<T>(method, at, body));
  return { ask, admin };
}

function callerOf(base: string, adminToken: string) {
  return async <T>(method: string, at: string, body?: unknown): Promise<Answer<T>> => {
    const response = await fetch(`${base}/api/v1${at}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  };
}

function succeeded<T>(what: string, answer: Answer<T>): T {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${what} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 600)}`);
}

async function stopped(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  const late = sleep(STOP_MS_MAX, 'late', { ref: false });
  if ((await Promise.race([ended, late])) === 'late')
    throw new Error(`the gateway did not end ${STOP_MS_MAX / 1000} s after ${signal}`);
  return child.exitCode;
}
