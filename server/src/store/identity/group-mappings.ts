/** The mappings of groups to roles. Every query names the organization. */
import { and, asc, count, eq, inArray } from 'drizzle-orm';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import type { Database } from '../database.ts';
import { groupMappings, scimGroups, teams } from '../schema.ts';
import { MAPPINGS_MAX } from './managed-roles.ts';

export type MappingRow = typeof groupMappings.$inferSelect;

/** A mapping with the names of its team and of its SCIM group. */
export interface ShownMapping extends MappingRow {
  readonly teamName: string | null;
  /** Null: a value of a claim, or a group that is not in the directory any more. */
  readonly groupName: string | null;
}

interface MappingKey {
  readonly organizationId: string;
  readonly id: string;
}

export async function find(db: Database, key: MappingKey): Promise<ShownMapping | null> {
  const [found] = await select(db).where(at(key));
  return found === undefined ? null : shown(found);
}

interface MappingFilter {
  readonly organizationId: string;
  readonly source?: string | undefined;
  /** The groups, as mappings name them. */
  readonly values?: readonly string[];
}

/** Returns the mappings of an organization that a filter leaves, oldest first. */
export async function list(db: Database, { organizationId, source, values }: MappingFilter): Promise<readonly ShownMapping[]> {
  const rows = await select(db)
    .where(
      and(
        eq(groupMappings.organizationId, organizationId),
        source === undefined ? undefined : eq(groupMappings.source, source),
        values === undefined ? undefined : inArray(groupMappings.value, [...values]),
      ),
    )
    .orderBy(asc(groupMappings.id))
    .limit(MAPPINGS_MAX);
  return rows.map(shown);
}

export async function countOf(tx: Database, organizationId: string): Promise<number> {
  const [row] = await tx.select({ total: count() }).from(groupMappings).where(eq(groupMappings.organizationId, organizationId));
  return row?.total ?? 0;
}

/** Adds a mapping. Returns null if the group has one to the same place already. */
export async function insert(tx: Database, row: typeof groupMappings.$inferInsert): Promise<MappingRow | null> {
  const [inserted] = await tx.insert(groupMappings).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

/** Deletes a mapping. Returns false if there is none. */
export async function remove(tx: Database, key: MappingKey): Promise<boolean> {
  return (await tx.delete(groupMappings).where(at(key)).returning({ id: groupMappings.id })).length > 0;
}

/** Deletes the mappings of a provider. */
export async function removeOfSource(
  tx: Database,
  { organizationId, source }: { readonly organizationId: string; readonly source: string },
): Promise<void> {
  await tx.delete(groupMappings).where(and(eq(groupMappings.organizationId, organizationId), eq(groupMappings.source, source)));
}

function select(db: Database) {
  return db
    .select({ mapping: groupMappings, teamName: teams.name, groupName: scimGroups.name })
    .from(groupMappings)
    .leftJoin(teams, and(eq(teams.organizationId, groupMappings.organizationId), eq(teams.id, groupMappings.teamId)))
    .leftJoin(
      scimGroups,
      and(
        eq(groupMappings.source, DIRECTORY),
        eq(scimGroups.organizationId, groupMappings.organizationId),
        eq(scimGroups.id, groupMappings.value),
      ),
    );
}

function shown({ mapping, ...names }: { readonly mapping: MappingRow } & Omit<ShownMapping, keyof MappingRow>): ShownMapping {
  return { ...mapping, ...names };
}

function at({ organizationId, id }: MappingKey) {
  return and(eq(groupMappings.organizationId, organizationId), eq(groupMappings.id, id));
}
