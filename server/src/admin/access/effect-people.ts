import { can, PERMISSIONS, type Permission, type PermissionObject, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import type { Database } from '../../store/database.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { Changed } from './effect-access.ts';

/** The effect of a change on what the changed person may do, with all of their roles. */

/** A person's rights at the place of a change: none while they may not act there. */
export interface RightsHere {
  readonly isIn: boolean;
  readonly permissions: readonly Permission[];
}

/** Returns the rights of the person who is changed. Null if the change is not about a person. */
export async function readRights(tx: Database, changed: Changed): Promise<RightsHere | null> {
  switch (changed.level) {
    case 'user':
    case 'team_member': {
      const { organizationId, id } = changed;
      const member = await memberships.find(tx, { organizationId, id });
      const teamId = changed.level === 'team_member' ? changed.teamId : null;
      return rightsAt(await rolesOf(tx, member?.accountId), [{ organizationId, teamId }]);
    }
    case 'account': {
      const roles = await rolesOf(tx, changed.id);
      const places = roles.map((role) => ('organizationId' in role ? role.organizationId : null));
      return rightsAt(
        roles,
        [...new Set(places)].map((organizationId) => ({ organizationId })),
      );
    }
    default:
      return null;
  }
}

export function rightsEffect(before: RightsHere | null, after: RightsHere | null) {
  const kept = after?.permissions ?? [];
  return {
    people_refused: before?.isIn === true && after?.isIn !== true ? 1 : 0,
    permissions_lost: (before?.permissions ?? []).filter((permission) => !kept.includes(permission)),
  };
}

/** Returns the roles with which a person may act now, as sign-in reads them. Nobody who is disabled has any. */
async function rolesOf(tx: Database, accountId: string | undefined): Promise<readonly RoleGrant[]> {
  const account = accountId === undefined ? null : await accounts.find(tx, accountId);
  if (account === null || account.status !== 'active') return [];
  return grantsOf(account.platformRole, await placesOf(tx, account.id));
}

/** Returns what roles allow for objects of others at any of these places. */
function rightsAt(roles: readonly RoleGrant[], places: readonly PermissionObject[]): RightsHere {
  const actor = { roles, accountId: null };
  const permissions = PERMISSIONS.filter((permission) => places.some((place) => can(actor, permission, place)));
  return { isIn: permissions.length > 0, permissions };
}
