import { ORGANIZATION_ROLES, type OrganizationRole, TEAM_ROLES, type TeamRole } from '../tenancy/permission.ts';

/** One mapping of a group to a role: in the organization, or in one team. */
export interface GroupMapping {
  /** The claim's value, or the SCIM group's id. Compared exactly. */
  readonly value: string;
  readonly role: OrganizationRole | null;
  readonly teamId: string | null;
  readonly teamRole: TeamRole | null;
}

/** The roles that groups give. */
export interface GroupRoles {
  /** Null: no group has a mapping to a role in the organization. */
  readonly role: OrganizationRole | null;
  /** The role in each team, by the team's id. */
  readonly teams: ReadonlyMap<string, TeamRole>;
}

/** Returns the roles that groups give a person. Of several roles in one place the strongest counts. */
export function rolesOfGroups(mappings: readonly GroupMapping[], groups: readonly string[]): GroupRoles {
  const held = new Set(groups);
  const teams = new Map<string, TeamRole>();
  let role: OrganizationRole | null = null;
  for (const mapping of mappings) {
    if (!held.has(mapping.value)) continue;
    if (mapping.role !== null) role = stronger(ORGANIZATION_ROLES, role, mapping.role);
    if (mapping.teamId === null || mapping.teamRole === null) continue;
    teams.set(mapping.teamId, stronger(TEAM_ROLES, teams.get(mapping.teamId) ?? null, mapping.teamRole));
  }
  return { role, teams };
}

/** Returns the role that comes first in a list, which is in order of strength. */
function stronger<R extends string>(order: readonly R[], one: R | null, other: R): R {
  return one !== null && order.indexOf(one) <= order.indexOf(other) ? one : other;
}
