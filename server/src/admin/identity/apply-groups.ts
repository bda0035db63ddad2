import { type GroupsOfMember, applyGroups as storeGroups } from '../../store/identity/managed-roles.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { Change, ChangeEvent } from '../http/change.ts';
import { takeKeys } from '../people/reassign.ts';
import { takeBack } from '../people/take-back.ts';
import { teamMemberEvent } from '../people/team-roles.ts';

/**
 * Gives a member the roles of their groups, with an audit event for each role that changes. Revokes the keys that the member owns
 * in teams that they leave, as every removal from a team does. Reports whether anything changed.
 */
export async function applyGroups(change: Change, wanted: GroupsOfMember, by?: ChangeEvent['by']): Promise<boolean> {
  const { tx, now, record, touch } = change;
  const { organizationId, membershipId, source } = wanted;
  const applied = await storeGroups(tx, wanted, now);
  if (applied.role === null && applied.teams.length === 0) return false;
  const actor = by === undefined ? {} : { by };
  for (const { teamId, name, before, after } of applied.teams) {
    const event = { ...teamMemberEvent({ organizationId, id: teamId, name }, membershipId), ...actor };
    if (before === null) {
      await record({ ...event, action: 'team_member.add', before: null, after: { role: after, managed_by: source } });
    } else if (after === null) {
      const { revoked } = await takeKeys(change, { organizationId, teamId, membershipId }, undefined);
      // Roles are read at every call. The data plane caches none, so only keys that end are a change for it.
      if (revoked.length > 0) touch({ organizationIds: [organizationId] });
      await record({ ...event, action: 'team_member.remove', before: { role: before, keys_revoked: revoked }, after: null });
    } else {
      await record({ ...event, action: 'team_member.update', before: { role: before }, after: { role: after } });
    }
  }
  if (applied.role === null) return true;
  const member = await memberships.find(tx, { organizationId, id: membershipId });
  if (member === null) throw new Error('a member whose role was just changed is missing');
  await record({
    ...actor,
    organizationId,
    action: 'member.update',
    objectType: 'member',
    objectId: membershipId,
    objectName: member.account.name,
    before: { role: applied.role.before },
    after: { role: applied.role.after },
  });
  await takeBack(change, member.accountId);
  return true;
}
