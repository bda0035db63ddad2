/**
 * Runs the jobs by their schedules, and the deliveries as they come: each job by one process at a time however many replicas there are.
 *
 * When the database is away: nothing runs, and the queue goes on when it is back. When the process that ran a job is gone: the queue notices
 * its silence, and the next time due another one runs it.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type PgBoss, type Job as QueuedJob } from 'pg-boss';
import { DELIVERY_MS_MAX } from '../domain/tenancy/alert.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { Database, OpenDatabase } from '../store/database.ts';
import * as runs from '../store/installation/job-runs.ts';
import { newBoss } from './boss.ts';
import type { Job, JobContext } from './job.ts';

export interface RunnerOptions {
  readonly database: OpenDatabase;
  readonly clock: Clock;
  readonly jobs: readonly Job[];
  /** One attempt at one delivery; throws to be called again later. */
  readonly deliver: (deliveryId: string) => Promise<void>;
  /** Told of what went wrong outside a job, once until something works again. */
  readonly onTrouble: (error: Error) => void;
  /** Told when a job failed. */
  readonly onFailed: (job: string, error: Error) => void;
  /** A line of a job for the log. */
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
  /** Shorter in tests. */
  readonly pollSeconds?: number;
  readonly retrySeconds?: number;
}

export interface Runner {
  /** Why nothing runs; null while it does. */
  trouble(): string | null;
  /** The next time a job is due. */
  nextRunAt(job: string): Date | null;
  /** Puts a job in line at once. False: it runs or waits already. Rejects while nothing runs. */
  runNow(job: string, askedBy: string): Promise<boolean>;
  /** Puts deliveries in line in the transaction that made them. Where nothing runs yet the sweeper finds them. */
  enqueue(tx: Database, deliveryIds: readonly string[]): Promise<void>;
  /** No more jobs; those under way may finish for a few seconds. */
  stop(): Promise<void>;
}

const JOBS = 'jobs';
const DELIVERIES = 'deliveries';
/** A process that says nothing for this long has lost its job. */
const SILENT_SECONDS = 60;
const JOB_SECONDS_MAX = 3_600;
const DELIVERY_SECONDS_MAX = 60;
const JOBS_AT_ONCE = 2;
const DELIVERIES_AT_ONCE = 4;
const RETRY_SECONDS = 5;
const RETRY_SECONDS_MAX = 3_600;
const STOP_MS_MAX = 5_000;
const START_AGAIN_MS = 10_000;
/** How often the queue is asked for work. The embedded database serves requests on the same one connection. */
const POLL_SECONDS = { jobs: { postgresql: 5, embedded: 15 }, deliveries: { postgresql: 1, embedded: 3 } } as const;

interface JobData {
  readonly job: string;
  readonly askedBy?: string;
}

/** Returns at once; the queue opens beside the requests and is tried again while it cannot. */
export function startRunner(options: RunnerOptions): Runner {
  const { database, clock, jobs } = options;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  let boss: PgBoss | null = null;
  let workers: readonly string[] = [];
  let trouble: string | null = 'starting';
  let isStopping = false;
  let again: NodeJS.Timeout | undefined;
  let opening = open();

  async function open(): Promise<void> {
    const opened = newBoss(database);
    opened.on('error', noteTrouble);
    try {
      await opened.start();
      await prepare(opened, options);
      workers = [await workOnJobs(opened), await workOnDeliveries(opened)];
      boss = opened;
      trouble = null;
    } catch (error) {
      await opened.stop({ graceful: false }).catch(() => {});
      noteTrouble(error as Error);
      if (!isStopping) again = setTimeout(() => (opening = open()), START_AGAIN_MS).unref();
    }
  }

  function noteTrouble(error: Error): void {
    if (trouble === null || trouble === 'starting') options.onTrouble(error);
    trouble = error.message;
  }

  function workOnJobs(opened: PgBoss): Promise<string> {
    const poll = {
      pollingIntervalSeconds: options.pollSeconds ?? POLL_SECONDS.jobs[database.kind],
      // A long job does not hold up the short ones.
      localConcurrency: JOBS_AT_ONCE,
    };
    return opened.work<JobData>(JOBS, poll, async ([queued]) => {
      trouble = null;
      if (queued !== undefined) await runOne(queued);
    });
  }

  function workOnDeliveries(opened: PgBoss): Promise<string> {
    const poll = {
      pollingIntervalSeconds: options.pollSeconds ?? POLL_SECONDS.deliveries[database.kind],
      localConcurrency: DELIVERIES_AT_ONCE,
    };
    return opened.work<{ readonly deliveryId: string }>(DELIVERIES, poll, async ([queued]) => {
      if (queued !== undefined) await options.deliver(queued.data.deliveryId);
    });
  }

  async function runOne({ data, signal }: QueuedJob<JobData>): Promise<void> {
    const job = byName.get(data.job);
    if (job === undefined) return; // Of another version.
    const run = await runs.begin(database.db, { job: job.name, askedBy: data.askedBy ?? null, at: new Date(clock.nowMs()) });
    const end = (outcome: 'done' | 'failed', summary: string) =>
      runs.end(database.db, run, { outcome, summary: summary.slice(0, 1_000), at: new Date(clock.nowMs()) });
    try {
      const warn: JobContext['warn'] = (facts, message) => options.warn({ job: job.name, ...facts }, message);
      await end('done', await job.run({ database, clock, signal, warn }));
    } catch (error) {
      options.onFailed(job.name, error as Error);
      await end('failed', (error as Error).message);
    }
  }

  return {
    trouble: () => trouble,
    nextRunAt: (name) => nextRunAt(boss, byName.get(name)),
    runNow: async (job, askedBy) => {
      if (boss === null) throw new Error(trouble ?? 'the jobs do not run yet');
      const data: JobData = { job, askedBy };
      const id = await boss.send(JOBS, data, { singletonKey: job });
      for (const worker of workers) boss.notifyWorker(worker);
      return id !== null;
    },
    enqueue: async (tx, deliveryIds) => {
      if (boss === null) return;
      const queued = deliveryIds.map((deliveryId) => ({ data: { deliveryId }, singletonKey: deliveryId }));
      await boss.insert(DELIVERIES, queued, { db: fromDrizzle(tx, sql) });
    },
    stop: async () => {
      isStopping = true;
      clearTimeout(again);
      await opening;
      await boss?.stop({ graceful: true, timeout: STOP_MS_MAX }).catch(() => {});
    },
  };
}

/** The queues and schedules, as this version wants them. Doing it twice, or from two processes at once, changes nothing. */
async function prepare(boss: PgBoss, { jobs, retrySeconds }: RunnerOptions): Promise<void> {
  const jobQueue = {
    retryLimit: 0,
    heartbeatSeconds: SILENT_SECONDS,
    expireInSeconds: JOB_SECONDS_MAX,
    deleteAfterSeconds: 3_600,
  };
  const deliveryQueue = {
    // Our own row says when it is over.
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
