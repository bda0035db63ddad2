import { z } from 'zod';
import {
  can,
  ORGANIZATION_ROLES,
  type Permission,
  type PermissionObject,
  PLATFORM_ROLES,
  type Role,
  rolesHolding,
  TEAM_ROLES,
} from '../../domain/tenancy/permission.ts';
import * as holders from '../../store/tenancy/role-holders.ts';
import type { AdminCall } from '../http/call.ts';

/** The roles, and the people with them, who may do what the caller may not. */

const PEOPLE_SHOWN = 5;

export const rolesOut = z.array(z.string()).meta({
  description:
    'The roles that may make this change: those nearest to the object, without those of the platform if any other may.',
});
export const peopleOut = z
  .array(z.object({ account_id: z.string(), name: z.string(), role: z.string() }))
  .nullable()
  .meta({
    description: `The first ${PEOPLE_SHOWN} people with these roles whom the caller may see. Null if the caller may make the change, or may see none of them.`,
  });

/** Returns the roles that hold the permission there. The platform's are left out if a nearer one holds it. */
export function nearestRoles(permission: Permission, { organizationId, teamId }: PermissionObject): readonly Role[] {
  const roles = rolesHolding(permission).filter((role) => {
    if (isIn(PLATFORM_ROLES, role)) return true;
    return organizationId !== null && (isIn(ORGANIZATION_ROLES, role) || teamId !== undefined);
  });
  const near = roles.filter((role) => !isIn(PLATFORM_ROLES, role));
  return near.length > 0 ? near : roles;
}

/** Returns the people with these roles, without the reader. Null if the reader may read none of the lists that name them. */
export async function peopleWith(
  call: AdminCall<unknown, unknown, unknown>,
  roles: readonly Role[],
  place: PermissionObject,
): Promise<z.output<typeof peopleOut>> {
  const { deps, actor } = call;
  const { organizationId, teamId = null } = place;
  const limit = PEOPLE_SHOWN + 1;
  const seesPlatform = can(actor, 'platform.read', { organizationId: null });
  const seesOrganization = can(actor, 'teams.read', { organizationId });
  const seesTeam = can(actor, 'teams.read', { organizationId, teamId });
  const platform = roles.filter((role) => isIn(PLATFORM_ROLES, role));
  const organization = roles.filter((role) => isIn(ORGANIZATION_ROLES, role));
  const team = roles.filter((role) => isIn(TEAM_ROLES, role));
  const lists = [
    seesTeam && organizationId !== null && teamId !== null && team.length > 0
      ? holders.inTeam(deps.db, { organizationId, teamId, roles: team }, limit)
      : null,
    seesOrganization && organizationId !== null && organization.length > 0
      ? holders.inOrganization(deps.db, { organizationId, roles: organization }, limit)
      : null,
    seesPlatform && platform.length > 0 ? holders.onPlatform(deps.db, platform, limit) : null,
  ].filter((list) => list !== null);
  if (lists.length === 0) return null;
  const others = (await Promise.all(lists)).flat().filter(({ accountId }) => accountId !== actor.accountId);
  const found = [...new Map(others.map((holder) => [holder.accountId, holder])).values()];
  return found.slice(0, PEOPLE_SHOWN).map(({ accountId, name, role }) => ({ account_id: accountId, name, role }));
}

function isIn<R extends Role>(roles: readonly R[], role: Role): role is R {
  return roles.some((one) => one === role);
}
