/** The people whose roles must be worked out again from the groups of the SCIM directory. */
import { and, asc, eq, inArray, isNotNull, ne, or } from 'drizzle-orm';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import type { Database } from '../database.ts';
import { groupMappings, memberships, scimGroupMembers, scimRoleQueue, teamMembers } from '../schema.ts';

const ROWS_MAX = 5_000;

/** Adds people to the queue. */
export async function queue(tx: Database, organizationId: string, userIds: readonly string[]): Promise<void> {
  for (let at = 0; at < userIds.length; at += ROWS_MAX) {
    const rows = userIds.slice(at, at + ROWS_MAX).map((userId) => ({ organizationId, userId }));
    await tx.insert(scimRoleQueue).values(rows).onConflictDoNothing();
  }
}

/**
 * Adds people who have a role of a sign-in where a group of their directory gives one: the version before left it so. At most
 * `limit`. Returns their number.
 */
export async function queueTakeovers(db: Database, limit: number): Promise<number> {
  const { organizationId, userId } = scimGroupMembers;
  const member = and(
    eq(memberships.organizationId, organizationId),
    eq(memberships.id, userId),
    ne(memberships.managedBy, DIRECTORY),
    isNotNull(groupMappings.role),
  );
  const ofTeam = and(
    eq(teamMembers.organizationId, organizationId),
    eq(teamMembers.membershipId, userId),
    eq(teamMembers.teamId, groupMappings.teamId),
    ne(teamMembers.managedBy, DIRECTORY),
  );
  const mapping = and(
    eq(groupMappings.organizationId, organizationId),
    eq(groupMappings.source, DIRECTORY),
    eq(groupMappings.value, scimGroupMembers.groupId),
  );
  const found = await db
    .selectDistinct({ organizationId, userId })
    .from(scimGroupMembers)
    .innerJoin(groupMappings, mapping)
    .leftJoin(memberships, member)
    .leftJoin(teamMembers, ofTeam)
    .where(or(isNotNull(memberships.id), isNotNull(teamMembers.membershipId)))
    .limit(limit);
  for (const [organization, people] of Map.groupBy(found, (row) => row.organizationId))
    await queue(
      db,
      organization,
      people.map((row) => row.userId),
    );
  return found.length;
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
