import { and, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { organizations, teams } from '../schema.ts';

/** The names of the organizations and teams of the rows of one page, by id. */

export async function organizationNames(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: organizations.id, name: organizations.name })
    .from(organizations)
    .where(inArray(organizations.id, [...ids]));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export async function teamNames(
  db: Database,
  organizationIds: readonly string[],
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: teams.id, name: teams.name })
    .from(teams)
    .where(and(inArray(teams.organizationId, [...organizationIds]), inArray(teams.id, [...ids])));
  return new Map(rows.map(({ id, name }) => [id, name]));
}
