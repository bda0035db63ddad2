/** Access groups and the targets they label. Global. access-holders.ts finds the holders of a group. */
import { and, count, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, named } from '../named-list.ts';
import { afterCursor, type Keyset, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { accessGroups, targetLabels } from '../schema.ts';

export type AccessGroupRow = typeof accessGroups.$inferSelect;

export async function find(db: Database, key: string): Promise<AccessGroupRow | null> {
  const [row] = await db.select().from(accessGroups).where(eq(accessGroups.key, key));
  return row ?? null;
}

/** Finds a group, and locks its row until the transaction ends. */
export async function lock(tx: Database, key: string): Promise<AccessGroupRow | null> {
  const [row] = await tx.select().from(accessGroups).where(eq(accessGroups.key, key)).for('update');
  return row ?? null;
}

/** Inserts a group. Throws UniqueViolation of `access_groups_pkey` if the key is taken. */
export async function insert(tx: Database, row: typeof accessGroups.$inferInsert): Promise<AccessGroupRow> {
  const [inserted] = await tx.insert(accessGroups).values(row).returning();
  return inserted as AccessGroupRow;
}

/** Inserts those of these groups that do not exist, with their keys as names. Returns the inserted ones. */
export async function insertMissing(tx: Database, keys: readonly string[], at: Date): Promise<readonly AccessGroupRow[]> {
  if (keys.length === 0) return [];
  const rows = keys.map((key) => ({ key, name: key, createdAt: at, updatedAt: at }));
  return tx.insert(accessGroups).values(rows).onConflictDoNothing().returning();
}

/** Updates a group and increments its version. */
export async function update(
  tx: Database,
  key: string,
  changes: { readonly name?: string; readonly description?: string },
  at: Date,
): Promise<AccessGroupRow> {
  const [row] = await tx
    .update(accessGroups)
    .set({ ...changes, version: sql`${accessGroups.version} + 1`, updatedAt: at })
    .where(eq(accessGroups.key, key))
    .returning();
  return row as AccessGroupRow;
}

/** Deletes a group and its labels. */
export async function remove(tx: Database, key: string): Promise<void> {
  await tx.delete(targetLabels).where(eq(targetLabels.accessGroup, key));
  await tx.delete(accessGroups).where(eq(accessGroups.key, key));
}

/** Returns the names of the targets that a group labels, sorted, at most `limit`. */
export async function membersOf(db: Database, key: string, limit: number): Promise<readonly string[]> {
  const rows = await db
    .select({ name: targetLabels.targetName })
    .from(targetLabels)
    .where(eq(targetLabels.accessGroup, key))
    .orderBy(targetLabels.targetName)
    .limit(limit);
  return rows.map((row) => row.name);
}

/** Counts the targets that each of these groups labels, by key. Groups without any are absent. */
export async function memberCounts(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .select({ key: targetLabels.accessGroup, total: count() })
    .from(targetLabels)
    .where(inArray(targetLabels.accessGroup, [...keys]))
    .groupBy(targetLabels.accessGroup);
  return new Map(rows.map((row) => [row.key, row.total]));
}

/** Returns the sorted labels of these targets, by target name. Targets without any are absent. */
export async function labelsOf(db: Database, targetNames: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (targetNames.length === 0) return new Map();
  const rows = await db
    .select()
    .from(targetLabels)
    .where(inArray(targetLabels.targetName, [...targetNames]))
    .orderBy(targetLabels.accessGroup);
  const byTarget = Map.groupBy(rows, (row) => row.targetName);
  return new Map([...byTarget].map(([name, labels]) => [name, labels.map((row) => row.accessGroup)]));
}

/** Replaces the labels of a target. The groups must exist. */
export async function replaceLabels(tx: Database, targetName: string, keys: readonly string[]): Promise<void> {
  await tx.delete(targetLabels).where(eq(targetLabels.targetName, targetName));
  if (keys.length === 0) return;
  await tx.insert(targetLabels).values(keys.map((accessGroup) => ({ targetName, accessGroup })));
}

/** Lists groups by key. Throws InvalidCursor. */
export async function list(
  db: Database,
  { search }: { readonly search?: string | undefined },
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Listed<AccessGroupRow>> {
  const limit = pageLimit(page.limit);
  const wanted = named({ id: accessGroups.key, name: accessGroups.name }, search, accessGroups.key);
  const found = await db
    .select()
    .from(accessGroups)
    .where(and(wanted, afterCursor(BY_KEY, page.cursor)))
    .orderBy(orderOf(BY_KEY))
    .limit(limit + 1);
  const total = await totalOf(db, db.select({ key: accessGroups.key }).from(accessGroups).where(wanted));
  return { ...pageOf(BY_KEY, found, limit, (row) => [row.key]), total };
}

const BY_KEY: Keyset = { name: 'access-groups.key', columns: [accessGroups.key], direction: 'asc' };
