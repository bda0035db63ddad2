/** Route groups: named sets of deployments with their own routing. Global. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, type ListSort, listOrder, named } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { storedStrategy, withStrategy } from '../schema/strategy-columns.ts';
import { routeGroupMembers, routeGroups } from '../schema.ts';

type StoredGroup = typeof routeGroups.$inferSelect;
export type RouteGroupRow = ReturnType<typeof withStrategy<StoredGroup>>;
type NewGroup = Pick<RouteGroupRow, 'id' | 'key'> & Partial<RouteGroupRow>;
export type RouteGroupMember = Omit<typeof routeGroupMembers.$inferSelect, 'routeGroupId'>;

export async function find(db: Database, id: string): Promise<RouteGroupRow | null> {
  const [row] = await db.select().from(routeGroups).where(eq(routeGroups.id, id));
  return row === undefined ? null : withStrategy(row);
}

/** Finds a group, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<RouteGroupRow | null> {
  const [row] = await tx.select().from(routeGroups).where(eq(routeGroups.id, id)).for('update');
  return row === undefined ? null : withStrategy(row);
}

/** Inserts a group. Claim its key as a name first. */
export async function insert(tx: Database, row: NewGroup): Promise<RouteGroupRow> {
  const [inserted] = await tx.insert(routeGroups).values(storedStrategy(row)).returning();
  return withStrategy(inserted as StoredGroup);
}

/** Updates a group and increments its version. */
export async function update(tx: Database, id: string, changes: Partial<RouteGroupRow>, at: Date): Promise<RouteGroupRow> {
  const [row] = await tx
    .update(routeGroups)
    .set({ ...storedStrategy(changes), version: sql`${routeGroups.version} + 1`, updatedAt: at })
    .where(eq(routeGroups.id, id))
    .returning();
  return withStrategy(row as StoredGroup);
}

/** Deletes a group and its memberships. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(routeGroups).where(eq(routeGroups.id, id));
}

/** Returns the members of these groups by group id, in order of deployment id. Groups without any are absent. */
export async function membersOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, readonly RouteGroupMember[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(routeGroupMembers)
    .where(inArray(routeGroupMembers.routeGroupId, [...ids]))
    .orderBy(routeGroupMembers.deploymentId);
  return Map.groupBy(rows, (row) => row.routeGroupId);
}

export async function replaceMembers(tx: Database, id: string, members: readonly RouteGroupMember[]): Promise<void> {
  await tx.delete(routeGroupMembers).where(eq(routeGroupMembers.routeGroupId, id));
  if (members.length === 0) return;
  await tx.insert(routeGroupMembers).values(members.map((member) => ({ routeGroupId: id, ...member })));
}

/** Returns the ids of those of these keys that are route groups, by key. */
export async function idsOfKeys(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .select({ id: routeGroups.id, key: routeGroups.key })
    .from(routeGroups)
    .where(inArray(routeGroups.key, [...keys]));
  return new Map(rows.map((row) => [row.key, row.id]));
}

/** Lists one page of groups. Throws InvalidCursor. */
export async function list(
  db: Database,
  { search }: { readonly search?: string | undefined },
  page: { readonly sort: ListSort; readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Listed<RouteGroupRow>> {
  const columns = { id: routeGroups.id, name: routeGroups.key };
  const order = listOrder('route-groups', page.sort, columns);
  const limit = pageLimit(page.limit);
  const wanted = named(columns, search);
  const found = await db
    .select({ row: routeGroups, id: routeGroups.id, lowerName: order.lowerName })
    .from(routeGroups)
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, order.keyOf);
  const total = await totalOf(db, db.select({ id: routeGroups.id }).from(routeGroups).where(wanted));
  return { rows: kept.rows.map(({ row }) => withStrategy(row)), nextCursor: kept.nextCursor, total };
}
