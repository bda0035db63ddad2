/** Job figures for metrics and the health page, up to 15 s old. A timer reads them from the database, so readers never do. */
import { CronExpressionParser } from 'cron-parser';
import type { Clock } from '../lib/timing/clock.ts';
import { countUnowned } from '../store/accounts/admin-tokens.ts';
import { backlog } from '../store/alerts/alert-deliveries.ts';
import type { Database } from '../store/database.ts';
import { type FoldLag, foldLag } from '../store/folds/fold-proof.ts';
import * as runs from '../store/installation/job-runs.ts';
import * as drifts from '../store/usage/drifts.ts';
import type { Job } from './job.ts';

export interface JobReadings {
  readonly drifts: { readonly open: number; readonly lastDay: number };
  readonly folds: FoldLag;
  readonly deliveries: { readonly pending: number; readonly lost: number };
  /** Admin tokens that nobody owns and that still work. */
  readonly unownedTokens: number;
  readonly jobs: readonly {
    readonly name: string;
    /** The time at which its last successful run ended; null: never. */
    readonly doneAtMs: number | null;
    readonly isFailing: boolean;
    /** For how long a success is due, counted from the start of this process if there was none; 0 if none is due. */
    readonly overdueMs: number;
  }[];
}

export const NO_READINGS: JobReadings = {
  drifts: { open: 0, lastDay: 0 },
  folds: { behindMs: 0, unfilled: 0 },
  deliveries: { pending: 0, lost: 0 },
  unownedTokens: 0,
  jobs: [],
};

const EVERY_MS = 15_000;
const DAY_MS = 86_400_000;
const RUNS = 20;
const FOLDS_EVERY = 4;
const RUNS_AHEAD = 10;

/** Reads at once and then every 15 s. While the database is down it keeps the last reading. */
export function keepReadings({
  db,
  clock,
  jobs,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly jobs: readonly Pick<Job, 'name' | 'cron'>[];
}): {
  read(): JobReadings;
  stop(): void;
} {
  const names = jobs.map(({ name }) => name);
  const everyMs = new Map(jobs.map(({ name, cron }) => [name, intervalOf(cron)]));
  const startedMs = clock.nowMs();
  let last: Omit<JobReadings, 'jobs'> & { readonly jobs: readonly Reading[] } = NO_READINGS;
  let looks = 0;
  // Its query reads every organization, so it runs every fourth time.
  const foldsNow = () => (looks++ % FOLDS_EVERY === 0 ? foldLag(db) : last.folds);
  const look = async () => {
    const { open, recent } = await drifts.counts(db, new Date(clock.nowMs() - DAY_MS));
    const newest = await runs.newest(db, names, RUNS);
    last = {
      drifts: { open, lastDay: recent },
      folds: await foldsNow(),
      deliveries: await backlog(db, new Date(clock.nowMs() - DAY_MS)),
      unownedTokens: await countUnowned(db, new Date(clock.nowMs())),
      jobs: names.map((name) => readingOf(name, newest.get(name) ?? [])),
    };
  };
  const quietly = () => void look().catch(() => {});
  quietly();
  const timer = setInterval(quietly, EVERY_MS).unref();
  const overdue = (job: Reading) => {
    const dueMs = Math.max(job.doneAtMs ?? 0, startedMs) + (everyMs.get(job.name) ?? 0);
    return { ...job, overdueMs: Math.max(0, clock.nowMs() - dueMs) };
  };
  return { read: () => ({ ...last, jobs: last.jobs.map(overdue) }), stop: () => clearInterval(timer) };
}

type Reading = Omit<JobReadings['jobs'][number], 'overdueMs'>;

/** Returns the longest time between the next runs of a schedule, in milliseconds. */
function intervalOf(cron: string): number {
  const schedule = CronExpressionParser.parse(cron, { tz: 'UTC' });
  const times = Array.from({ length: RUNS_AHEAD }, () => schedule.next().getTime());
  return Math.max(...times.slice(1).map((time, at) => time - (times[at] as number)));
}

function readingOf(name: string, newest: readonly runs.JobRunRow[]): Reading {
  const done = newest.find(({ outcome }) => outcome === 'done');
  const ended = newest.find(({ outcome }) => outcome !== null);
  return { name, doneAtMs: done?.finishedAt?.getTime() ?? null, isFailing: ended?.outcome === 'failed' };
}
