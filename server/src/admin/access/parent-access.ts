import { type AccessChoice, type AccessLevels, admits } from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import { accessChoiceFrom, organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import type { Database } from '../../store/database.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { notFound } from '../http/problem.ts';

/** The place of a choice in the tree. Each id that is given names a level above the choice. */
export interface BelowWhat {
  readonly organizationId: string;
  readonly teamId?: string | null;
  readonly membershipId?: string | null;
}

/** Returns the access of the levels above a choice. Throws 404 if the organization does not exist. */
export async function levelsAbove(db: Database, { organizationId, teamId, membershipId }: BelowWhat): Promise<AccessLevels> {
  const organization = await organizations.find(db, organizationId);
  if (organization === null) throw notFound('organization');
  const team = teamId == null ? null : await teams.find(db, { organizationId, id: teamId });
  const member = membershipId == null ? null : await memberships.find(db, { organizationId, id: membershipId });
  return {
    organization: organizationAccessFrom(organization),
    team: team === null ? null : accessChoiceFrom(team),
    user: member === null ? null : accessChoiceFrom(member),
    key: null,
  };
}

/**
 * Reports whether a choice lets through nothing that the stored one does not. A team admin may make only such changes to the
 * team's access.
 */
export function isNarrower(wanted: AccessChoice, stored: AccessChoice, catalogue: Catalogue): boolean {
  if (stored.mode === 'inherit') return true;
  if (wanted.mode === 'inherit') return false;
  // A group also admits its future members, so adding a group widens the access whatever its members are today.
  return wanted.accessGroups.every((key) => stored.accessGroups.includes(key)) && wanted.targets.every(isHeld);

  function isHeld(name: string): boolean {
    const target = catalogue.targets.get(name);
    return stored.mode === 'restrict' && (stored.targets.includes(name) || (target !== undefined && admits(stored, target)));
  }
}
