/** The groups of an organization's SCIM directory. Members are rows, and changes of members are small differences. */
import { and, asc, count, eq, inArray, notInArray, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { scimGroupMembers, scimGroups, scimUsers } from '../schema.ts';
import type { OffsetPage } from './scim-people.ts';

export type ScimGroupRow = typeof scimGroups.$inferSelect;

export interface GroupKey {
  readonly organizationId: string;
  readonly id: string;
}

/** One condition on groups. All of a filter must hold. */
export type GroupCondition =
  | { readonly on: 'id' | 'externalId'; readonly equals: string }
  /** Compared without regard to case. */
  | { readonly on: 'displayName'; readonly equals: string };

export async function find(db: Database, key: GroupKey): Promise<ScimGroupRow | null> {
  const [row] = await db.select().from(scimGroups).where(at(key));
  return row ?? null;
}

/** Finds a group, and locks it until the transaction ends. */
export async function lock(tx: Database, key: GroupKey): Promise<ScimGroupRow | null> {
  const [row] = await tx.select().from(scimGroups).where(at(key)).for('update');
  return row ?? null;
}

/** Returns one page in order of id, and the number of groups on all pages. */
export async function search(
  db: Database,
  organizationId: string,
  conditions: readonly GroupCondition[],
  { offset, limit }: OffsetPage,
): Promise<{ readonly rows: readonly ScimGroupRow[]; readonly total: number }> {
  const wanted = and(eq(scimGroups.organizationId, organizationId), ...conditions.map(conditionOf));
  const total = await db.$count(scimGroups, wanted);
  const rows =
    limit === 0 ? [] : await db.select().from(scimGroups).where(wanted).orderBy(asc(scimGroups.id)).limit(limit).offset(offset);
  return { rows, total };
}

/** Inserts a group. Throws UniqueViolation if the name or the external id is taken in this directory. */
export async function insert(tx: Database, row: typeof scimGroups.$inferInsert): Promise<ScimGroupRow> {
  const [inserted] = await tx.insert(scimGroups).values(row).returning();
  return inserted as ScimGroupRow;
}

export async function update(tx: Database, key: GroupKey, changes: Partial<ScimGroupRow>, now: Date): Promise<void> {
  await tx
    .update(scimGroups)
    .set({ ...changes, updatedAt: now })
    .where(at(key));
}

export async function remove(tx: Database, key: GroupKey): Promise<void> {
  await tx.delete(scimGroups).where(at(key));
}

/** Returns the members of groups, by group id, at most `limit` in all. */
export async function membersOf(
  db: Database,
  {
    organizationId,
    groupIds,
    limit,
  }: { readonly organizationId: string; readonly groupIds: readonly string[]; readonly limit: number },
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (groupIds.length === 0) return new Map();
  const rows = await db
    .select({ groupId: scimGroupMembers.groupId, userId: scimGroupMembers.userId })
    .from(scimGroupMembers)
    .where(and(eq(scimGroupMembers.organizationId, organizationId), inArray(scimGroupMembers.groupId, [...groupIds])))
    .orderBy(asc(scimGroupMembers.groupId), asc(scimGroupMembers.userId))
    .limit(limit);
  const byGroup = Map.groupBy(rows, ({ groupId }) => groupId);
  return new Map([...byGroup].map(([id, of]) => [id, of.map(({ userId }) => userId)]));
}

/** Returns the number of members of each group, by group id. */
export async function countMembers(
  db: Database,
  organizationId: string,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (groupIds.length === 0) return new Map();
  const rows = await db
    .select({ id: scimGroupMembers.groupId, total: count() })
    .from(scimGroupMembers)
    .where(and(eq(scimGroupMembers.organizationId, organizationId), inArray(scimGroupMembers.groupId, [...groupIds])))
    .groupBy(scimGroupMembers.groupId);
  return new Map(rows.map(({ id, total }) => [id, total]));
}

/** Adds people to a group. Returns those who were not in it. Ids that are no people of the directory add nobody. */
export async function addMembers(tx: Database, { organizationId, id }: GroupKey, userIds: readonly string[]): Promise<string[]> {
  if (userIds.length === 0) return [];
  const added = await tx
    .insert(scimGroupMembers)
    .select(
      tx
        .select({
          organizationId: scimUsers.organizationId,
          groupId: sql<string>`${id}::text`.as('group_id'),
          userId: scimUsers.id,
        })
        .from(scimUsers)
        .where(and(eq(scimUsers.organizationId, organizationId), inArray(scimUsers.id, [...userIds]))),
    )
    .onConflictDoNothing()
    .returning({ userId: scimGroupMembers.userId });
  return added.map(({ userId }) => userId);
}

/** Takes people out of a group. Returns those who were in it. */
export async function removeMembers(tx: Database, key: GroupKey, userIds: readonly string[]): Promise<string[]> {
  if (userIds.length === 0) return [];
  return removed(tx, and(inGroup(key), inArray(scimGroupMembers.userId, [...userIds])));
}

/** Takes everybody out of a group except these people. Returns those who were in it. */
export async function keepMembers(tx: Database, key: GroupKey, userIds: readonly string[]): Promise<string[]> {
  const others = userIds.length === 0 ? undefined : notInArray(scimGroupMembers.userId, [...userIds]);
  return removed(tx, and(inGroup(key), others));
}

/** Returns one page of groups for the organization's admins. */
export function list(
  db: Database,
  { organizationId, search }: { readonly organizationId: string; readonly search?: string | undefined },
  page: PageRequest,
): Promise<Listed<ScimGroupRow>> {
  const wanted = [eq(scimGroups.organizationId, organizationId), named(scimGroups, search)];
  return listNamed(db, scimGroups, { list: 'scim-groups', wanted, page });
}

export function countOf(db: Database, organizationId: string): Promise<number> {
  return db.$count(scimGroups, eq(scimGroups.organizationId, organizationId));
}

/** Removes all groups of an organization. */
export async function removeAllOf(tx: Database, organizationId: string): Promise<void> {
  await tx.delete(scimGroups).where(eq(scimGroups.organizationId, organizationId));
}

async function removed(tx: Database, which: SQL | undefined): Promise<string[]> {
  const gone = await tx.delete(scimGroupMembers).where(which).returning({ userId: scimGroupMembers.userId });
  return gone.map(({ userId }) => userId);
}

function conditionOf(condition: GroupCondition): SQL {
  switch (condition.on) {
    case 'id':
      return eq(scimGroups.id, condition.equals);
    case 'externalId':
      return eq(scimGroups.externalId, condition.equals);
    case 'displayName':
      return sql`(lower(${scimGroups.name}) collate "C") = (lower(${condition.equals}) collate "C")`;
  }
}

function inGroup({ organizationId, id }: GroupKey): SQL | undefined {
  return and(eq(scimGroupMembers.organizationId, organizationId), eq(scimGroupMembers.groupId, id));
}

function at({ organizationId, id }: GroupKey): SQL | undefined {
  return and(eq(scimGroups.organizationId, organizationId), eq(scimGroups.id, id));
}
