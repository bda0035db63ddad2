/** Runs several processes on one host that share a port. The first one starts the others, restarts them, and forwards signals. */
import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { lockDirectory } from '../lib/directory-lock.ts';
import type { Logger } from '../lib/log.ts';
import { programVersion } from '../lib/program-version.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import { tellMetricsOfAll } from '../observe/worker-metrics.ts';
import type { Config } from '../settings/config.ts';
import { masterKeyFile, prepareDataDirectory } from '../settings/data-directory.ts';
import { type MasterKeySource, readMasterKey } from '../settings/master-key.ts';
import { tellWait } from './open-stores.ts';
import { mustBeFree } from './port.ts';

/** The environment variable with a worker's number, from 1. Only the first process sets it. */
const NUMBER = 'HEADGATE_WORKER_NUMBER';
/** The message of a worker that serves and would drain on a signal. */
const READY = { headgate: 'ready' } as const;
const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 30_000;
/** A worker that ran for this long did not fail at its start. */
const STEADY_MS = 60_000;
const IMPATIENT_AFTER_MS = 1_000;

/** Returns true if this process starts the others and serves nothing itself. */
export function startsWorkers({ workers }: Config): boolean {
  return workers > 1 && cluster.isPrimary;
}

/** Returns a worker's settings: its own data directory, the shared master key, no demo. Other processes keep their settings. */
export function workerConfig(config: Config, env: Readonly<Record<string, string | undefined>>): Config {
  const number = env[NUMBER];
  if (cluster.isPrimary || number === undefined) return config;
  const { dataDir } = config;
  const masterKey: MasterKeySource =
    config.masterKey.from === 'data directory'
      ? { from: 'file', setting: 'HEADGATE_DATA_DIR', path: masterKeyFile(dataDir) }
      : config.masterKey;
  return { ...config, dataDir: join(dataDir, `worker-${number}`), masterKey, demo: 'off', worker: Number(number) };
}

/** Tells the first process that this worker serves. Does nothing in a process that is no worker. */
export function tellReady(): void {
  cluster.worker?.send(READY);
}

/**
 * Returns what every log line says about its process: the version, and the worker if there are several. A terminal of a single
 * process shows neither.
 */
export function logFields({ log, workers, worker }: Config): Readonly<Record<string, string | number>> {
  const version = log === 'json' || workers > 1 ? { version: programVersion } : {};
  return worker > 0 ? { ...version, worker } : version;
}

/**
 * Runs until every worker has ended. Resolves with the exit code: 0 if all ended well on a signal. Rejects if the port is taken.
 */
export async function superviseWorkers(config: Config, log: Logger): Promise<number> {
  // Before anything is created. The workers share the port through this process, each when it is ready.
  await mustBeFree(config);
  prepareDataDirectory(config.dataDir);
  const onLost = (error: Error) => {
    log.fatal(error.message);
    process.exit(1);
  };
  const lock = await onceFree(
    () => lockDirectory(config.dataDir, onLost),
    (wait) => tellWait(wait, log),
  );
  await readMasterKey(config.masterKey, config.dataDir);
  const crew = new Crew(config, log);
  const code = await crew.run();
  await lock.release();
  return code;
}

class Crew {
  readonly #log: Logger;
  readonly #size: number;
  readonly #numbers = new Map<number, number>();
  readonly #failures: number[];
  readonly #ready = new Set<number>();
  #isReady = false;
  #stoppingSinceMs: number | null = null;
  #askedBy: NodeJS.Signals | null = null;
  #code = 0;
  #ended: (code: number) => void = () => {};

  constructor({ workers }: Config, log: Logger) {
    this.#log = log;
    this.#size = workers;
    this.#failures = Array.from({ length: workers + 1 }, () => 0);
  }

  run(): Promise<number> {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#stop(signal));
    tellMetricsOfAll(() => this.#all());
    cluster.on('message', (worker, message: unknown) => {
      if (isDeepStrictEqual(message, READY)) this.#serves(worker);
    });
    for (let number = 1; number <= this.#size; number += 1) this.#start(number);
    return new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  #start(number: number): void {
    const startedMs = performance.now();
    const worker = cluster.fork({ [NUMBER]: String(number) });
    endWhatItWasGiven(worker);
    this.#numbers.set(worker.id, number);
    worker.once('exit', (code, signal) =>
      this.#exited(worker, { number, code, signal, servedMs: performance.now() - startedMs }),
    );
  }

  /** Says once that all workers serve. One that is started again says so itself. */
  #serves({ id }: Worker): void {
    this.#ready.add(this.#numbers.get(id) as number);
    if (this.#isReady || this.#ready.size < this.#size) return;
    this.#isReady = true;
    this.#log.info({ workers: this.#size }, 'headgate is ready: all workers serve');
  }

  #exited(worker: Worker, { number, code, signal, servedMs }: Exit): void {
    this.#numbers.delete(worker.id);
    if (this.#stoppingSinceMs !== null) {
      // A worker that is still starting handles no signal, so the signal ends it. It has nothing to drain.
      if (code !== 0 && signal !== this.#askedBy) this.#code = code ?? 1;
      if (this.#numbers.size === 0) this.#ended(this.#code);
      return;
    }
    const failures = servedMs > STEADY_MS ? 0 : (this.#failures[number] as number) + 1;
    this.#failures[number] = failures;
    // Each worker logs what the operator must fix; none of them ever served.
    if (code === 1 && failures >= 3 && this.#numbers.size === 0) {
      this.#ended(1);
      return;
    }
    const againMs = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** Math.min(failures, 6));
    this.#log.error(
      { worker: number, code, signal, again_ms: againMs },
      'a worker process ended; it is started again after `again_ms`',
    );
    setTimeout(() => {
      if (this.#stoppingSinceMs === null) this.#start(number);
    }, againMs);
  }

  /** Lets the workers drain on the first signal and kills them on a second one. */
  #stop(signal: NodeJS.Signals): void {
    const nowMs = performance.now();
    if (this.#stoppingSinceMs !== null && nowMs - this.#stoppingSinceMs < IMPATIENT_AFTER_MS) return;
    const how = this.#stoppingSinceMs === null ? signal : 'SIGKILL';
    this.#stoppingSinceMs ??= nowMs;
    this.#askedBy ??= signal;
    if (this.#numbers.size === 0) this.#ended(this.#code);
    for (const worker of this.#all()) worker.process.kill(how);
  }

  #all(): readonly Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }
}

/**
 * Closes the connection that was passed to a worker which died before taking it. Node would keep it open forever; once closed,
 * its client retries. Node passes one connection at a time to each worker.
 */
function endWhatItWasGiven(worker: Worker): void {
  const { process: child } = worker;
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  let given: { close?(): void } | undefined;
  child.send = (message: { readonly act?: string }, handle?: unknown, ...rest: unknown[]) => {
    if (message.act === 'newconn') given = handle as typeof given;
    return send(message, handle, ...rest);
  };
  worker.once('exit', () => given?.close?.());
}

interface Exit {
  readonly number: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly servedMs: number;
}
