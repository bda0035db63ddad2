/** Deletes expired idempotency answers. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { idempotencyKeys } from '../schema.ts';

/** An hour longer than the 24 hours for which an answer to an `Idempotency-Key` is valid. */
const ANSWERS_KEPT_MS = 25 * 3_600_000;

/** Deletes up to `most` expired answers. Returns the number of deleted rows. */
export async function dropOldAnswers(db: Database, at: Date, most: number): Promise<number> {
  const before = new Date(at.getTime() - ANSWERS_KEPT_MS);
  const { rowCount } = await db.execute(sql`delete from ${idempotencyKeys} where (caller, key) in (
    select caller, key from ${idempotencyKeys} where created_at < ${before} limit ${most})`);
  return rowCount ?? 0;
}
