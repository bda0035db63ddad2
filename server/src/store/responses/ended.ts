/** The end of what the Responses API stores: responses and conversations end in the same way. */
import { and, asc, eq, gt, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { conversations, organizations, storedResponses, teams } from '../schema.ts';

/** A table of what ends with its time, its team or its organization. */
export type EndingTable = typeof storedResponses | typeof conversations;

export const ENDING_TABLES: readonly EndingTable[] = [storedResponses, conversations];

/** Returns the condition for rows that have not expired and whose team exists. The job deletes the others a little later. */
export function isLiving(table: EndingTable, at: Date): SQL {
  const team = sql`exists (select 1 from ${teams} where ${teams.organizationId} = ${table.organizationId}
    and ${teams.id} = ${table.teamId} and ${isNull(teams.deletedAt)})`;
  return sql`${gt(table.expiresAt, at)} and ${team}`;
}

/** Deletes expired rows, at most `rowsMax`. Returns their number. */
export function dropExpired(db: Database, table: EndingTable, at: Date, rowsMax: number): Promise<number> {
  const wanted = db.select(keyOf(table)).from(table).where(lte(table.expiresAt, at)).orderBy(asc(table.expiresAt)).limit(rowsMax);
  return drop(db, table, wanted.getSQL());
}

/** An organization that was deleted, or a deleted team of one, which has rows left. */
export interface EndedPlace {
  readonly organizationId: string;
  /** Null: all teams. */
  readonly teamId: string | null;
}

/** Returns up to `placesMax` deleted organizations and teams whose rows are not deleted yet. */
export async function endedPlaces(db: Database, table: EndingTable, placesMax: number): Promise<readonly EndedPlace[]> {
  const hasOf = (organization: SQL, more: SQL) =>
    sql`exists (select 1 from ${table} where ${table.organizationId} = ${organization} ${more})`;
  const ofOrganizations = await db
    .select({ organizationId: organizations.id, teamId: sql<null>`null` })
    .from(organizations)
    .where(and(eq(organizations.status, 'deleted'), hasOf(sql`${organizations.id}`, sql``)))
    .limit(placesMax);
  const ofTeams = await db
    .select({ organizationId: teams.organizationId, teamId: teams.id })
    .from(teams)
    .where(and(isNotNull(teams.deletedAt), hasOf(sql`${teams.organizationId}`, sql`and ${table.teamId} = ${teams.id}`)))
    .limit(placesMax);
  return [...ofOrganizations, ...ofTeams].slice(0, placesMax);
}

/** Deletes rows of an ended place, at most `rowsMax`. Returns their number. */
export function dropEnded(db: Database, table: EndingTable, place: EndedPlace, rowsMax: number): Promise<number> {
  const ofTeam = place.teamId === null ? undefined : eq(table.teamId, place.teamId);
  const wanted = db
    .select(keyOf(table))
    .from(table)
    .where(and(eq(table.organizationId, place.organizationId), ofTeam))
    .limit(rowsMax);
  return drop(db, table, wanted.getSQL());
}

async function drop(db: Database, table: EndingTable, wanted: SQL): Promise<number> {
  const { rowCount } = await db.delete(table).where(sql`(${table.organizationId}, ${table.id}) in (${wanted})`);
  return rowCount ?? 0;
}

function keyOf(table: EndingTable) {
  return { organizationId: table.organizationId, id: table.id };
}
