/** The mappings of groups of the SCIM directory to roles. */
import type { Database } from '../database.ts';
import { list, type ShownMapping } from './group-mappings.ts';

export type { MappingRow } from './group-mappings.ts';

/** Returns the mappings of these groups, with the name of the team that each is for. */
export async function mappingsOfGroups(
  db: Database,
  organizationId: string,
  groupIds: readonly string[],
): Promise<readonly ShownMapping[]> {
  return groupIds.length === 0 ? [] : list(db, { organizationId, source: 'scim', values: groupIds });
}
