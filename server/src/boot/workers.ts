/** Several processes on one host that share a port: the first one starts the others, starts them again, and passes signals on. */
import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import { lockDirectory } from '../lib/directory-lock.ts';
import type { Logger } from '../lib/log.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import { tellMetricsOfAll } from '../observe/worker-metrics.ts';
import type { Config } from '../settings/config.ts';
import { masterKeyFile, prepareDataDirectory } from '../settings/data-directory.ts';
import { type MasterKeySource, readMasterKey } from '../settings/master-key.ts';
import { mustBeFree } from './port.ts';

/** The number of a worker, from 1, in its environment; set by the first process alone. */
const NUMBER = 'HEADGATE_WORKER_NUMBER';
const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 30_000;
/** A worker that served for so long did not fail at its start. */
const STEADY_MS = 60_000;
const IMPATIENT_AFTER_MS = 1_000;

/** This process starts the others and serves nothing itself. */
export function startsWorkers({ workers }: Config): boolean {
  return workers > 1 && cluster.isPrimary;
}

/**
 * What a worker goes by: a data directory of its own for its journal, and the key of the one that all share. The first says what there is to
 * say to a person.
 */
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

/** Runs until every worker has ended. Throws BadSetting when the port is taken. Resolves with the exit code: 0 when all were asked to and did. */
export async function superviseWorkers(config: Config, log: Logger): Promise<number> {
  // Before anything is made; the workers share the port through this process, each when it is ready.
  await mustBeFree(config);
  prepareDataDirectory(config.dataDir);
  const onLost = (error: Error) => {
    log.fatal(error.message);
    process.exit(1);
  };
  const lock = await onceFree(() => lockDirectory(config.dataDir, onLost));
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

  #exited(worker: Worker, { number, code, signal, servedMs }: Exit): void {
    this.#numbers.delete(worker.id);
    if (this.#stoppingSinceMs !== null) {
      // One that was still starting listens to no signal, and is ended by it with nothing to drain.
      if (code !== 0 && signal !== this.#askedBy) this.#code = code ?? 1;
      if (this.#numbers.size === 0) this.#ended(this.#code);
      return;
    }
    const failures = servedMs > STEADY_MS ? 0 : (this.#failures[number] as number) + 1;
    this.#failures[number] = failures;
    // What an operator has to mend is said by each worker; none of them ever served.
    if (code === 1 && failures >= 3 && this.#numbers.size === 0) {
      this.#ended(1);
      return;
    }
    const againMs = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** Math.min(failures, 6));
    this.#log.error({ worker: number, code, signal, again_ms: againMs }, 'a worker ended and is started again');
    setTimeout(() => {
      if (this.#stoppingSinceMs === null) this.#start(number);
    }, againMs);
  }

  /** The first signal lets them drain, a second one does not wait. */
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
 * A connection that was passed to a worker and not yet taken by it when it died belongs to nobody: Node keeps it open for ever. Ended, its
 * client asks again. Node passes one at a time to each worker.
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
