/** Devices and programs that wait for approval, or for their tokens afterwards. */
import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { loginRequests } from '../schema.ts';

export type LoginRequestRow = typeof loginRequests.$inferSelect;

/** Stores a request. Returns false if another one has the same code; then make another code. */
export async function insert(db: Database, row: typeof loginRequests.$inferInsert): Promise<boolean> {
  const inserted = await db.insert(loginRequests).values(row).onConflictDoNothing().returning({ way: loginRequests.way });
  return inserted.length > 0;
}

/** Finds a request by the hashes that its device or authorization code may have. Locks it. */
export async function lock(tx: Database, hashes: readonly Buffer[]): Promise<LoginRequestRow | null> {
  const [row] = await tx
    .select()
    .from(loginRequests)
    .where(inArray(loginRequests.hash, [...hashes]))
    .for('update');
  return row ?? null;
}

/** Finds a request that waits by the hashes that its typed code may have. Locks it. */
export async function lockWaiting(tx: Database, userCodeHashes: readonly Buffer[], at: Date): Promise<LoginRequestRow | null> {
  const [row] = await tx
    .select()
    .from(loginRequests)
    .where(
      and(
        inArray(loginRequests.userCodeHash, [...userCodeHashes]),
        eq(loginRequests.state, 'pending'),
        gt(loginRequests.expiresAt, at),
      ),
    )
    .for('update');
  return row ?? null;
}

export async function update(tx: Database, hash: Buffer, changes: Partial<typeof loginRequests.$inferInsert>): Promise<void> {
  await tx.update(loginRequests).set(changes).where(eq(loginRequests.hash, hash));
}

/** Takes back the approvals of a login whose tokens nobody has fetched: a newer approval replaces them. */
export async function takeBack(tx: Database, login: { readonly organizationId: string; readonly keyId: string }): Promise<void> {
  await tx
    .update(loginRequests)
    .set({ state: 'denied' })
    .where(
      and(
        eq(loginRequests.organizationId, login.organizationId),
        eq(loginRequests.keyId, login.keyId),
        eq(loginRequests.state, 'approved'),
      ),
    );
}

/** Counts the devices that wait now. */
export function countWaiting(db: Database, at: Date): Promise<number> {
  return db.$count(loginRequests, gt(loginRequests.expiresAt, at));
}

/** Deletes requests that expired an hour ago. Until then, an answer can say expired instead of unknown. */
export async function dropExpired(db: Database, at: Date): Promise<void> {
  await db.delete(loginRequests).where(lt(loginRequests.expiresAt, sql`${at}::timestamptz - interval '1 hour'`));
}
