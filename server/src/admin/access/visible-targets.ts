import { admits, type OrganizationAccess } from '../../domain/access/access.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import { can, reachOf } from '../../domain/tenancy/permission.ts';
import { organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';

/**
 * Returns the names of callable targets that the caller may see, in one organization or in all of theirs. Undefined means every
 * name.
 */
export async function visibleNames(
  call: AdminCall<unknown, unknown, unknown>,
  catalogue: Catalogue,
  organizationId: string | undefined,
): Promise<readonly string[] | undefined> {
  if (organizationId === undefined && can(call.actor, 'platform.read', { organizationId: null })) return undefined;
  const ids = organizationId === undefined ? organizationsOf(call) : [organizationId];
  const grants: OrganizationAccess[] = [];
  for (const one of ids) {
    const row = await organizations.find(call.deps.db, one);
    if (row !== null && row.status !== 'deleted') grants.push(organizationAccessFrom(row));
  }
  const isGranted = (target: CallableTarget) => grants.some((access) => admits(access, target));
  return [...catalogue.targets.values()].filter(isGranted).map((target) => target.name);
}

function organizationsOf(call: AdminCall<unknown, unknown, unknown>): readonly string[] {
  const reaches = reachOf(call.actor, 'organization.read');
  return [...new Set(reaches.flatMap((reach) => (reach.is === 'everywhere' ? [] : (reach.organizationId ?? []))))];
}
