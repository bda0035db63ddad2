/** Webhooks, which receive events. A null organization is the platform. */
import { and, count, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { webhooks } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type WebhookRow = typeof webhooks.$inferSelect;

/** Finds a webhook by id. Global, because ids are unique over all tenants: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select().from(webhooks).where(eq(webhooks.id, id));
  return row ?? null;
}

/** Returns those of these webhooks that exist, of any place, in no order. */
export async function findMany(db: Database, ids: readonly string[]): Promise<readonly WebhookRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(webhooks)
    .where(inArray(webhooks.id, [...ids]));
}

/** Finds a webhook, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<WebhookRow | null> {
  const [row] = await tx.select().from(webhooks).where(eq(webhooks.id, id)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof webhooks.$inferInsert): Promise<WebhookRow> {
  const [inserted] = await tx.insert(webhooks).values(row).returning();
  return inserted as WebhookRow;
}

/** Updates a webhook and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof webhooks.$inferInsert>,
  at: Date,
): Promise<WebhookRow> {
  const [row] = await tx
    .update(webhooks)
    .set({ ...changes, version: sql`${webhooks.version} + 1`, updatedAt: at })
    .where(eq(webhooks.id, id))
    .returning();
  return row as WebhookRow;
}

/** Deletes a webhook and its deliveries. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(webhooks).where(eq(webhooks.id, id));
}

/** Counts the webhooks of one organization, or of the platform. */
export async function countOf(db: Database, organizationId: string | null): Promise<number> {
  const of = organizationId === null ? isNull(webhooks.organizationId) : eq(webhooks.organizationId, organizationId);
  const [row] = await db.select({ total: count() }).from(webhooks).where(of);
  return row?.total ?? 0;
}

export interface WebhookFilter {
  readonly reach: readonly Reach[];
  /** Null for the platform's own. */
  readonly organizationId?: string | null | undefined;
  readonly search?: string | undefined;
}

export function list(
  db: Database,
  { reach, organizationId, search }: WebhookFilter,
  page: PageRequest,
): Promise<Listed<WebhookRow>> {
  const wanted = [
    withinReach(reach, { organizationId: webhooks.organizationId }),
    organizationId === undefined
      ? undefined
      : organizationId === null
        ? isNull(webhooks.organizationId)
        : eq(webhooks.organizationId, organizationId),
    named(webhooks, search),
  ];
  return listNamed(db, webhooks, { list: 'webhooks', wanted: [and(...wanted)], page });
}
