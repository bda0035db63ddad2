import { z } from 'zod';
import { can, TEAM_ROLES, type TeamRole } from '../../domain/tenancy/permission.ts';
import { findByEmail } from '../../store/accounts/sign-in.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { TeamMember } from '../../store/tenancy/team-members.ts';
import * as teamMembers from '../../store/tenancy/team-members.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { requireAdmissible } from '../guards/admissible.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, changeOrRehearse } from '../http/change.ts';
import { email, id, idParams, instantOut, isoOf } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { lacks, never } from '../http/schemas.ts';
import { requireGrantableRole } from '../people/grant-role.ts';
import { leavingQuery, leavingReport, renderLeaving } from '../people/member-removal.ts';
import { addMember } from '../people/members.ts';
import { type KeysTaken, refuseOwnKeys, takeKeys } from '../people/reassign.ts';
import { teamMemberEvent } from '../people/team-roles.ts';
import { tellOfMembership } from '../people/tell-of-membership.ts';

const role = z.enum(TEAM_ROLES);

const teamMemberOut = z
  .object({
    member_id: z.string(),
    account_id: z.string(),
    name: z.string(),
    email: z.string(),
    role,
    team_id: z.string(),
    organization_id: z.string(),
    created_at: instantOut,
  })
  .meta({ id: 'TeamMember' });

const params = z.object({ id, member_id: id });

export const list = route({
  summary: 'List the members of a team',
  description: 'Returns the people of the team with their role in it.',
  permission: 'teams.read',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(teamMemberOut),
  load: load.team,
  handle: async (call, team) => {
    const filter = { organizationId: team.organizationId, teamId: team.id, search: searchOf(call.query) };
    const listed = await teamMembers.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, listed.rows.map(view));
  },
});

export const create = route({
  summary: 'Add an account to a team',
  description:
    'If the caller may add members, an account outside the organization also becomes its org_member. The exact e-mail address of a member of the organization can replace the id, because team admins cannot list members of other teams.',
  permission: 'team_members.manage',
  params: idParams,
  body: z.strictObject({ account_id: id.optional(), email: email.optional(), role }).meta({
    ...never({ required: ['account_id', 'email'] }, lacks('account_id', 'email')),
    'x-example': { account_id: 'acct_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f', role: 'team_developer' },
  }),
  status: 201,
  response: teamMemberOut,
  load: load.team,
  handle: async (call, team) => {
    requireGrantableRole(call, grantOf(team, call.body.role), '/role');
    const key = await change(call, async (change) => {
      const { tx, now, record, touch } = change;
      await lockTeam(tx, team);
      const membershipId = await membershipOf(call, change, team, call.body);
      const key = { organizationId: team.organizationId, teamId: team.id, membershipId };
      await teamMembers.insert(tx, { ...key, role: call.body.role, createdAt: now });
      const after = { role: call.body.role };
      await record({ ...teamMemberEvent(team, membershipId), action: 'team_member.add', before: null, after });
      touch({ organizationIds: [team.organizationId] });
      return key;
    });
    const member = await shown(call, key);
    const organization = await load.findOrganization(call, team.organizationId);
    tellOfMembership(call, { ...member, accountId: member.account_id }, { organization, team, role: call.body.role });
    return member;
  },
});

export const update = route({
  summary: 'Change the role of a team member',
  description: 'The new role takes effect with the next call. Nobody grants a role above their own.',
  permission: 'team_members.manage',
  params,
  query: dryRunQuery,
  body: z.strictObject({ role }),
  response: teamMemberOut,
  rehearsal: effectOut,
  load: loadTeamMember,
  handle: async (call, { team, member }) => {
    requireGrantableRole(call, grantOf(team, call.body.role), '/role');
    requireGrantableRole(call, grantOf(team, member.role as TeamRole), '/role');
    const changed = {
      level: 'team_member',
      organizationId: team.organizationId,
      teamId: team.id,
      id: member.membershipId,
    } as const;
    const work = rehearsed(call, changed, async ({ tx, record, touch }) => {
      await lockTeam(tx, team);
      const now = await teamMembers.find(tx, member);
      if (now === null) throw notFound('member of this team');
      await teamMembers.setRole(tx, member, call.body.role);
      await record({
        ...teamMemberEvent(team, member.membershipId),
        action: 'team_member.update',
        before: { role: now.role },
        after: call.body,
      });
      touch({ organizationIds: [team.organizationId] });
    });
    await change(call, work);
    return shown(call, member);
  },
});

export const remove = route({
  summary: 'Remove a member from a team',
  description:
    'Revokes the keys they own in this team unless the same request reassigns them. `dry_run` only reports the result.',
  permission: 'team_members.manage',
  params,
  query: leavingQuery,
  response: leavingReport,
  load: loadTeamMember,
  handle: async (call, { team, member }) => {
    requireGrantableRole(call, grantOf(team, member.role as TeamRole), '');
    await refuseOwnKeys(call, team.organizationId, member.accountId);
    const isDryRun = call.query.dry_run === true;
    const taken = await changeOrRehearse(call, { isDryRun }, (change) => takeOut(call, change, team, member));
    return renderLeaving(member.membershipId, { isDryRun, teams: [team.id], taken });
  },
});

async function takeOut(
  call: AdminCall<unknown, z.output<typeof leavingQuery>, unknown>,
  change: Change,
  team: TeamRow,
  member: TeamMember,
): Promise<KeysTaken> {
  const { organizationId, teamId, membershipId, role } = member;
  await lockTeam(change.tx, team);
  const taken = await takeKeys(change, { organizationId, teamId, membershipId }, call.query.reassign_keys_to);
  await teamMembers.remove(change.tx, member);
  const before = { role, keys_revoked: taken.revoked, keys_reassigned: taken.reassigned };
  await change.record({ ...teamMemberEvent(team, membershipId), action: 'team_member.remove', before, after: null });
  change.touch({ organizationIds: [organizationId] });
  return taken;
}

interface TeamAndMember {
  readonly team: TeamRow;
  readonly member: TeamMember;
}

async function loadTeamMember(call: AdminCall<z.output<typeof params>, unknown, unknown>): Promise<Loaded<TeamAndMember>> {
  const team = await load.findTeam(call, call.params.id);
  const { organizationId } = team;
  const key = { organizationId, teamId: team.id, membershipId: call.params.member_id };
  const member = await teamMembers.find(call.deps.db, key);
  if (member === null) throw notFound('member of this team');
  return { place: { organizationId, teamId: team.id }, object: { team, member } };
}

interface Named {
  readonly account_id?: string | undefined;
  readonly email?: string | undefined;
}

/**
 * Returns the account's membership. Creates it if there is none and the caller may add members to the organization. Throws 400
 * otherwise.
 */
async function membershipOf(
  call: AdminCall<unknown, unknown, unknown>,
  change: Change,
  { organizationId }: TeamRow,
  { account_id: accountId, email: address }: Named,
): Promise<string> {
  if ((accountId === undefined) === (address === undefined))
    throw invalid('/account_id', 'must be sent unless `email` is: name the person with one of the two');
  if (accountId === undefined) return memberWithAddress(change, organizationId, address ?? '');
  const known = await memberships.findByAccount(change.tx, { organizationId, accountId });
  if (known !== null) return known.id;
  if (!can(call.actor, 'members.manage', { organizationId })) {
    throw invalid('/account_id', 'must be a member of the organization: an organization admin can add the account');
  }
  await requireAdmissible(call, change.tx, { accountId, organizationId });
  return addMember(change, organizationId, { account_id: accountId, role: 'org_member' });
}

/**
 * Returns the member with this address. Throws the same 400 for an unknown address and for one of another organization, so that
 * nobody learns which accounts exist.
 */
async function memberWithAddress({ tx }: Change, organizationId: string, address: string): Promise<string> {
  const account = await findByEmail(tx, address);
  const member = account === null ? null : await memberships.findByAccount(tx, { organizationId, accountId: account.id });
  if (member === null)
    throw invalid('/email', 'must be the address of a member of the organization: an organization admin can invite the person');
  return member.id;
}

async function lockTeam(tx: Change['tx'], team: TeamRow): Promise<void> {
  if ((await teams.lock(tx, team)) === null) throw notFound('team');
}

async function shown(call: AdminCall<unknown, unknown, unknown>, key: teamMembers.TeamMemberKey) {
  const member = await teamMembers.find(call.deps.db, key);
  if (member === null) throw notFound('member of this team');
  return view(member);
}

function view(member: TeamMember): z.output<typeof teamMemberOut> {
  return {
    member_id: member.membershipId,
    account_id: member.accountId,
    name: member.name,
    email: member.email,
    role: member.role as TeamRole,
    team_id: member.teamId,
    organization_id: member.organizationId,
    created_at: isoOf(member.createdAt),
  };
}

function grantOf(team: TeamRow, role: TeamRole) {
  return { role, organizationId: team.organizationId, teamId: team.id };
}
