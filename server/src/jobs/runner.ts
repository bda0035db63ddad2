/**
 * Runs the jobs by their schedules, and the deliveries as they arrive. One process at a time runs a job, however many replicas
 * there are.
 *
 * If the database is down: nothing runs, and the queue continues when it is back. If the process that runs a job dies: its
 * heartbeats stop, and another process runs the job when it is next due.
 */
import { sql } from 'drizzle-orm';
import { type ConnectionOptions, fromDrizzle, type PgBoss, type Job as QueuedJob } from 'pg-boss';
import { DELIVERY_MS_MAX } from '../domain/tenancy/alert.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { Database, OpenDatabase } from '../store/database.ts';
import * as runs from '../store/installation/job-runs.ts';
import { newBoss, startBoss } from './boss.ts';
import type { Job, JobContext } from './job.ts';

export interface RunnerOptions {
  readonly database: OpenDatabase;
  readonly clock: Clock;
  readonly jobs: readonly Job[];
  /** Makes one attempt at one delivery; throws to be retried later. */
  readonly deliver: (deliveryId: string) => Promise<void>;
  /** Called for a failure outside a job; once, until something works again. */
  readonly onTrouble: (error: Error) => void;
  /** Called when a job failed. */
  readonly onFailed: (job: string, error: Error) => void;
  /** Writes a line of a job to the log. */
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
  /** Shorter in tests. */
  readonly pollSeconds?: number;
  readonly retrySeconds?: number;
}

export interface Runner {
  /** Returns the reason why nothing runs; null while the runner works. */
  trouble(): string | null;
  /** Returns the next time a job is due; null for an unknown job, and before the queue is open. */
  nextRunAt(job: string): Date | null;
  /**
   * Queues a job in the caller's transaction. Returns false if it is already queued or running. Rejects while nothing runs. Call
   * `wake` after the commit.
   */
  queue(tx: Database, job: string, askedBy: string): Promise<boolean>;
  /** Starts queued jobs at once, without waiting for the next poll. */
  wake(): void;
  /** Queues a job by itself and starts it at once. Otherwise like `queue`. */
  runNow(job: string, askedBy: string): Promise<boolean>;
  /** Queues deliveries in the transaction that made them. Before the queue is open, leaves them to the `requeue` job. */
  enqueue(tx: Database, deliveryIds: readonly string[]): Promise<void>;
  /** Takes no more jobs; running ones get up to 5 s to finish. */
  stop(): Promise<void>;
}

const JOBS = 'jobs';
const DELIVERIES = 'deliveries';
/** A process whose heartbeats stop for this long loses its job. */
const SILENT_SECONDS = 60;
const JOB_SECONDS_MAX = 3_600;
const DELIVERY_SECONDS_MAX = 60;
const JOBS_AT_ONCE = 2;
const DELIVERIES_AT_ONCE = 4;
const RETRY_SECONDS = 5;
const RETRY_SECONDS_MAX = 3_600;
const STOP_MS_MAX = 5_000;
const START_AGAIN_MS = 10_000;
/** The polling interval. The embedded database has one connection for these queries and for requests. */
const POLL_SECONDS = { jobs: { postgresql: 5, embedded: 15 }, deliveries: { postgresql: 1, embedded: 3 } } as const;

interface JobData {
  readonly job: string;
  readonly askedBy?: string;
}

/** Returns at once. The queue opens in the background, with a retry every 10 s. */
export function startRunner(options: RunnerOptions): Runner {
  return new QueueRunner(options);
}

/** A runner on a queue of pg-boss. Its public members are arrow functions, because callers pass them on without the runner. */
class QueueRunner implements Runner {
  readonly #options: RunnerOptions;
  readonly #byName: ReadonlyMap<string, Job>;
  /** Null until the queue is open. */
  #boss: PgBoss | null = null;
  #workers: readonly string[] = [];
  #trouble: string | null = 'starting';
  #isStopping = false;
  #again: NodeJS.Timeout | undefined;
  #opening: Promise<void>;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#byName = new Map(options.jobs.map((job) => [job.name, job]));
    this.#opening = this.#open();
  }

  readonly trouble = () => this.#trouble;

  readonly nextRunAt = (job: string) => nextRunAt(this.#boss, this.#byName.get(job));

  readonly queue = (tx: Database, job: string, askedBy: string): Promise<boolean> =>
    this.#send({ job, askedBy }, { db: fromDrizzle(tx, sql) });

  readonly wake = (): void => {
    for (const worker of this.#workers) this.#boss?.notifyWorker(worker);
  };

  readonly runNow = async (job: string, askedBy: string): Promise<boolean> => {
    const isQueued = await this.#send({ job, askedBy }, {});
    this.wake();
    return isQueued;
  };

  readonly enqueue = async (tx: Database, deliveryIds: readonly string[]): Promise<void> => {
    if (this.#boss === null) return;
    const queued = deliveryIds.map((deliveryId) => ({ data: { deliveryId }, singletonKey: deliveryId }));
    await this.#boss.insert(DELIVERIES, queued, { db: fromDrizzle(tx, sql) });
  };

  readonly stop = async (): Promise<void> => {
    this.#isStopping = true;
    clearTimeout(this.#again);
    await this.#opening;
    await this.#boss?.stop({ graceful: true, timeout: STOP_MS_MAX }).catch(() => {});
  };

  async #send(data: JobData, connection: ConnectionOptions): Promise<boolean> {
    if (this.#boss === null) throw new Error(this.#trouble ?? 'the jobs do not run yet');
    return (await this.#boss.send(JOBS, data, { singletonKey: data.job, ...connection })) !== null;
  }

  async #open(): Promise<void> {
    const opened = newBoss(this.#options.database);
    opened.on('error', (error) => this.#noteTrouble(error));
    try {
      await startBoss(opened, this.#options.database);
      await prepare(opened, this.#options);
      this.#workers = [await this.#workOnJobs(opened), await this.#workOnDeliveries(opened)];
      this.#boss = opened;
      this.#trouble = null;
    } catch (error) {
      await opened.stop({ graceful: false }).catch(() => {});
      this.#noteTrouble(error as Error);
      if (!this.#isStopping) this.#again = setTimeout(() => (this.#opening = this.#open()), START_AGAIN_MS).unref();
    }
  }

  #noteTrouble(error: Error): void {
    if (this.#trouble === null || this.#trouble === 'starting') this.#options.onTrouble(error);
    this.#trouble = error.message;
  }

  #workOnJobs(opened: PgBoss): Promise<string> {
    const { database, pollSeconds } = this.#options;
    const poll = {
      pollingIntervalSeconds: pollSeconds ?? POLL_SECONDS.jobs[database.kind],
      // A long job does not delay the short ones.
      localConcurrency: JOBS_AT_ONCE,
    };
    return opened.work<JobData>(JOBS, poll, async ([queued]) => {
      this.#trouble = null;
      if (queued !== undefined) await this.#runOne(queued);
    });
  }

  #workOnDeliveries(opened: PgBoss): Promise<string> {
    const { database, pollSeconds, deliver } = this.#options;
    const poll = {
      pollingIntervalSeconds: pollSeconds ?? POLL_SECONDS.deliveries[database.kind],
      localConcurrency: DELIVERIES_AT_ONCE,
    };
    return opened.work<{ readonly deliveryId: string }>(DELIVERIES, poll, async ([queued]) => {
      if (queued !== undefined) await deliver(queued.data.deliveryId);
    });
  }

  async #runOne({ data, signal }: QueuedJob<JobData>): Promise<void> {
    const { database, clock, warn, onFailed } = this.#options;
    const job = this.#byName.get(data.job);
    if (job === undefined) return; // A job of another version.
    const run = await runs.begin(database.db, { job: job.name, askedBy: data.askedBy ?? null, at: new Date(clock.nowMs()) });
    const end = (outcome: 'done' | 'failed', summary: string) =>
      runs.end(database.db, run, { outcome, summary: summary.slice(0, 1_000), at: new Date(clock.nowMs()) });
    try {
      const warnOf: JobContext['warn'] = (facts, message) => warn({ job: job.name, ...facts }, message);
      await end('done', await job.run({ database, clock, signal, warn: warnOf }));
    } catch (error) {
      onFailed(job.name, error as Error);
      await end('failed', (error as Error).message);
    }
  }
}

/** Creates the queues and schedules of this version. It is idempotent, even if two processes run it at once. */
async function prepare(boss: PgBoss, { jobs, retrySeconds }: RunnerOptions): Promise<void> {
  const jobQueue = {
    retryLimit: 0,
    heartbeatSeconds: SILENT_SECONDS,
    expireInSeconds: JOB_SECONDS_MAX,
    deleteAfterSeconds: 3_600,
  };
  const deliveryQueue = {
    // The row in our own table says when to give up.
    retryLimit: 10_000,
    retryDelay: retrySeconds ?? RETRY_SECONDS,
    retryBackoff: true,
    retryDelayMax: RETRY_SECONDS_MAX,
    expireInSeconds: DELIVERY_SECONDS_MAX,
    retentionSeconds: (2 * DELIVERY_MS_MAX) / 1_000,
    deleteAfterSeconds: 3_600,
  };
  for (const [name, settings] of [
    [JOBS, jobQueue],
    [DELIVERIES, deliveryQueue],
  ] as const) {
    await boss.createQueue(name, { policy: 'exclusive', ...settings });
    await boss.updateQueue(name, settings);
  }
  for (const { name, cron } of jobs) await boss.schedule(JOBS, cron, { job: name }, { key: name, singletonKey: name });
  const known = new Set(jobs.map(({ name }) => name));
  for (const { key } of await boss.getSchedules(JOBS)) {
    if (!known.has(key)) await boss.unschedule(JOBS, key);
  }
}

function nextRunAt(boss: PgBoss | null, job: Job | undefined): Date | null {
  if (boss === null || job === undefined) return null;
  return boss.previewSchedule(job.cron, { count: 1 })[0] ?? null;
}
