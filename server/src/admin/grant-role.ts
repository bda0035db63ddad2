import { canGrantRole, type RoleGrant } from '../domain/permission.ts';
import type { AdminCall } from './call.ts';
import { Problem } from './problem.ts';

/** Throws 403 when the caller may not give or take this role there: nobody grants a role above their own. */
export function requireGrantableRole(call: AdminCall<unknown, unknown, unknown>, grant: RoleGrant, pointer: string): void {
  if (canGrantRole(call.actor, grant)) return;
  const message = `${call.actor.name} may neither give nor take the role ${grant.role} here`;
  throw new Problem(403, `${message}.`, { faults: [{ pointer, message }] });
}
