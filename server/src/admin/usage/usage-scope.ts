import { reachOf } from '../../domain/tenancy/permission.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { organizationOf } from '../../store/tenancy/tenant-objects.ts';
import type { AdminCall } from '../http/call.ts';
import { notFound } from '../http/problem.ts';
import type { Loaded } from '../http/route.ts';

/** Finds the organization whose usage or requests a query is about. It may be deleted, because its records stay. */

interface ScopeQuery {
  readonly organization_id?: string | undefined;
  readonly team_id?: string | undefined;
  readonly key_id?: string | undefined;
  readonly member_id?: string | undefined;
  readonly service_account_id?: string | undefined;
}

/**
 * Loads the one organization that the query is about, or null for all in the caller's reach. A team, key or member determines its
 * organization. So another tenant's is 404, and the database always knows the tenant to search.
 */
export async function askedOrganization(call: AdminCall<unknown, ScopeQuery, unknown>): Promise<Loaded<OrganizationRow | null>> {
  const { organization_id, team_id, key_id, member_id, service_account_id } = call.query;
  const inside = key_id ?? team_id ?? member_id ?? service_account_id;
  const id = organization_id ?? (inside === undefined ? onlyOrganization(call) : await organizationOf(call.deps.db, inside));
  if (id === undefined) return { place: { anywhereIn: 'platform' }, object: null };
  const row = id === null ? null : await organizations.find(call.deps.db, id);
  if (row === null) throw notFound(organization_id === undefined ? 'object' : 'organization');
  return { place: { anywhereIn: { organizationId: row.id } }, object: row };
}

/** Returns the organization of a caller who may read usage in only one, else undefined. */
function onlyOrganization(call: AdminCall<unknown, unknown, unknown>): string | undefined {
  const reaches = reachOf(call.actor, 'usage.read');
  const ids = new Set(reaches.map((reach) => (reach.is === 'everywhere' ? null : reach.organizationId)));
  const [only] = ids;
  return ids.size === 1 ? (only ?? undefined) : undefined;
}
