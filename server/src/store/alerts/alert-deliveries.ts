/** Deliveries of one event to one receiver. Ids are global: callers check permissions by the webhook's organization. */
import { and, asc, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, PAGE_LIMIT_MAX, type Page, pageLimit, pageOf } from '../paging.ts';
import { alertDeliveries, alertEvents, webhooks } from '../schema.ts';

export type DeliveryRow = typeof alertDeliveries.$inferSelect;

/** A delivery with its event and its receiver. */
export interface Delivery {
  readonly delivery: DeliveryRow;
  readonly event: typeof alertEvents.$inferSelect;
  /** Null if the receiver is a person. */
  readonly webhook: typeof webhooks.$inferSelect | null;
}

export async function find(db: Database, id: string): Promise<Delivery | null> {
  const [row] = await db
    .select({ delivery: alertDeliveries, event: alertEvents, webhook: webhooks })
    .from(alertDeliveries)
    .innerJoin(alertEvents, eq(alertEvents.id, alertDeliveries.eventId))
    .leftJoin(webhooks, eq(webhooks.id, alertDeliveries.webhookId))
    .where(eq(alertDeliveries.id, id));
  return row ?? null;
}

/** The outcome of one attempt. */
export interface Attempted {
  readonly status: DeliveryRow['status'];
  readonly httpStatus: number | null;
  readonly problem: string | null;
  readonly at: Date;
}

/** Records an attempt. The retries of a lost delivery ended with it. */
export async function recordAttempt(db: Database, id: string, { at, ...outcome }: Attempted): Promise<void> {
  const ended = outcome.status === 'lost' ? { giveUpAt: at } : {};
  await db
    .update(alertDeliveries)
    .set({ ...outcome, ...ended, attempts: sql`${alertDeliveries.attempts} + 1`, lastAttemptAt: at })
    .where(eq(alertDeliveries.id, id));
}

/** Marks a delivery as lost, with the reason. Used when its webhook was turned off, or its person is no longer told. */
export async function giveUp(db: Database, id: string, problem: string, at: Date): Promise<void> {
  await db.update(alertDeliveries).set({ status: 'lost', problem, giveUpAt: at }).where(eq(alertDeliveries.id, id));
}

/** Queues a delivery again, with retries until `giveUpAt`. */
export async function revive(tx: Database, id: string, giveUpAt: Date): Promise<void> {
  await tx.update(alertDeliveries).set({ status: 'pending', problem: null, giveUpAt }).where(eq(alertDeliveries.id, id));
}

/** Returns the deliveries of one event, at most 200, in the order in which they were made. */
export async function ofEvent(db: Database, eventId: string): Promise<readonly Delivery[]> {
  return db
    .select({ delivery: alertDeliveries, event: alertEvents, webhook: webhooks })
    .from(alertDeliveries)
    .innerJoin(alertEvents, eq(alertEvents.id, alertDeliveries.eventId))
    .leftJoin(webhooks, eq(webhooks.id, alertDeliveries.webhookId))
    .where(eq(alertDeliveries.eventId, eventId))
    .orderBy(asc(alertDeliveries.id))
    .limit(PAGE_LIMIT_MAX);
}

/** Returns the ids of pending deliveries that were created before a time, oldest first, at most `most`. */
export async function pendingSince(db: Database, before: Date, most: number): Promise<readonly string[]> {
  const rows = await db
    .select({ id: alertDeliveries.id })
    .from(alertDeliveries)
    .where(and(eq(alertDeliveries.status, 'pending'), lt(alertDeliveries.createdAt, before)))
    .orderBy(asc(alertDeliveries.id))
    .limit(most);
  return rows.map(({ id }) => id);
}

/** Lists the deliveries of one webhook, newest first. Throws InvalidCursor. */
export async function listOfWebhook(
  db: Database,
  { webhookId, status }: { readonly webhookId: string; readonly status?: DeliveryRow['status'] | undefined },
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Page<Pick<Delivery, 'delivery' | 'event'>>> {
  const limit = pageLimit(page.limit);
  const wanted: (SQL | undefined)[] = [
    eq(alertDeliveries.webhookId, webhookId),
    status === undefined ? undefined : eq(alertDeliveries.status, status),
    afterCursor(NEWEST_FIRST, page.cursor),
  ];
  const rows = await db
    .select({ delivery: alertDeliveries, event: alertEvents })
    .from(alertDeliveries)
    .innerJoin(alertEvents, eq(alertEvents.id, alertDeliveries.eventId))
    .where(and(...wanted))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  return pageOf(NEWEST_FIRST, rows, limit, ({ delivery }) => [delivery.id]);
}

const NEWEST_FIRST: Keyset = { name: 'deliveries', columns: [alertDeliveries.id], direction: 'desc' };

/** Returns the newest delivery of each webhook, by webhook id. Webhooks without one are absent. */
export async function newestOf(db: Database, webhookIds: readonly string[]): Promise<ReadonlyMap<string, DeliveryRow>> {
  if (webhookIds.length === 0) return new Map();
  const rows = await db
    .selectDistinctOn([alertDeliveries.webhookId])
    .from(alertDeliveries)
    .where(inArray(alertDeliveries.webhookId, [...webhookIds]))
    .orderBy(asc(alertDeliveries.webhookId), desc(alertDeliveries.id));
  return new Map(rows.map((row) => [row.webhookId as string, row]));
}

/** Deletes up to `most` events from before a time, with their deliveries. Returns the number of events. */
export async function dropBefore(db: Database, before: Date, most: number): Promise<number> {
  const old = sql`select id from ${alertEvents} where occurred_at < ${before} order by id limit ${most}`;
  const gone = await db.delete(alertEvents).where(sql`${alertEvents.id} in (${old})`).returning({ id: alertEvents.id });
  return gone.length;
}

/** Counts pending deliveries, and lost ones whose retries ended at or after `since`. */
export async function backlog(db: Database, since: Date): Promise<{ readonly pending: number; readonly lost: number }> {
  const { rows } = await db.execute<{ pending: string; lost: string }>(sql`select
    (select count(*) from ${alertDeliveries} where status = 'pending') as pending,
    (select count(*) from ${alertDeliveries} where status = 'lost' and give_up_at >= ${since}) as lost`);
  return { pending: Number(rows[0]?.pending ?? 0), lost: Number(rows[0]?.lost ?? 0) };
}
