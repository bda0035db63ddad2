/** What ended by itself and nobody took away. */
import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { idempotencyKeys, processLeases } from './schema.ts';

/** A holder that was only slow is given this long to come back, and finds its lease as it was. */
const LEASES_KEPT_MS = 3_600_000;
/** An answer to an `Idempotency-Key` counts for 24 hours. */
const ANSWERS_KEPT_MS = 25 * 3_600_000;

/** Leases that ended an hour ago, and answers that no repeated call can ask for any more: at most so many rows of each. */
export async function dropLeftovers(
  db: Database,
  at: Date,
  most: number,
): Promise<{ readonly leases: number; readonly answers: number }> {
  const before = (ms: number) => new Date(at.getTime() - ms);
  const leases = await db.execute(sql`delete from ${processLeases} where expires_at < ${before(LEASES_KEPT_MS)}`);
  const answers = await db.execute(sql`delete from ${idempotencyKeys} where (caller, key) in (
    select caller, key from ${idempotencyKeys} where created_at < ${before(ANSWERS_KEPT_MS)} limit ${most})`);
  return { leases: leases.rowCount ?? 0, answers: answers.rowCount ?? 0 };
}
