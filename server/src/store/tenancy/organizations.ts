/** Organizations, the tenants. The row of a deleted one stays, so that its id and slug are not reused. */
import { and, asc, count, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, hasAnyId, keys, memberships, organizations, teams } from '../schema.ts';

export type OrganizationRow = typeof organizations.$inferSelect;

/** Finds an organization, also a deleted one. Returns null if there is none. */
export async function find(db: Database, id: string): Promise<OrganizationRow | null> {
  const [row] = await db.select().from(organizations).where(eq(organizations.id, id));
  return row ?? null;
}

/** Finds an organization, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<OrganizationRow | null> {
  const [row] = await tx.select().from(organizations).where(eq(organizations.id, id)).for('update');
  return row ?? null;
}

/** Inserts an organization. Throws UniqueViolation of `organizations_slug` if the slug is taken. */
export async function insert(tx: Database, row: typeof organizations.$inferInsert): Promise<OrganizationRow> {
  const [inserted] = await tx.insert(organizations).values(row).returning();
  return inserted as OrganizationRow;
}

/** Updates an organization and increments its version. */
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

/** Returns a function from id to the numbers of teams, members and keys, without deleted, removed and revoked ones. */
export async function counts(db: Database, ids: readonly string[]) {
  const [teamCounts, memberCounts, keyCounts] = [
    await countBy(db, teams, and(inArray(teams.organizationId, [...ids]), isNull(teams.deletedAt))),
    await countBy(db, memberships, and(inArray(memberships.organizationId, [...ids]), ne(memberships.status, 'removed'))),
    await countBy(db, keys, and(inArray(keys.organizationId, [...ids]), ne(keys.status, 'revoked'))),
  ];
  return (id: string) => ({ teams: teamCounts.get(id) ?? 0, members: memberCounts.get(id) ?? 0, keys: keyCounts.get(id) ?? 0 });
}

/** Returns the time zone of each organization, by id. */
export async function timeZones(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: organizations.id, timeZone: organizations.timeZone })
    .from(organizations)
    .where(inArray(organizations.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row.timeZone]));
}

/** An owner of an organization. */
export interface Owner {
  readonly organizationId: string;
  readonly memberId: string;
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
}

/**
 * Returns the owners of each organization, by id, oldest membership first, for people who look at it. Includes disabled ones,
 * because they hold the role. Mail goes to `activeOwners` alone.
 */
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
    .where(and(hasAnyId(memberships.organizationId, ids), eq(memberships.role, 'org_owner'), ne(memberships.status, 'removed')))
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

/** Reports whether any organization exists or existed. Global: the demo is created only if there never was one. */
export async function isAny(db: Database): Promise<boolean> {
  return (await db.select({ id: organizations.id }).from(organizations).limit(1)).length > 0;
}
