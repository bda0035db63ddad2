/** The mappings of groups of the SCIM directory to roles. */
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { groupMappings, teams } from '../schema.ts';

export type MappingRow = typeof groupMappings.$inferSelect;

/** Returns the mappings of these groups, with the name of the team that each is for. */
export async function mappingsOfGroups(
  db: Database,
  organizationId: string,
  groupIds: readonly string[],
): Promise<readonly (MappingRow & { readonly teamName: string | null })[]> {
  if (groupIds.length === 0) return [];
  const rows = await db
    .select({ mapping: groupMappings, teamName: teams.name })
    .from(groupMappings)
    .leftJoin(teams, and(eq(teams.organizationId, groupMappings.organizationId), eq(teams.id, groupMappings.teamId)))
    .where(
      and(
        eq(groupMappings.organizationId, organizationId),
        eq(groupMappings.source, 'scim'),
        inArray(groupMappings.value, [...groupIds]),
      ),
    )
    .orderBy(asc(groupMappings.id));
  return rows.map(({ mapping, teamName }) => ({ ...mapping, teamName }));
}
