/** Saved views: pages of the console with their filters. */
import { and, asc, count, desc, eq, inArray, or, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, savedViews } from '../schema.ts';

export type SavedViewRow = typeof savedViews.$inferSelect;

/** A view with the name of the person it belongs to. */
export interface ListedView {
  readonly row: SavedViewRow;
  readonly ownerName: string;
}

/** Finds a view by id. Global, because ids are unique: the caller must check that the view is its own or shared. */
export async function find(db: Database, id: string): Promise<SavedViewRow | null> {
  const [row] = await db.select().from(savedViews).where(eq(savedViews.id, id));
  return row ?? null;
}

/** Finds a view, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<SavedViewRow | null> {
  const [row] = await tx.select().from(savedViews).where(eq(savedViews.id, id)).for('update');
  return row ?? null;
}

/** Counts the views of a person. Locks the account, so that two changes cannot both be the last one allowed. */
export async function countOwn(tx: Database, accountId: string): Promise<number> {
  await tx.select({ id: accounts.id }).from(accounts).where(eq(accounts.id, accountId)).for('update');
  const [row] = await tx.select({ total: count() }).from(savedViews).where(eq(savedViews.accountId, accountId));
  return row?.total ?? 0;
}

export interface ViewsQuestion {
  readonly accountId: string;
  /** The organizations whose shared views are listed too. */
  readonly organizationIds: readonly string[];
  readonly path: string | undefined;
  readonly limit: number;
}

/** Lists a person's own views and those shared with some organizations, one's own first, then by name. */
export function list(db: Database, { accountId, organizationIds, path, limit }: ViewsQuestion): Promise<readonly ListedView[]> {
  const isOwn = eq(savedViews.accountId, accountId);
  const shared = organizationIds.length === 0 ? undefined : inArray(savedViews.organizationId, [...organizationIds]);
  return db
    .select({ row: savedViews, ownerName: accounts.name })
    .from(savedViews)
    .innerJoin(accounts, eq(accounts.id, savedViews.accountId))
    .where(and(or(isOwn, shared), path === undefined ? undefined : eq(savedViews.path, path)))
    .orderBy(desc(sql`${isOwn}`), asc(sql`lower(${savedViews.name})`), asc(savedViews.id))
    .limit(limit);
}

export async function insert(tx: Database, row: typeof savedViews.$inferInsert): Promise<SavedViewRow> {
  const [inserted] = await tx.insert(savedViews).values(row).returning();
  return inserted as SavedViewRow;
}

/** Updates a view and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof savedViews.$inferInsert>,
  at: Date,
): Promise<SavedViewRow> {
  const [row] = await tx
    .update(savedViews)
    .set({ ...changes, version: sql`${savedViews.version} + 1`, updatedAt: at })
    .where(eq(savedViews.id, id))
    .returning();
  return row as SavedViewRow;
}

/** Deletes a view, and the scheduled mails of it. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(savedViews).where(eq(savedViews.id, id));
}
