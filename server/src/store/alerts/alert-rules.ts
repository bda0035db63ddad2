/** Alert rules, and the incidents that they found. A null organization is the platform. */
import { and, asc, count, eq, inArray, isNull, lt, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { alertIncidents, alertRules, organizations } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type AlertRuleRow = typeof alertRules.$inferSelect;
export type IncidentRow = typeof alertIncidents.$inferSelect;

/** Finds a rule by id. Global, because ids are unique over all tenants: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<AlertRuleRow | null> {
  const [row] = await db.select().from(alertRules).where(eq(alertRules.id, id));
  return row ?? null;
}

/** Finds a rule, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<AlertRuleRow | null> {
  const [row] = await tx.select().from(alertRules).where(eq(alertRules.id, id)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof alertRules.$inferInsert): Promise<AlertRuleRow> {
  const [inserted] = await tx.insert(alertRules).values(row).returning();
  return inserted as AlertRuleRow;
}

/** Updates a rule and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof alertRules.$inferInsert>,
  at: Date,
): Promise<AlertRuleRow> {
  const [row] = await tx
    .update(alertRules)
    .set({ ...changes, version: sql`${alertRules.version} + 1`, updatedAt: at })
    .where(eq(alertRules.id, id))
    .returning();
  return row as AlertRuleRow;
}

/** Deletes a rule and its incidents. The alerts that it raised stay. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(alertRules).where(eq(alertRules.id, id));
}

/** Counts the rules of one organization, or of the platform. */
export async function countOf(db: Database, organizationId: string | null): Promise<number> {
  const of = organizationId === null ? isNull(alertRules.organizationId) : eq(alertRules.organizationId, organizationId);
  const [row] = await db.select({ total: count() }).from(alertRules).where(of);
  return row?.total ?? 0;
}

export interface AlertRuleFilter {
  readonly reach: readonly Reach[];
  /** Null for the platform's own. */
  readonly organizationId?: string | null | undefined;
  readonly search?: string | undefined;
}

export function list(
  db: Database,
  { reach, organizationId, search }: AlertRuleFilter,
  page: PageRequest,
): Promise<Listed<AlertRuleRow>> {
  const wanted = [
    withinReach(reach, { organizationId: alertRules.organizationId }),
    organizationId === undefined
      ? undefined
      : organizationId === null
        ? isNull(alertRules.organizationId)
        : eq(alertRules.organizationId, organizationId),
    named(alertRules, search),
  ];
  return listNamed(db, alertRules, { list: 'alert_rules', wanted: [and(...wanted)], page });
}

/** An enabled rule with its organization; null for a rule of the platform. */
export interface WatchedRule {
  readonly rule: AlertRuleRow;
  readonly organization: Pick<typeof organizations.$inferSelect, 'id' | 'slug' | 'name' | 'timeZone'> | null;
}

/** Returns the enabled rules, in the order in which they were made. Those of deleted organizations are left out. */
export async function enabled(db: Database): Promise<readonly WatchedRule[]> {
  const { id, slug, name, timeZone } = organizations;
  return db
    .select({ rule: alertRules, organization: { id, slug, name, timeZone } })
    .from(alertRules)
    .leftJoin(organizations, eq(organizations.id, alertRules.organizationId))
    .where(and(eq(alertRules.enabled, true), sql`coalesce(${organizations.status}, 'active') <> 'deleted'`))
    .orderBy(asc(alertRules.id));
}

/** Returns the open incidents of these rules, by rule id. Rules without one are absent. */
export async function openIncidents(
  db: Database,
  ruleIds: readonly string[],
): Promise<ReadonlyMap<string, readonly IncidentRow[]>> {
  if (ruleIds.length === 0) return new Map();
  const rows = await db
    .select()
    .from(alertIncidents)
    .where(and(inArray(alertIncidents.ruleId, [...ruleIds]), isNull(alertIncidents.closedAt)))
    .orderBy(asc(alertIncidents.id));
  return Map.groupBy(rows, ({ ruleId }) => ruleId);
}

/** A subject over its rule's threshold. */
export interface OverSubject {
  readonly subject: string;
  readonly subjectName: string;
  readonly value: number;
}

/**
 * Opens an incident for each subject that has no open one, and notes the figure and the time of the others. Returns the opened
 * ones. Each is returned once, also to concurrent calls.
 */
export async function noteOver(
  tx: Database,
  ruleId: string,
  subjects: readonly OverSubject[],
  at: Date,
): Promise<readonly IncidentRow[]> {
  if (subjects.length === 0) return [];
  const rows = subjects.map((one) => ({
    ...{ id: newId('inc', at.getTime()), ruleId, ...one },
    ...{ lastValue: one.value, openedAt: at, lastSeenAt: at },
  }));
  const opened = await tx.insert(alertIncidents).values(rows).onConflictDoNothing().returning();
  const isNew = new Set(opened.map(({ subject }) => subject));
  for (const { subject, value } of subjects.filter((one) => !isNew.has(one.subject))) {
    await tx
      .update(alertIncidents)
      .set({ lastSeenAt: at, lastValue: value })
      .where(and(eq(alertIncidents.ruleId, ruleId), eq(alertIncidents.subject, subject), isNull(alertIncidents.closedAt)));
  }
  return opened;
}

/** Closes the incidents of a rule that were last seen before a time. Returns them. */
export async function closeQuiet(tx: Database, ruleId: string, seenBefore: Date, at: Date): Promise<readonly IncidentRow[]> {
  return tx
    .update(alertIncidents)
    .set({ closedAt: at })
    .where(and(eq(alertIncidents.ruleId, ruleId), isNull(alertIncidents.closedAt), lt(alertIncidents.lastSeenAt, seenBefore)))
    .returning();
}

/** Closes all incidents of a rule, of which nobody is told. Used when it is turned off. */
export async function closeAll(tx: Database, ruleId: string, at: Date): Promise<void> {
  await tx
    .update(alertIncidents)
    .set({ closedAt: at })
    .where(and(eq(alertIncidents.ruleId, ruleId), isNull(alertIncidents.closedAt)));
}

/** Deletes up to `most` closed incidents from before a time. Returns their number. */
export async function dropClosedBefore(db: Database, before: Date, most: number): Promise<number> {
  const old = sql`select id from ${alertIncidents} where closed_at < ${before} order by id limit ${most}`;
  const gone = await db.delete(alertIncidents).where(sql`${alertIncidents.id} in (${old})`).returning({ id: alertIncidents.id });
  return gone.length;
}
