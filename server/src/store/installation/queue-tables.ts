/** The tables of the job queue, which the queue makes itself. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';

/** The key of the lock that the first process holds while it makes them. */
const QUEUE_LOCK = '7521962937430467690';

export async function hasQueue(db: Database, schema: string): Promise<boolean> {
  const { rows } = await db.execute<{ has: boolean }>(sql`select to_regclass(${`${schema}.version`}) is not null as has`);
  return rows[0]?.has === true;
}

/** Runs a step while no other process runs it: they wait for it. */
export async function whileQueueIsMade(db: Database, step: () => Promise<void>): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${QUEUE_LOCK})`);
    await step();
  });
}
