import { z } from 'zod';
import { TEAM_ROLES } from '../../domain/tenancy/permission.ts';
import * as teamMembers from '../../store/tenancy/team-members.ts';
import * as teams from '../../store/tenancy/teams.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { id } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { requireGrantableRole } from './grant-role.ts';

/** The teams that a person joins together with an organization, each with a role. */

const TEAMS_MAX = 50;

export const teamRoles = z.array(z.strictObject({ team_id: id, role: z.enum(TEAM_ROLES) })).max(TEAMS_MAX);
type TeamRoles = z.output<typeof teamRoles>;

/** Throws 400 if one is no team of the organization or is listed twice, and 403 for a role that the caller may not give. */
export async function requireTeams(
  call: AdminCall<unknown, unknown, unknown>,
  organizationId: string,
  wanted: TeamRoles,
): Promise<void> {
  const seen = new Set<string>();
  for (const [at, { team_id: teamId, role }] of wanted.entries()) {
    const team = await teams.find(call.deps.db, { organizationId, id: teamId });
    if (team === null) throw invalid(`/teams/${at}/team_id`, 'must be a team of this organization');
    if (seen.has(teamId)) throw invalid(`/teams/${at}/team_id`, 'must not be listed twice');
    seen.add(teamId);
    requireGrantableRole(call, { role, organizationId, teamId }, `/teams/${at}/role`);
  }
}

/**
 * Adds a member to teams, with an audit event for each. Skips teams that were deleted meanwhile. Returns the ids of the teams
 * that the member joined.
 */
export async function joinTeams(
  { tx, now, record, touch }: Change,
  { organizationId, membershipId }: { readonly organizationId: string; readonly membershipId: string },
  wanted: readonly { readonly teamId: string; readonly role: string }[],
): Promise<readonly string[]> {
  const joined: string[] = [];
  for (const { teamId, role } of wanted) {
    const team = await teams.lock(tx, { organizationId, id: teamId });
    if (team === null) continue;
    await teamMembers.insert(tx, { organizationId, teamId, membershipId, role, createdAt: now });
    await record({ ...teamMemberEvent(team, membershipId), action: 'team_member.add', before: null, after: { role } });
    joined.push(teamId);
  }
  if (joined.length > 0) touch({ organizationIds: [organizationId] });
  return joined;
}

/** Returns the fields that identify a member of a team in an audit event. */
export function teamMemberEvent(team: Pick<teams.TeamRow, 'organizationId' | 'id' | 'name'>, membershipId: string) {
  return {
    organizationId: team.organizationId,
    objectType: 'team_member',
    objectId: `${team.id}/${membershipId}`,
    objectName: team.name,
  };
}
