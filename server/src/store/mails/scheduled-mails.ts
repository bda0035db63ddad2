/** Scheduled mails, and their deliveries to people. */
import { and, asc, count, desc, eq, inArray, lt, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { scheduledMailDeliveries as deliveries, organizations, savedViews, scheduledMails } from '../schema.ts';

export type ScheduledMailRow = typeof scheduledMails.$inferSelect;
export type MailDeliveryRow = typeof deliveries.$inferSelect;

/** Finds a schedule by id. Global, because ids are unique: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<ScheduledMailRow | null> {
  const [row] = await db.select().from(scheduledMails).where(eq(scheduledMails.id, id));
  return row ?? null;
}

/** Finds a schedule, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<ScheduledMailRow | null> {
  const [row] = await tx.select().from(scheduledMails).where(eq(scheduledMails.id, id)).for('update');
  return row ?? null;
}

/** Lists the schedules of an organization, oldest first. The API bounds their number. */
export function list(db: Database, organizationId: string): Promise<readonly ScheduledMailRow[]> {
  return db
    .select()
    .from(scheduledMails)
    .where(eq(scheduledMails.organizationId, organizationId))
    .orderBy(asc(scheduledMails.id));
}

/** Counts the schedules of an organization. Locks its row, so that two changes cannot both be the last one allowed. */
export async function countOf(tx: Database, organizationId: string): Promise<number> {
  await tx.select({ id: organizations.id }).from(organizations).where(eq(organizations.id, organizationId)).for('update');
  const [row] = await tx.select({ total: count() }).from(scheduledMails).where(eq(scheduledMails.organizationId, organizationId));
  return row?.total ?? 0;
}

export async function insert(tx: Database, row: typeof scheduledMails.$inferInsert): Promise<ScheduledMailRow> {
  const [inserted] = await tx.insert(scheduledMails).values(row).returning();
  return inserted as ScheduledMailRow;
}

/** Updates a schedule and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof scheduledMails.$inferInsert>,
  at: Date,
): Promise<ScheduledMailRow> {
  const [row] = await tx
    .update(scheduledMails)
    .set({ ...changes, version: sql`${scheduledMails.version} + 1`, updatedAt: at })
    .where(eq(scheduledMails.id, id))
    .returning();
  return row as ScheduledMailRow;
}

/** Deletes a schedule and its deliveries. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(scheduledMails).where(eq(scheduledMails.id, id));
}

/** Returns the query of the view that a schedule sends, or null if it sends a statement. */
export async function viewOf(db: Database, { savedViewId }: Pick<ScheduledMailRow, 'savedViewId'>): Promise<string | null> {
  if (savedViewId === null) return null;
  const [row] = await db.select({ query: savedViews.query }).from(savedViews).where(eq(savedViews.id, savedViewId));
  return row?.query ?? '';
}

/** The newest deliveries of some schedules that ended, newest first: at most `each` of a schedule. */
export async function newestOf(db: Database, scheduleIds: readonly string[]): Promise<readonly MailDeliveryRow[]> {
  if (scheduleIds.length === 0) return [];
  return db
    .selectDistinctOn([deliveries.scheduleId, deliveries.status])
    .from(deliveries)
    .where(inArray(deliveries.scheduleId, [...scheduleIds]))
    .orderBy(deliveries.scheduleId, deliveries.status, desc(deliveries.triedAt));
}

/**
 * Takes one due schedule: adds its deliveries and moves its due time on, in one transaction. Several processes each take other
 * schedules, and a delivery exists once for each due time and person. Returns false if none is due.
 */
export function takeDue(db: Database, at: Date, nextOf: (row: ScheduledMailRow, timeZone: string) => Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({ row: scheduledMails, timeZone: organizations.timeZone, status: organizations.status })
      .from(scheduledMails)
      .innerJoin(organizations, eq(organizations.id, scheduledMails.organizationId))
      .where(and(eq(scheduledMails.status, 'active'), lte(scheduledMails.dueAt, at)))
      .orderBy(asc(scheduledMails.dueAt))
      .limit(1)
      .for('update', { of: scheduledMails, skipLocked: true });
    if (found === undefined) return false;
    const { row, timeZone, status } = found;
    const people = status === 'deleted' ? [] : row.recipients;
    if (people.length > 0) {
      const due = people.map((accountId) => ({ scheduleId: row.id, dueAt: row.dueAt, accountId, triedAt: at }));
      await tx.insert(deliveries).values(due).onConflictDoNothing();
    }
    await tx
      .update(scheduledMails)
      .set({ dueAt: nextOf(row, timeZone) })
      .where(eq(scheduledMails.id, row.id));
    return true;
  });
}

/** The columns that name one delivery. */
type OneDelivery = Pick<MailDeliveryRow, 'scheduleId' | 'dueAt' | 'accountId'>;

/**
 * Takes one pending delivery and marks it as being sent, in one transaction, so that no other process sends it too. `before`: a
 * failed one is tried again only if its last attempt was before. Returns null if there is none.
 */
export function takePending(db: Database, at: Date, before: Date): Promise<MailDeliveryRow | null> {
  return db.transaction(async (tx) => {
    const isFirst = eq(deliveries.attempts, 0);
    const [found] = await tx
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.status, 'pending'), or(isFirst, lt(deliveries.triedAt, before))))
      .orderBy(asc(deliveries.triedAt))
      .limit(1)
      .for('update', { skipLocked: true });
    if (found === undefined) return null;
    await tx
      .update(deliveries)
      .set({ status: 'sending', attempts: found.attempts + 1, triedAt: at })
      .where(isDelivery(found));
    return { ...found, attempts: found.attempts + 1 };
  });
}

/** Records the end of an attempt. */
export async function recordEnd(
  db: Database,
  delivery: OneDelivery,
  end: Pick<MailDeliveryRow, 'status' | 'problem' | 'triedAt'>,
): Promise<void> {
  await db.update(deliveries).set(end).where(isDelivery(delivery));
}

/** Ends deliveries whose process ended while it sent them. They are not sent again: the mail may have arrived. */
export async function endAbandoned(db: Database, before: Date, problem: string): Promise<void> {
  await db
    .update(deliveries)
    .set({ status: 'failed', problem })
    .where(and(eq(deliveries.status, 'sending'), lt(deliveries.triedAt, before)));
}

/** Deletes old deliveries that ended. */
export async function forgetBefore(db: Database, before: Date): Promise<void> {
  await db
    .delete(deliveries)
    .where(and(inArray(deliveries.status, ['sent', 'refused', 'failed']), lt(deliveries.triedAt, before)));
}

function isDelivery({ scheduleId, dueAt, accountId }: OneDelivery) {
  return and(eq(deliveries.scheduleId, scheduleId), eq(deliveries.dueAt, dueAt), eq(deliveries.accountId, accountId));
}
