import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';

/** Something that is done again and again, by one process at a time over all replicas. */
export interface Job {
  readonly name: string;
  /** For the people who look at it: what it does, in a sentence. */
  readonly about: string;
  /** When: minute, hour, day of the month, month, day of the week; in UTC. */
  readonly cron: string;
  /** Returns what it did in a sentence. Whatever it throws is its failure; the next run begins anew. */
  run(context: JobContext): Promise<string>;
}

/** What every job is given. */
export interface JobContext {
  /** With room for statements that take minutes. */
  readonly database: OpenDatabase;
  readonly clock: Clock;
  /** The process is to end, or another has taken the job over: stop between two pieces of work. */
  readonly signal: AbortSignal;
  /** Writes a line in the log that an operator should see. No amounts, no secrets. */
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Between two pieces of work. Throws when the job is to stop. */
export function goOn({ signal }: Pick<JobContext, 'signal'>): void {
  if (signal.aborted) throw new Error('stopped before it was done; the next run goes on');
}
