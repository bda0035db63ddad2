/** Teams of an organization. The row of a deleted one stays, because ledger rows name it. */
import { and, count, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { keys, teamMembers, teams } from '../schema.ts';
import { withinReach } from './reach.ts';

export type TeamRow = typeof teams.$inferSelect;

/** The ids of one team. */
export interface TeamKey {
  readonly organizationId: string;
  readonly id: string;
}

/** Finds a team. Returns null if there is none or it was deleted. */
export async function find(db: Database, key: TeamKey): Promise<TeamRow | null> {
  const [row] = await db.select().from(teams).where(present(key));
  return row ?? null;
}

export async function lock(tx: Database, key: TeamKey): Promise<TeamRow | null> {
  const [row] = await tx.select().from(teams).where(present(key)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof teams.$inferInsert): Promise<TeamRow> {
  const [inserted] = await tx.insert(teams).values(row).returning();
  return inserted as TeamRow;
}

export async function update(
  tx: Database,
  key: TeamKey,
  changes: Partial<typeof teams.$inferInsert>,
  at: Date,
): Promise<TeamRow> {
  const [row] = await tx
    .update(teams)
    .set({ ...changes, version: sql`${teams.version} + 1`, updatedAt: at })
    .where(present(key))
    .returning();
  return row as TeamRow;
}

/** Marks a team as deleted and removes its members. The row stays. */
export async function markDeleted(tx: Database, { organizationId, id }: TeamKey, at: Date): Promise<void> {
  await tx.delete(teamMembers).where(and(eq(teamMembers.organizationId, organizationId), eq(teamMembers.teamId, id)));
  await tx
    .update(teams)
    .set({ deletedAt: at, updatedAt: at, version: sql`${teams.version} + 1` })
    .where(present({ organizationId, id }));
}

export interface TeamFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly search?: string | undefined;
}

export function list(db: Database, filter: TeamFilter, page: PageRequest): Promise<Listed<TeamRow>> {
  const wanted = [
    withinReach(filter.reach, { organizationId: teams.organizationId, teamId: teams.id }),
    filter.organizationId === undefined ? undefined : eq(teams.organizationId, filter.organizationId),
    isNull(teams.deletedAt),
    named(teams, filter.search),
  ];
  return listNamed(db, teams, { list: 'teams', wanted, page });
}

function present({ organizationId, id }: TeamKey): SQL | undefined {
  return and(eq(teams.organizationId, organizationId), eq(teams.id, id), isNull(teams.deletedAt));
}

/** Returns a function from team id to the numbers of members and of keys, without revoked ones. */
export async function counts(db: Database, organizationIds: readonly string[], ids: readonly string[]) {
  const members = await db
    .select({ id: teamMembers.teamId, total: count() })
    .from(teamMembers)
    .where(and(inArray(teamMembers.organizationId, [...organizationIds]), inArray(teamMembers.teamId, [...ids])))
    .groupBy(teamMembers.teamId);
  const living = await db
    .select({ id: keys.teamId, total: count() })
    .from(keys)
    .where(and(inArray(keys.organizationId, [...organizationIds]), inArray(keys.teamId, [...ids]), ne(keys.status, 'revoked')))
    .groupBy(keys.teamId);
  const [memberCounts, keyCounts] = [members, living].map((rows) => new Map(rows.map((row) => [row.id, row.total])));
  return (id: string) => ({ members: memberCounts?.get(id) ?? 0, keys: keyCounts?.get(id) ?? 0 });
}
