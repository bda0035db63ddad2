import { can, type Permission, type PermissionObject, type Reach, reachOf } from '../../domain/tenancy/permission.ts';
import type { Actor } from './actor.ts';
import { forbidden, notFound, type Problem } from './problem.ts';

/** Where the thing acted on lies; or, for a list, the tree or the organization whose permitted part it shows. */
export type Place = PermissionObject | { readonly anywhereIn: 'platform' | { readonly organizationId: string } };

/** One permission, or several of which one is enough (a team's keys may be managed by its admins, and by their owners). */
export type Permissions = Permission | readonly Permission[];

/**
 * Lets the call go on, or throws: 404 when the place is another tenant's, so that nobody learns what exists there, 403 when it is the
 * caller's own tenant or the platform's.
 */
export function authorize(actor: Actor, permission: Permissions, place: Place): void {
  const wanted = typeof permission === 'string' ? [permission] : permission;
  if (wanted.some((one) => isPermitted(actor, one, place))) return;
  const organizationId = organizationOf(place);
  if (organizationId !== null && !belongsTo(actor, organizationId)) throw hiddenObject();
  throw forbidden(`This needs the permission ${wanted.join(' or ')}, which ${actor.name} does not hold here.`);
}

/** The 404 of a tenant's people, word for word the same for what does not exist and for what is another tenant's. */
export function hiddenObject(): Problem {
  return notFound('object');
}

/** Whether the actor holds a role of the platform, and so may know what exists in each tenant. A token that is kept to some tenants may not. */
export function isOfPlatform(actor: Actor): boolean {
  if ((actor.narrowing?.organizationIds ?? null) !== null) return false;
  return actor.roles.some((grant) => !('organizationId' in grant));
}

export function isPermitted(actor: Actor, permission: Permission, place: Place): boolean {
  if (!('anywhereIn' in place)) return can(actor, permission, place);
  return reachWithin(actor, permission, place.anywhereIn).length > 0;
}

/** Which part of the platform or of one organization a list may show. */
export function reachWithin(
  actor: Actor,
  permission: Permission,
  where: 'platform' | { readonly organizationId: string },
): readonly Reach[] {
  const reaches = reachOf(actor, permission);
  if (where === 'platform') return reaches;
  return reaches.filter(
    (reach) => reach.is === 'everywhere' || reach.organizationId === null || reach.organizationId === where.organizationId,
  );
}

/** The organization that a place lies in; null: the platform. */
export function organizationOf(place: Place): string | null {
  if (!('anywhereIn' in place)) return place.organizationId;
  return place.anywhereIn === 'platform' ? null : place.anywhereIn.organizationId;
}

function belongsTo(actor: Actor, organizationId: string): boolean {
  const kept = actor.narrowing?.organizationIds ?? null;
  if (kept !== null && !kept.includes(organizationId)) return false;
  return actor.roles.some((grant) => !('organizationId' in grant) || grant.organizationId === organizationId);
}
