import { z } from 'zod';
import { REMEDY_ACTIONS, type Remedy, remediesOf } from '../../domain/decision/remedy.ts';
import { can, type PermissionObject } from '../../domain/tenancy/permission.ts';
import { SCOPES } from '../../domain/tenancy/tenancy.ts';
import { nearestRoles, peopleOut, peopleWith, rolesOut } from '../access/role-people.ts';
import type { AdminCall } from '../http/call.ts';
import type { decisionOut } from './decision-fields.ts';

/** The changes that would let a refused request pass, whether the reader may make them, and otherwise who can. */

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
    roles: rolesOut,
    people: peopleOut,
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
