import { z } from 'zod';
import { can, ORGANIZATION_ROLES, type OrganizationRole } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { accessChoiceFrom, accessChoiceToColumns } from '../../store/configuration/policy-columns.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { accessCatalogue, choice, patchedChoice, requireWithinParent } from '../access/access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { levelsAbove } from '../access/parent-access.ts';
import { requireAdmissible } from '../guards/admissible.ts';
import { authorize, reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, mergedMetadata, metadata } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { loadPolicy, namesPolicy, patchedPolicy, policyColumns, policyFields, storeBudgets } from '../organizations/policy.ts';
import { requireGrantableRole } from './grant-role.ts';
import { memberFacts, memberOut, viewMember, viewMembers } from './member-view.ts';
import { takeBack } from './take-back.ts';
import { joinTeams, requireTeams, teamRoles } from './team-roles.ts';
import { tellOfMembership } from './tell-of-membership.ts';

const role = z.enum(ORGANIZATION_ROLES);
const settings = { ...policyFields, asset_access: choice.nullish(), metadata: metadata.nullish() };
const createBody = z.strictObject({
  account_id: id,
  role,
  teams: teamRoles.optional().meta({ description: 'The teams that the member joins at once, each with a role.' }),
  ...settings,
});
const patchBody = z.strictObject({ role: role.optional(), status: z.enum(['active', 'disabled']).optional(), ...settings });
type PatchBody = z.output<typeof patchBody>;

export const memberParams = z.object({ id, member_id: id });

export const list = route({
  summary: 'List the members of an organization',
  description: 'Returns the people of the organization with their role, limits and budgets.',
  permission: 'teams.read',
  params: idParams,
  query: z.strictObject({ ...listQuery, role: role.optional() }),
  response: pageOut(memberOut),
  load: load.withinOrganization,
  handle: async (call, organization) => {
    const filter = {
      reach: reachWithin(call.actor, 'teams.read', { organizationId: organization.id }),
      organizationId: organization.id,
      role: call.query.role,
      search: searchOf(call.query),
    };
    const listed = await memberships.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewMembers(call, organization, listed.rows));
  },
});

export const read = route({
  summary: 'Get a member',
  description: 'Returns one person’s membership: role, teams, limits, budgets and access.',
  permission: 'teams.read',
  params: memberParams,
  response: memberOut,
  load: loadColleague,
  handle: (call, member) => shown(call, member.organizationId, member.id),
});

export const create = route({
  summary: 'Add an account to an organization',
  description:
    'Platform admins may add every account. Others may add members of the organizations whose members they manage, and invite everybody else (`POST /invitations`). The person is told by mail. A member who was removed returns with the same id and the earlier limits.',
  permission: 'members.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: memberOut,
  load: load.organization,
  handle: async (call, organization) => {
    const organizationId = organization.id;
    requireGrantableRole(call, { role: call.body.role, organizationId }, '/role');
    if (namesCap(call.body))
      authorize(call.actor, 'member_limits.change', { organizationId, ownerAccountId: call.body.account_id });
    const teams = call.body.teams ?? [];
    await requireTeams(call, organizationId, teams);
    const access = await newAccess(call, organizationId);
    const memberId = await change(call, async (change) => {
      await requireAdmissible(call, change.tx, { accountId: call.body.account_id, organizationId });
      const added = await addMember(change, organizationId, call.body);
      await applyPatch(call, change, { organizationId, id: added }, { ...call.body, access });
      await joinAllTeams(change, { organizationId, membershipId: added }, teams);
      return added;
    });
    const member = await shown(call, organizationId, memberId);
    tellOfMembership(call, { ...member, accountId: member.account_id }, { organization, role: call.body.role });
    return member;
  },
});

export const update = route({
  summary: 'Change a member',
  description:
    'Changes their role, or the limits, budgets and access of their user scope. Nobody can change their own limits. The last owner keeps the role.',
  permission: ['members.manage', 'member_limits.change'],
  takesIfMatch: true,
  params: memberParams,
  query: dryRunQuery,
  body: patchBody,
  response: memberOut,
  rehearsal: effectOut,
  load: load.member,
  handle: async (call, member) => {
    requireFieldPermissions(call, member);
    const access = await newAccess(call, member.organizationId);
    const changed = { level: 'user', organizationId: member.organizationId, id: member.id } as const;
    const work = rehearsed(call, changed, async (change) => {
      await lockLiving(change.tx, member.organizationId);
      await applyPatch(call, change, member, { ...call.body, access, checksVersion: true });
    });
    await change(call, work);
    return shown(call, member.organizationId, member.id);
  },
});

/** Loads a member. The place is a team of theirs that the caller may read, if there is one. */
async function loadColleague(call: AdminCall<z.output<typeof memberParams>, unknown, unknown>): Promise<Loaded<Member>> {
  const loaded = await load.member(call);
  const { organizationId, id, accountId: ownerAccountId } = loaded.object;
  const teams = (await memberships.teamsOf(call.deps.db, [organizationId], [id])).get(id) ?? [];
  const places = teams.map(({ teamId }) => ({ organizationId, teamId, ownerAccountId }));
  const place = places.find((one) => can(call.actor, 'teams.read', one)) ?? loaded.place;
  return { ...loaded, place };
}

/** Throws 409 if this is the only active owner: every tenant needs one. Lock the organization first. */
export async function requireAnotherOwner(tx: Change['tx'], member: Member): Promise<void> {
  if (member.role !== 'org_owner' || member.status !== 'active') return;
  if ((await memberships.countOwners(tx, member.organizationId)) <= 1) {
    throw conflict('This is the last owner of the organization. Make another member an owner first.');
  }
}

/**
 * Adds an account as a member with a role and nothing else. Call requireAdmissible or check an invitation before. Throws 400 for
 * an unknown account, and 409 for one that is a member already. Returns the membership's id.
 */
export async function addMember(
  { tx, now, record, touch }: Change,
  organizationId: string,
  { account_id: accountId, role }: { readonly account_id: string; readonly role: OrganizationRole },
): Promise<string> {
  const account = await accounts.find(tx, accountId);
  if (account === null) throw invalid('/account_id', 'there is no account with this id');
  await lockLiving(tx, organizationId);
  const row = { organizationId, id: newId('mem', now.getTime()), accountId, role, createdAt: now, updatedAt: now };
  const added = await memberships.add(tx, row, now);
  if (added === null) {
    throw conflict(`${account.name} is already a member.`, [{ pointer: '/account_id', message: 'is already a member' }]);
  }
  await record({
    organizationId,
    action: 'member.add',
    objectType: 'member',
    objectId: added.id,
    objectName: account.name,
    before: null,
    after: { account_id: accountId, role },
  });
  touch({ organizationIds: [organizationId] });
  return added.id;
}

/** Adds a new member to teams. Throws 400 for a team that was deleted meanwhile, so that nothing is stored. */
async function joinAllTeams(
  change: Change,
  key: { readonly organizationId: string; readonly membershipId: string },
  wanted: z.output<typeof teamRoles>,
): Promise<void> {
  const joined = await joinTeams(
    change,
    key,
    wanted.map(({ team_id: teamId, role }) => ({ teamId, role })),
  );
  const missing = wanted.findIndex(({ team_id }) => !joined.includes(team_id));
  if (missing >= 0) throw invalid(`/teams/${missing}/team_id`, 'must be a team of this organization');
}

type NewAccess = Awaited<ReturnType<typeof newAccess>>;

/** Loads the levels above and the catalogue, to check a new choice of access. Null if the body makes no choice. */
async function newAccess(call: AdminCall<unknown, unknown, Pick<PatchBody, 'asset_access'>>, organizationId: string) {
  if (call.body.asset_access === undefined) return null;
  const { db } = call.deps;
  return { above: await levelsAbove(db, { organizationId }), catalogue: await accessCatalogue(db) };
}

async function applyPatch(
  call: AdminCall<unknown, unknown, unknown>,
  change: Change,
  key: { readonly organizationId: string; readonly id: string },
  body: PatchBody & { readonly access: NewAccess; readonly checksVersion?: true },
): Promise<void> {
  const { tx, now, record, touch } = change;
  const { organizationId, id } = key;
  const member = await memberships.find(tx, key);
  if (member === null) throw notFound('member');
  if (body.checksVersion === true) requireVersion(call, member.version);
  const stored = await loadPolicy(tx, 'user', member);
  const policy = patchedPolicy(stored, body);
  const storedAccess = accessChoiceFrom(member);
  const access = patchedChoice(storedAccess, body.asset_access);
  if (body.access !== null) requireWithinParent(body.access.above, access, body.access.catalogue, storedAccess);
  const identity = {
    role: body.role ?? member.role,
    status: body.status ?? member.status,
    // Groups no longer change a role that a person gave.
    managedBy: body.role === undefined || body.role === member.role ? member.managedBy : null,
    metadata: mergedMetadata(member.metadata, body.metadata),
  };
  if (identity.role !== 'org_owner' || identity.status !== 'active') await requireAnotherOwner(tx, member);
  const columns = { ...identity, ...policyColumns(policy), ...accessChoiceToColumns(access) };
  const before = memberFacts(member, stored);
  const after = memberFacts({ ...member, ...columns }, policy);
  if (isUnchanged(before, after)) return;
  await memberships.update(tx, key, columns, now);
  await storeBudgets(tx, { organizationId, scope: 'user', scopeId: id }, policy, body, now);
  await record({ ...eventOf(member), action: 'member.update', before, after });
  if (before.role !== after.role || before.status !== after.status) await takeBack(change, member.accountId);
  touch({ organizationIds: [organizationId] });
}

function requireFieldPermissions(call: AdminCall<unknown, unknown, PatchBody>, member: Member): void {
  const { body, actor } = call;
  const { organizationId, accountId } = member;
  if (namesCap(body)) authorize(actor, 'member_limits.change', { organizationId, ownerAccountId: accountId });
  if (body.status !== undefined || body.metadata !== undefined) authorize(actor, 'members.manage', { organizationId });
  const present = { role: member.role as OrganizationRole, organizationId };
  // Disabling takes the role away, and enabling gives it back.
  if (body.status !== undefined && body.status !== member.status) requireGrantableRole(call, present, '/status');
  if (body.role === undefined || body.role === member.role) return;
  requireGrantableRole(call, { role: body.role, organizationId }, '/role');
  requireGrantableRole(call, present, '/role');
}

function namesCap(body: Pick<PatchBody, 'rate_limits' | 'model_limits' | 'budgets' | 'asset_access'>): boolean {
  return namesPolicy(body) || body.asset_access !== undefined;
}

async function shown(call: AdminCall<unknown, unknown, unknown>, organizationId: string, memberId: string) {
  const organization = await organizations.find(call.deps.db, organizationId);
  const member = await memberships.find(call.deps.db, { organizationId, id: memberId });
  if (organization === null || member === null) throw notFound('member');
  return viewMember(call, organization, member);
}

/** Returns the fields that identify a member in an audit event. */
export function eventOf(member: Member) {
  return {
    organizationId: member.organizationId,
    objectType: 'member',
    objectId: member.id,
    objectName: member.account.name,
  };
}
