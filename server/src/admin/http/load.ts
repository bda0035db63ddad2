import { can } from '../../domain/tenancy/permission.ts';
import type { TokenAccountRow } from '../../store/accounts/token-accounts.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import * as keys from '../../store/tenancy/keys.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { ServiceAccountRow } from '../../store/tenancy/service-accounts.ts';
import * as serviceAccounts from '../../store/tenancy/service-accounts.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { organizationOf } from '../../store/tenancy/tenant-objects.ts';
import type { AdminCall } from './call.ts';
import { notFound } from './problem.ts';
import type { Loaded } from './route.ts';

/** Loaders: functions with which routes find the object that they act on. Each returns its place, or throws 404. */

interface ById {
  readonly id: string;
}

/** Loads the platform, for objects that belong to no tenant. */
export async function platform(): Promise<Loaded<null>> {
  return { place: { organizationId: null }, object: null };
}

/** Loads the place of lists over all tenants. They show the part that the caller may see. */
export async function everywhere(): Promise<Loaded<null>> {
  return { place: { anywhereIn: 'platform' }, object: null };
}

/**
 * Loads the place of lists over the tree. They show the part that the caller may see, within the named organization if there is
 * one.
 */
export async function anywhere(
  call: AdminCall<unknown, { readonly organization_id?: string | undefined }>,
): Promise<Loaded<null>> {
  const organizationId = call.query?.organization_id;
  if (organizationId === undefined) return { place: { anywhereIn: 'platform' }, object: null };
  await findOrganization(call, organizationId);
  return { place: { anywhereIn: { organizationId } }, object: null };
}

/** Loads the place of the organization that the body names, or the platform's without one. An unknown organization is 404. */
export async function organizationInBody(
  call: AdminCall<unknown, unknown, { readonly organization_id?: string | null | undefined }>,
): Promise<Loaded<null>> {
  const organizationId = call.body.organization_id ?? null;
  if (organizationId !== null) await findOrganization(call, organizationId);
  return { place: { organizationId }, object: null };
}

/** Loads the organization of `/organizations/:id`. A deleted one is 404. */
export async function organization(call: AdminCall<ById, unknown, unknown>): Promise<Loaded<OrganizationRow>> {
  const row = await findOrganization(call, call.params.id);
  return { place: { organizationId: row.id }, object: row };
}

/** Loads like `organization`, for lists inside it. A caller who may see only one team's part sees that part. */
export async function withinOrganization(call: AdminCall<ById, unknown, unknown>): Promise<Loaded<OrganizationRow>> {
  const row = await findOrganization(call, call.params.id);
  return { place: { anywhereIn: { organizationId: row.id } }, object: row };
}

/** Loads like `organization`, but also a deleted one: its records stay readable. */
export async function organizationEver(call: AdminCall<ById, unknown, unknown>): Promise<Loaded<OrganizationRow>> {
  const row = await organizations.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('organization');
  return { place: { organizationId: row.id }, object: row };
}

export async function team(call: AdminCall<ById, unknown, unknown>): Promise<Loaded<TeamRow>> {
  const row = await findTeam(call, call.params.id);
  return { place: { organizationId: row.organizationId, teamId: row.id }, object: row };
}

/** Loads a service account of a team, of an organization or of the platform. */
export async function anyServiceAccount(
  call: AdminCall<ById, unknown, unknown>,
): Promise<Loaded<ServiceAccountRow | TokenAccountRow>> {
  const { id } = call.params;
  const organizationId = await livingOrganizationOf(call, id);
  const row =
    organizationId === null
      ? await tokenAccounts.find(call.deps.db, id)
      : await serviceAccounts.find(call.deps.db, { organizationId, id });
  if (row === null) throw notFound('service account');
  if (row.organizationId !== null && organizationId === null) await findOrganization(call, row.organizationId);
  return { place: { organizationId: row.organizationId, teamId: 'teamId' in row ? row.teamId : null }, object: row };
}

/** Loads the member of `/organizations/:id/members/:member_id`. */
export async function member(call: AdminCall<ById & { readonly member_id: string }, unknown, unknown>): Promise<Loaded<Member>> {
  const { id: organizationId, member_id: id } = call.params;
  await findOrganization(call, organizationId);
  const row = await memberships.find(call.deps.db, { organizationId, id });
  if (row === null) throw notFound('member');
  return { place: { organizationId, ownerAccountId: row.accountId }, object: row };
}

/** A key, and the account of its owner if a person owns it. */
export interface LoadedKey {
  readonly row: KeyRow;
  readonly ownerAccountId: string | null;
}

/** Loads the key of `/keys/:id`. */
export async function key(call: AdminCall<ById, unknown, unknown>): Promise<Loaded<LoadedKey>> {
  return keyById(call, call.params.id);
}

export async function keyById(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<Loaded<LoadedKey>> {
  const organizationId = await livingOrganizationOf(call, id);
  const row = organizationId === null ? null : await keys.find(call.deps.db, { organizationId, id });
  if (row === null) throw notFound('key');
  const people = row.ownerMembershipId === null ? [] : [row.ownerMembershipId];
  const owner = (await memberships.people(call.deps.db, [row.organizationId], people)).get(row.ownerMembershipId ?? '');
  const ownerAccountId = owner?.accountId ?? null;
  return { place: { organizationId: row.organizationId, teamId: row.teamId, ownerAccountId }, object: { row, ownerAccountId } };
}

export async function findOrganization(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<OrganizationRow> {
  const row = await organizations.find(call.deps.db, id);
  if (row === null || row.status === 'deleted') throw notFound('organization');
  return row;
}

/** Finds an organization by an id in the body. One that the caller may not read is 404 too. */
export async function readableOrganization(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<OrganizationRow> {
  const row = await findOrganization(call, id);
  if (!can(call.actor, 'organization.read', { organizationId: id })) throw notFound('organization');
  return row;
}

export async function findTeam(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<TeamRow> {
  const organizationId = await livingOrganizationOf(call, id);
  const row = organizationId === null ? null : await teams.find(call.deps.db, { organizationId, id });
  if (row === null) throw notFound('team');
  return row;
}

/** Returns the organization that an id belongs to, or null if there is none or it was deleted. */
async function livingOrganizationOf(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<string | null> {
  const organizationId = await organizationOf(call.deps.db, id);
  if (organizationId === null) return null;
  const row = await organizations.find(call.deps.db, organizationId);
  return row === null || row.status === 'deleted' ? null : organizationId;
}
