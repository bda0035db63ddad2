import { z } from 'zod';
import { REMEDY_ACTIONS, type Remedy, remediesOf } from '../../domain/decision/remedy.ts';
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
import { SCOPES } from '../../domain/tenancy/tenancy.ts';
import * as holders from '../../store/tenancy/role-holders.ts';
import type { AdminCall } from '../http/call.ts';
import type { decisionOut } from './decision-fields.ts';

/** The changes that would let a refused request pass, whether the reader may make them, and otherwise who can. */

const PEOPLE_SHOWN = 5;

const personOut = z.object({ account_id: z.string(), name: z.string(), role: z.string() });

export const remedyOut = z
  .object({
    action: z.enum(REMEDY_ACTIONS),
    scope: z.enum([...SCOPES, 'platform']).meta({ description: 'The level of the object to change. `platform`: the catalogue.' }),
    scope_id: z.string().nullable().meta({ description: 'The object to change. Null for the catalogue.' }),
    account_id: z.string().nullable().meta({ description: 'The account of the member to change, for the scope `user`.' }),
    field: z.string().nullable().meta({
      description: 'The field to change: `rate_limits.rpm`, `model_limits`, `budgets.bud_…`, `asset_access`, `expires_at`.',
    }),
    allowed: z.boolean().meta({ description: 'True if the caller may make this change.' }),
    own: z.boolean().meta({ description: 'True if the caller may not make the change because it is for their own limits.' }),
    roles: z.array(z.string()).meta({
      description:
        'The roles that may make this change: those nearest to the object, without those of the platform if any other may.',
    }),
    people: z
      .array(personOut)
      .nullable()
      .meta({
        description: `The first ${PEOPLE_SHOWN} people with these roles whom the caller may see. Null if the caller may make the change, or may see none of them.`,
      }),
  })
  .meta({ id: 'Remedy' });

type RemedyOut = z.output<typeof remedyOut>;

/** The place of a request: the team and the person whose key made it. */
interface RequestPlace extends PermissionObject {
  readonly organizationId: string;
  readonly teamId: string;
  readonly ownerAccountId: string | null;
}

/** Returns the remedies of a decision as its reader may see them. Empty for an admitted request. */
export async function viewRemedies(
  call: AdminCall,
  decision: z.output<typeof decisionOut>,
  place: RequestPlace,
): Promise<RemedyOut[]> {
  const reader = can(call.actor, 'platform.read', { organizationId: null }) ? 'platform' : 'tenant';
  return Promise.all(remediesOf(decision, reader).map((remedy) => viewRemedy(call, remedy, place)));
}

async function viewRemedy(call: AdminCall, remedy: Remedy, place: RequestPlace): Promise<RemedyOut> {
  const { action, scope, scopeId, field, permission } = remedy;
  const object = objectOf(remedy, place);
  const allowed = can(call.actor, permission, object);
  const roles = nearestRoles(permission, object);
  return {
    action,
    scope,
    scope_id: scopeId,
    account_id: scope === 'user' ? place.ownerAccountId : null,
    field,
    allowed,
    own: !allowed && can(call.actor, permission, { ...object, ownerAccountId: null }),
    roles: [...roles],
    people: allowed ? null : await peopleWith(call, roles, place),
  };
}

/** Returns the object of the permission that a remedy needs. */
function objectOf({ scope }: Remedy, { organizationId, teamId, ownerAccountId }: RequestPlace): PermissionObject {
  switch (scope) {
    case 'platform':
      return { organizationId: null };
    case 'organization':
      return { organizationId };
    case 'team':
      return { organizationId, teamId };
    case 'user':
      return { organizationId, ownerAccountId };
    case 'key':
      return { organizationId, teamId, ownerAccountId };
  }
}

/** Returns the roles that hold the permission there. The platform's are left out if a nearer one holds it. */
function nearestRoles(permission: Permission, { organizationId, teamId }: PermissionObject): readonly Role[] {
  const roles = rolesHolding(permission).filter((role) => {
    if (isIn(PLATFORM_ROLES, role)) return true;
    return organizationId !== null && (isIn(ORGANIZATION_ROLES, role) || teamId !== undefined);
  });
  const near = roles.filter((role) => !isIn(PLATFORM_ROLES, role));
  return near.length > 0 ? near : roles;
}

/** Returns the people with these roles, without the reader. Null if the reader may read none of the lists that name them. */
async function peopleWith(call: AdminCall, roles: readonly Role[], place: RequestPlace): Promise<RemedyOut['people']> {
  const { deps, actor } = call;
  const { organizationId, teamId } = place;
  const limit = PEOPLE_SHOWN + 1;
  const seesPlatform = can(actor, 'platform.read', { organizationId: null });
  const seesOrganization = can(actor, 'teams.read', { organizationId });
  const seesTeam = can(actor, 'teams.read', { organizationId, teamId });
  const platform = roles.filter((role) => isIn(PLATFORM_ROLES, role));
  const organization = roles.filter((role) => isIn(ORGANIZATION_ROLES, role));
  const team = roles.filter((role) => isIn(TEAM_ROLES, role));
  const lists = [
    seesTeam && team.length > 0 ? holders.inTeam(deps.db, { organizationId, teamId, roles: team }, limit) : null,
    seesOrganization && organization.length > 0
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
