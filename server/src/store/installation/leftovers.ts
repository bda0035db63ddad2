/** What ended by itself and nobody took away. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { idempotencyKeys } from '../schema.ts';

/** An answer to an `Idempotency-Key` counts for 24 hours. */
const ANSWERS_KEPT_MS = 25 * 3_600_000;

/** Takes away at most so many answers that no repeated call can ask for any more. Returns how many. */
export async function dropOldAnswers(db: Database, at: Date, most: number): Promise<number> {
  const before = new Date(at.getTime() - ANSWERS_KEPT_MS);
  const { rowCount } = await db.execute(sql`delete from ${idempotencyKeys} where (caller, key) in (
    select caller, key from ${idempotencyKeys} where created_at < ${before} limit ${most})`);
  return rowCount ?? 0;
}
