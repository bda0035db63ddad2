import {
  canGrantRole,
  coversRole,
  isPlatformRole,
  ORGANIZATION_ROLES,
  PLATFORM_ROLES,
  type Role,
  type RoleGrant,
  rolesThatGrant,
} from '../../domain/tenancy/permission.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import type { Database } from '../../store/database.ts';
import type { AdminCall } from '../http/call.ts';
import { forbidden, invalid, Problem } from '../http/problem.ts';

/** Throws 403 if the caller may not give or take this role there: nobody grants a role above their own. */
export function requireGrantableRole(call: AdminCall<unknown, unknown, unknown>, grant: RoleGrant, pointer: string): void {
  if (canGrantRole(call.actor, grant)) return;
  const message = `${call.actor.name} may not give or remove the role ${grant.role} here, because it is above their own role: ask ${whoGrants(grant)}`;
  throw new Problem(403, `${message}.`, { faults: [{ pointer, message }] });
}

/** Returns who may give or take a role: `an owner of the organization or a platform admin`. */
function whoGrants(grant: RoleGrant): string {
  return rolesThatGrant(grant)
    .map((role) => PEOPLE[role] ?? role)
    .join(' or ');
}

const PEOPLE: Readonly<Partial<Record<Role, string>>> = {
  team_admin: 'an admin of the team',
  org_admin: 'an admin of the organization',
  org_owner: 'an owner of the organization',
  platform_admin: 'a platform admin',
};

/** The shapes of a body that `requirePlaceOfRole` refuses, for the reference. */
export const MISPLACED_ROLES = [
  { required: ['organization_id'], properties: { role: { enum: PLATFORM_ROLES }, organization_id: { type: 'string' } } },
  { properties: { role: { enum: ORGANIZATION_ROLES }, organization_id: { type: 'null' } } },
] as const;

/** Throws 400 if the role is the platform's and an organization is named, or the other way round. */
export function requirePlaceOfRole(role: Role, organizationId: string | null): void {
  const isOfPlatform = isPlatformRole(role);
  if (isOfPlatform && organizationId !== null)
    throw invalid('/organization_id', `must be null for the role ${role}, which belongs to the platform`);
  if (!isOfPlatform && organizationId === null) throw invalid('/organization_id', `is required for the role ${role}`);
}

/**
 * Throws 403 if the account holds a role that the caller does not cover. A caller who can make a new way into an account can act
 * as that account. Otherwise, a token narrowed to accounts could exceed its role.
 */
export async function requireCoveredAccount(
  { actor }: AdminCall<unknown, unknown, unknown>,
  db: Database,
  account: Pick<AccountRow, 'id' | 'platformRole'>,
): Promise<void> {
  const grants = grantsOf(account.platformRole, await placesOf(db, account.id));
  const above = grants.find((grant) => !coversRole(actor, grant));
  if (above === undefined) return;
  throw forbidden(
    `This account has the role ${above.role}, which is above the role of ${actor.name}. Ask an admin who has that role.`,
  );
}
