import { z } from 'zod';
import type { OrganizationRole } from '../../domain/tenancy/permission.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as teamMembers from '../../store/tenancy/team-members.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, changeOrRehearse } from '../http/change.ts';
import { flag, id } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { requireGrantableRole } from './grant-role.ts';
import { eventOf, memberParams, requireAnotherOwner } from './members.ts';
import { type KeysTaken, refuseOwnKeys, TEAM_DEFAULT, takeKeys } from './reassign.ts';
import { takeBack } from './take-back.ts';

/** The query of a removal, from a team or from the whole organization. */
export const leavingQuery = z.strictObject({
  dry_run: flag,
  reassign_keys_to: id.optional().meta({
    description: `The new owner of the keys: a member, an account, a service account, or \`${TEAM_DEFAULT}\`. If absent, the keys are revoked.`,
  }),
});

export const leavingReport = z
  .object({
    member_id: z.string(),
    dry_run: z.boolean(),
    teams_left: z.array(z.string()),
    keys_revoked: z.array(z.string()),
    keys_reassigned: z.array(z.string()),
  })
  .meta({ id: 'LeavingReport' });

export const remove = route({
  summary: 'Remove a member from an organization',
  description:
    'Revokes the keys they own unless the same request reassigns them. `dry_run` only reports the result. The last owner cannot be removed.',
  permission: 'members.manage',
  takesIfMatch: true,
  params: memberParams,
  query: leavingQuery,
  response: leavingReport,
  load: load.member,
  handle: async (call, member) => {
    const { organizationId } = member;
    requireGrantableRole(call, { role: member.role as OrganizationRole, organizationId }, '');
    await refuseOwnKeys(call, organizationId, member.accountId);
    const left = (await memberships.teamsOf(call.deps.db, [organizationId], [member.id])).get(member.id) ?? [];
    const isDryRun = call.query.dry_run === true;
    const taken = await changeOrRehearse(call, { isDryRun }, (change) => takeOut(call, change, member));
    return renderLeaving(member.id, { isDryRun, teams: left.map((team) => team.teamId), taken });
  },
});

/** Renders the report of a removal or of its dry run. */
export function renderLeaving(
  memberId: string,
  { isDryRun, teams, taken }: { readonly isDryRun: boolean; readonly teams: readonly string[]; readonly taken: KeysTaken },
): z.output<typeof leavingReport> {
  return {
    member_id: memberId,
    dry_run: isDryRun,
    teams_left: [...teams],
    keys_revoked: [...taken.revoked],
    keys_reassigned: [...taken.reassigned],
  };
}

async function takeOut(
  call: AdminCall<unknown, z.output<typeof leavingQuery>, unknown>,
  change: Change,
  { organizationId, id }: Member,
): Promise<KeysTaken> {
  await lockLiving(change.tx, organizationId);
  const member = await memberships.find(change.tx, { organizationId, id });
  if (member === null) throw notFound('member');
  requireVersion(call, member.version);
  return removeMember(change, member, call.query.reassign_keys_to);
}

/** Removes a member. Lock the organization first. Throws 409 for the last owner. Returns what became of the keys. */
export async function removeMember(change: Change, member: Member, reassignTo?: string): Promise<KeysTaken> {
  const { tx, now, record, touch } = change;
  const { organizationId, id } = member;
  await requireAnotherOwner(tx, member);
  const taken = await takeKeys(change, { organizationId, membershipId: id }, reassignTo);
  await teamMembers.removeFromAll(tx, { organizationId, membershipId: id });
  await memberships.update(tx, { organizationId, id }, { status: 'removed', removedAt: now }, now);
  await takeBack(change, member.accountId);
  await record({
    ...eventOf(member),
    action: 'member.remove',
    before: { account_id: member.accountId, role: member.role, keys_revoked: taken.revoked, keys_reassigned: taken.reassigned },
    after: null,
  });
  touch({ organizationIds: [organizationId] });
  return taken;
}
