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
  const actor = by === undefined ? {} : { by };
  for (const { teamId, name, before, after } of applied.teams) {
    const event = { ...teamMemberEvent({ organizationId, id: teamId, name }, membershipId), ...actor };
    if (before === null) {
      await record({ ...event, action: 'team_member.add', before: null, after: { role: after, managed_by: source } });
    } else if (after === null) {
      const { revoked } = await takeKeys(change, { organizationId, teamId, membershipId }, undefined);
      await record({ ...event, action: 'team_member.remove', before: { role: before, keys_revoked: revoked }, after: null });
    } else {
      await record({ ...event, action: 'team_member.update', before: { role: before }, after: { role: after } });
    }
  }
  const member = await memberships.find(tx, { organizationId, id: membershipId });
  if (applied.role !== null && member !== null) {
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
  }
  const isChanged = applied.role !== null || applied.teams.length > 0;
  if (isChanged) touch({ organizationIds: [organizationId] });
  return isChanged;
}
