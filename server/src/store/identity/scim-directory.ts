/** The whole SCIM directory of an organization. */
import type { Database } from '../database.ts';
import * as groups from './scim-groups.ts';
import * as people from './scim-people.ts';
import * as refusals from './scim-refusals.ts';
import * as tokens from './scim-tokens.ts';

/** Revokes the tokens of a deleted organization, and forgets the people and groups that its directory told of. */
export async function removeDirectory(tx: Database, organizationId: string, now: Date): Promise<void> {
  await tokens.revokeAll(tx, organizationId, now);
  await groups.removeAllOf(tx, organizationId);
  await people.removeAllOf(tx, organizationId);
  await refusals.removeAllOf(tx, organizationId);
}
