/** Webhooks: where events are sent. A null organization is the platform. */
import { and, count, eq, isNull, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { webhooks } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type WebhookRow = typeof webhooks.$inferSelect;

/** Global, as ids are unique over all tenants; the caller's right to see it is asked afterwards. */
export async function find(db: Database, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select().from(webhooks).where(eq(webhooks.id, id));
  return row ?? null;
}

/** As find, and nobody else changes it until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<WebhookRow | null> {
  const [row] = await tx.select().from(webhooks).where(eq(webhooks.id, id)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof webhooks.$inferInsert): Promise<WebhookRow> {
  const [inserted] = await tx.insert(webhooks).values(row).returning();
  return inserted as WebhookRow;
}

/** Moves the version on. */
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

/** Its deliveries go with it. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(webhooks).where(eq(webhooks.id, id));
}

/** How many one organization, or the platform, has. */
export async function countOf(db: Database, organizationId: string | null): Promise<number> {
  const of = organizationId === null ? isNull(webhooks.organizationId) : eq(webhooks.organizationId, organizationId);
  const [row] = await db.select({ total: count() }).from(webhooks).where(of);
  return row?.total ?? 0;
}

export interface WebhookFilter {
  readonly reach: readonly Reach[];
  /** Null: the platform's own. */
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
