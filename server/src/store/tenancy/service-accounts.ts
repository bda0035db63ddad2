/** Service accounts: owners of keys that never sign in, each in one team. */
import { and, count, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { serviceAccounts } from '../schema.ts';
import { withinReach } from './reach.ts';

export type ServiceAccountRow = typeof serviceAccounts.$inferSelect;

export interface ServiceAccountKey {
  readonly organizationId: string;
  readonly id: string;
}

/** Finds a service account. Returns null if there is none or it was deleted. */
export async function find(db: Database, key: ServiceAccountKey): Promise<ServiceAccountRow | null> {
  const [row] = await db.select().from(serviceAccounts).where(present(key));
  return row ?? null;
}

export async function lock(tx: Database, key: ServiceAccountKey): Promise<ServiceAccountRow | null> {
  const [row] = await tx.select().from(serviceAccounts).where(present(key)).for('update');
  return row ?? null;
}

/** Returns the service account that owns a team's keys without another owner. Null before the first such key. */
export async function findDefault(
  db: Database,
  team: { readonly organizationId: string; readonly teamId: string },
): Promise<ServiceAccountRow | null> {
  const [row] = await db
    .select()
    .from(serviceAccounts)
    .where(and(inTeam(team), eq(serviceAccounts.isDefault, true)));
  return row ?? null;
}

/** Inserts a service account. Returns null if another transaction just made the team's default: find that one. */
export async function insert(tx: Database, row: typeof serviceAccounts.$inferInsert): Promise<ServiceAccountRow | null> {
  const [inserted] = await tx.insert(serviceAccounts).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

export async function update(
  tx: Database,
  key: ServiceAccountKey,
  changes: Partial<typeof serviceAccounts.$inferInsert>,
  at: Date,
): Promise<ServiceAccountRow> {
  const [row] = await tx
    .update(serviceAccounts)
    .set({ ...changes, version: sql`${serviceAccounts.version} + 1`, updatedAt: at })
    .where(present(key))
    .returning();
  return row as ServiceAccountRow;
}

export async function countOfTeam(
  db: Database,
  team: { readonly organizationId: string; readonly teamId: string },
): Promise<number> {
  const [row] = await db.select({ total: count() }).from(serviceAccounts).where(inTeam(team));
  return row?.total ?? 0;
}

/** Marks every service account of a team as deleted. Returns their number. */
export async function deleteOfTeam(
  tx: Database,
  team: { readonly organizationId: string; readonly teamId: string },
  at: Date,
): Promise<number> {
  const gone = await tx.update(serviceAccounts).set({ deletedAt: at }).where(inTeam(team)).returning({ id: serviceAccounts.id });
  return gone.length;
}

/** Returns names by id, for a list of keys. Includes deleted service accounts. */
export async function names(
  db: Database,
  organizationIds: readonly string[],
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: serviceAccounts.id, name: serviceAccounts.name })
    .from(serviceAccounts)
    .where(and(inArray(serviceAccounts.organizationId, [...organizationIds]), inArray(serviceAccounts.id, [...ids])));
  return new Map(rows.map((row) => [row.id, row.name]));
}

export interface ServiceAccountFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly teamId?: string | undefined;
  readonly search?: string | undefined;
}

export function list(db: Database, filter: ServiceAccountFilter, page: PageRequest): Promise<Listed<ServiceAccountRow>> {
  const wanted = [
    withinReach(filter.reach, { organizationId: serviceAccounts.organizationId, teamId: serviceAccounts.teamId }),
    filter.organizationId === undefined ? undefined : eq(serviceAccounts.organizationId, filter.organizationId),
    filter.teamId === undefined ? undefined : eq(serviceAccounts.teamId, filter.teamId),
    isNull(serviceAccounts.deletedAt),
    named(serviceAccounts, filter.search),
  ];
  return listNamed(db, serviceAccounts, { list: 'service-accounts', wanted, page });
}

function present({ organizationId, id }: ServiceAccountKey): SQL | undefined {
  return and(eq(serviceAccounts.organizationId, organizationId), eq(serviceAccounts.id, id), isNull(serviceAccounts.deletedAt));
}

function inTeam({ organizationId, teamId }: { readonly organizationId: string; readonly teamId: string }): SQL | undefined {
  return and(
    eq(serviceAccounts.organizationId, organizationId),
    eq(serviceAccounts.teamId, teamId),
    isNull(serviceAccounts.deletedAt),
  );
}
