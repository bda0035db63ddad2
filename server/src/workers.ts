/** Several processes on one host that share a port: the first one starts the others, starts them again, passes signals on, and adds up what they measure. */
import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import { AggregatorRegistry } from 'prom-client';
import type { Config } from './config.ts';
import { masterKeyFor, prepareDataDirectory } from './data-directory.ts';
import { lockDirectory } from './lib/directory-lock.ts';
import type { Logger } from './lib/log.ts';

/** The number of a worker, from 1, in its environment; set by the first process alone. */
const NUMBER = 'HEADGATE_WORKER_NUMBER';
const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 30_000;
/** A worker that served for so long did not fail at its start. */
const STEADY_MS = 60_000;
const ASK_MS_MAX = 2_000;
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
  const masterKey = masterKeyFor(config.dataDir, config.masterKey).toString('base64');
  return { ...config, dataDir: join(config.dataDir, `worker-${number}`), masterKey, demo: 'off', worker: Number(number) };
}

/** Runs until every worker has ended. Resolves with the exit code: 0 when all were asked to and did. */
export async function superviseWorkers(config: Config, log: Logger): Promise<number> {
  prepareDataDirectory(config.dataDir);
  const lock = await lockDirectory(config.dataDir, (error) => {
    log.fatal(error.message);
    process.exit(1);
  });
  masterKeyFor(config.dataDir, config.masterKey);
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
  #code = 0;
  #ended: (code: number) => void = () => {};

  constructor({ workers }: Config, log: Logger) {
    this.#log = log;
    this.#size = workers;
    this.#failures = Array.from({ length: workers + 1 }, () => 0);
  }

  run(): Promise<number> {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#stop(signal));
    cluster.on('message', (worker, message: unknown) => void this.#answer(worker, message));
    for (let number = 1; number <= this.#size; number += 1) this.#start(number);
    return new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  #start(number: number): void {
    const startedMs = performance.now();
    const worker = cluster.fork({ [NUMBER]: String(number) });
    this.#numbers.set(worker.id, number);
    worker.once('exit', (code, signal) =>
      this.#exited(worker, { number, code, signal, servedMs: performance.now() - startedMs }),
    );
  }

  #exited(worker: Worker, { number, code, signal, servedMs }: Exit): void {
    this.#numbers.delete(worker.id);
    if (this.#stoppingSinceMs !== null) {
      if (code !== 0) this.#code = code ?? 1;
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
    if (this.#numbers.size === 0) this.#ended(this.#code);
    for (const worker of this.#all()) worker.process.kill(how);
  }

  #all(): readonly Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  /** A worker that is scraped asks for the metrics of all. */
  async #answer(asking: Worker, message: unknown): Promise<void> {
    if (!isMessage(message) || message.headgate !== 'all_metrics') return;
    const answers = await Promise.all(this.#all().map((worker) => metricsOf(worker, message.id)));
    const all = answers.filter((answer) => answer !== null);
    asking.send({ headgate: 'metrics_of_all', id: message.id, metrics: all });
  }
}

interface Exit {
  readonly number: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly servedMs: number;
}

interface Message {
  readonly headgate: 'all_metrics' | 'own_metrics' | 'metrics_of_one' | 'metrics_of_all';
  readonly id: number;
  readonly metrics?: readonly object[];
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'headgate' in message;
}

/** Null when it does not answer in time. */
function metricsOf(worker: Worker, id: number): Promise<object | null> {
  return new Promise((resolve) => {
    const done = (answer: object | null) => {
      clearTimeout(timer);
      worker.off('message', hear);
      resolve(answer);
    };
    const hear = (message: unknown) => {
      if (isMessage(message) && message.headgate === 'metrics_of_one' && message.id === id) done(message.metrics ?? null);
    };
    const timer = setTimeout(() => done(null), ASK_MS_MAX);
    worker.on('message', hear);
    worker.send({ headgate: 'own_metrics', id } satisfies Message);
  });
}

let asked = 0;

/**
 * The metrics of all workers added up, for whichever of them is scraped. `own` gives this worker's as JSON. Null where this process is no
 * worker, or where nobody answered in time.
 */
export function metricsOfAll(own: () => Promise<readonly object[]>): () => Promise<string | null> {
  if (cluster.isPrimary) return async () => null;
  process.on('message', (message: unknown) => {
    if (!isMessage(message) || message.headgate !== 'own_metrics') return;
    void own().then((metrics) => process.send?.({ headgate: 'metrics_of_one', id: message.id, metrics } satisfies Message));
  });
  return () =>
    new Promise((resolve) => {
      asked += 1;
      const id = process.pid * 1_000_000 + (asked % 1_000_000);
      const done = (text: string | null) => {
        clearTimeout(timer);
        process.off('message', hear);
        resolve(text);
      };
      const hear = (message: unknown) => {
        if (!isMessage(message) || message.headgate !== 'metrics_of_all' || message.id !== id) return;
        const all = AggregatorRegistry.aggregate([...(message.metrics ?? [])] as never);
        void all.metrics().then(done);
      };
      const timer = setTimeout(() => done(null), 2 * ASK_MS_MAX);
      process.on('message', hear);
      process.send?.({ headgate: 'all_metrics', id } satisfies Message);
    });
}
