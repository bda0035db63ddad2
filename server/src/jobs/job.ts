import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';

/** A recurring task, run by one process at a time across all replicas. */
export interface Job {
  readonly name: string;
  /** A sentence for people that says what the job does. */
  readonly about: string;
  /** The schedule in UTC: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  /** Returns a sentence that says what it did. If it throws, the run has failed; the next run starts over. */
  run(context: JobContext): Promise<string>;
}

/** The dependencies that every job receives. */
export interface JobContext {
  /** A connection pool that allows statements of several minutes. */
  readonly database: OpenDatabase;
  readonly clock: Clock;
  /** Aborts when the process stops or another one has taken over the job: stop at the next step. */
  readonly signal: AbortSignal;
  /** Writes a line in the log for operators. No amounts, no secrets. */
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Throws if the job must stop. Call it between two steps. */
export function goOn({ signal }: Pick<JobContext, 'signal'>): void {
  if (signal.aborted) throw new Error('stopped before it was done; the next run continues');
}
