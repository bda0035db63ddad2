import type { GivenRole } from '../../domain/identity/given-role.ts';
import { type AppliedTeam, type GroupsOfMember, applyGroups as storeGroups } from '../../store/identity/managed-roles.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { Change } from '../http/change.ts';
import { takeKeys } from '../people/reassign.ts';
import { takeBack } from '../people/take-back.ts';
import { teamMemberEvent } from '../people/team-roles.ts';

/**
 * Gives a member the roles of their groups, with an audit event for each role that changes or that another source gives now.
 * Revokes the keys that the member owns in teams that they leave, as every removal from a team does.
 */
export async function applyGroups(change: Change, wanted: GroupsOfMember): Promise<void> {
  const { tx, now, record } = change;
  const { organizationId, membershipId } = wanted;
  const applied = await storeGroups(tx, wanted, now);
  for (const team of applied.teams) await recordTeam(change, wanted, team);
  if (applied.role === null) return;
  const member = await memberships.find(tx, { organizationId, id: membershipId });
  if (member === null) throw new Error('a member whose role was just changed is missing');
  await record({
    organizationId,
    action: 'member.update',
    objectType: 'member',
    objectId: membershipId,
    objectName: member.account.name,
    before: facts(applied.role.before),
    after: facts(applied.role.after),
  });
  if (applied.role.before.role !== applied.role.after.role) await takeBack(change, member.accountId);
}

async function recordTeam(
  change: Change,
  { organizationId, membershipId }: GroupsOfMember,
  { teamId, name, before, after }: AppliedTeam,
): Promise<void> {
  const event = teamMemberEvent({ organizationId, id: teamId, name }, membershipId);
  if (after !== null) {
    const action = before === null ? 'team_member.add' : 'team_member.update';
    await change.record({ ...event, action, before: before && facts(before), after: facts(after) });
  } else if (before !== null) {
    const { revoked } = await takeKeys(change, { organizationId, teamId, membershipId }, undefined);
    // Roles are read at every call. The data plane caches none, so only keys that end are a change for it.
    if (revoked.length > 0) change.touch({ organizationIds: [organizationId] });
    await change.record({
      ...event,
      action: 'team_member.remove',
      before: { role: before.role, keys_revoked: revoked },
      after: null,
    });
  }
}

/** Returns a role, and who gave it, as audit events show them. */
function facts({ role, managedBy }: GivenRole<string>): object {
  return { role, managed_by: managedBy };
}
