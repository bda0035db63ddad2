/** The mappings of groups of the SCIM directory to roles. */
import { and, asc, eq, getTableColumns } from 'drizzle-orm';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import type { Database } from '../database.ts';
import { groupMappings, scimGroupMembers } from '../schema.ts';
import { list, type MappingRow, type ShownMapping } from './group-mappings.ts';
import { MAPPINGS_MAX } from './managed-roles.ts';
import type { PersonKey } from './scim-people.ts';

export type { MappingRow } from './group-mappings.ts';

/** Returns the mappings of these groups, with the name of the team that each is for. */
export async function mappingsOfGroups(
  db: Database,
  organizationId: string,
  groupIds: readonly string[],
): Promise<readonly ShownMapping[]> {
  return groupIds.length === 0 ? [] : list(db, { organizationId, source: DIRECTORY, values: groupIds });
}

/** Returns the mappings of all groups of a person, oldest first. */
export async function mappingsOfPerson(db: Database, { organizationId, id }: PersonKey): Promise<readonly MappingRow[]> {
  return db
    .select(getTableColumns(groupMappings))
    .from(scimGroupMembers)
    .innerJoin(
      groupMappings,
      and(
        eq(groupMappings.organizationId, scimGroupMembers.organizationId),
        eq(groupMappings.source, DIRECTORY),
        eq(groupMappings.value, scimGroupMembers.groupId),
      ),
    )
    .where(and(eq(scimGroupMembers.organizationId, organizationId), eq(scimGroupMembers.userId, id)))
    .orderBy(asc(groupMappings.id))
    .limit(MAPPINGS_MAX);
}
