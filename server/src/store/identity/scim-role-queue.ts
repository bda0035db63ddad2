/** The people whose roles must be worked out again from the groups of the SCIM directory. */
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { scimRoleQueue } from '../schema.ts';

const ROWS_MAX = 5_000;

/** Adds people to the queue. */
export async function queue(tx: Database, organizationId: string, userIds: readonly string[]): Promise<void> {
  for (let at = 0; at < userIds.length; at += ROWS_MAX) {
    const rows = userIds.slice(at, at + ROWS_MAX).map((userId) => ({ organizationId, userId }));
    await tx.insert(scimRoleQueue).values(rows).onConflictDoNothing();
  }
}

/** Takes the next people of one organization out of the queue, the oldest first. Another transaction takes others. */
export async function take(tx: Database, organizationId: string, limit: number): Promise<readonly string[]> {
  const next = tx
    .select({ userId: scimRoleQueue.userId })
    .from(scimRoleQueue)
    .where(eq(scimRoleQueue.organizationId, organizationId))
    .orderBy(asc(scimRoleQueue.queuedAt), asc(scimRoleQueue.userId))
    .limit(limit)
    .for('update', { skipLocked: true });
  const taken = await tx
    .delete(scimRoleQueue)
    .where(and(eq(scimRoleQueue.organizationId, organizationId), inArray(scimRoleQueue.userId, next)))
    .returning({ userId: scimRoleQueue.userId });
  return taken.map(({ userId }) => userId);
}

/** Moves the oldest person of an organization to the end of the queue. */
export async function postpone(db: Database, organizationId: string, now: Date): Promise<void> {
  const [oldest] = await db
    .select({ userId: scimRoleQueue.userId })
    .from(scimRoleQueue)
    .where(eq(scimRoleQueue.organizationId, organizationId))
    .orderBy(asc(scimRoleQueue.queuedAt), asc(scimRoleQueue.userId))
    .limit(1);
  if (oldest === undefined) return;
  const place = and(eq(scimRoleQueue.organizationId, organizationId), eq(scimRoleQueue.userId, oldest.userId));
  await db.update(scimRoleQueue).set({ queuedAt: now }).where(place);
}

/** Returns organizations with people in the queue, at most 100. */
export async function waiting(db: Database): Promise<readonly string[]> {
  const rows = await db.selectDistinct({ id: scimRoleQueue.organizationId }).from(scimRoleQueue).limit(100);
  return rows.map(({ id }) => id);
}

export function countWaiting(db: Database, organizationId: string): Promise<number> {
  return db.$count(scimRoleQueue, eq(scimRoleQueue.organizationId, organizationId));
}
