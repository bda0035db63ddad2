/** Organizations: the tenants themselves. A deleted one keeps its row, so that its id and slug are never used again. */
import { and, asc, count, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, keys, memberships, organizations, teams } from '../schema.ts';

export type OrganizationRow = typeof organizations.$inferSelect;

/** Null when there is none; a deleted one is found. */
export async function find(db: Database, id: string): Promise<OrganizationRow | null> {
  const [row] = await db.select().from(organizations).where(eq(organizations.id, id));
  return row ?? null;
}

/** As find, and nobody else changes the organization until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<OrganizationRow | null> {
  const [row] = await tx.select().from(organizations).where(eq(organizations.id, id)).for('update');
  return row ?? null;
}

/** Throws UniqueViolation of `organizations_slug`. */
export async function insert(tx: Database, row: typeof organizations.$inferInsert): Promise<OrganizationRow> {
  const [inserted] = await tx.insert(organizations).values(row).returning();
  return inserted as OrganizationRow;
}

/** Moves the version on. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof organizations.$inferInsert>,
  at: Date,
): Promise<OrganizationRow> {
  const [row] = await tx
    .update(organizations)
    .set({ ...changes, version: sql`${organizations.version} + 1`, updatedAt: at })
    .where(eq(organizations.id, id))
    .returning();
  return row as OrganizationRow;
}

/** How much belongs to each organization: teams, members and keys that were not taken away. */
export async function counts(db: Database, ids: readonly string[]) {
  const [teamCounts, memberCounts, keyCounts] = [
    await countBy(db, teams, and(inArray(teams.organizationId, [...ids]), isNull(teams.deletedAt))),
    await countBy(db, memberships, and(inArray(memberships.organizationId, [...ids]), ne(memberships.status, 'removed'))),
    await countBy(db, keys, and(inArray(keys.organizationId, [...ids]), ne(keys.status, 'revoked'))),
  ];
  return (id: string) => ({ teams: teamCounts.get(id) ?? 0, members: memberCounts.get(id) ?? 0, keys: keyCounts.get(id) ?? 0 });
}

/** Where each organization's days and periods begin. */
export async function timeZones(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: organizations.id, timeZone: organizations.timeZone })
    .from(organizations)
    .where(inArray(organizations.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row.timeZone]));
}

/** One who answers for an organization. */
export interface Owner {
  readonly organizationId: string;
  readonly memberId: string;
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
}

/** Who answers for each organization, oldest membership first. */
export async function owners(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Owner[]>> {
  const rows = await db
    .select({
      organizationId: memberships.organizationId,
      memberId: memberships.id,
      accountId: accounts.id,
      name: accounts.name,
      email: accounts.email,
    })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(
      and(inArray(memberships.organizationId, [...ids]), eq(memberships.role, 'org_owner'), ne(memberships.status, 'removed')),
    )
    .orderBy(asc(memberships.id));
  return Map.groupBy(rows, (row) => row.organizationId);
}

type Counted = typeof teams | typeof memberships | typeof keys;

async function countBy(db: Database, table: Counted, where: SQL | undefined): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({ organizationId: table.organizationId, total: count() })
    .from(table)
    .where(where)
    .groupBy(table.organizationId);
  return new Map(rows.map((row) => [row.organizationId, row.total]));
}

/** Global: whether there ever was one, deleted ones too; the demo is made only where there was none. */
export async function isAny(db: Database): Promise<boolean> {
  return (await db.select({ id: organizations.id }).from(organizations).limit(1)).length > 0;
}
