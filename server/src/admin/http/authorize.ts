import type { Need } from '../../domain/identity/evidence.ts';
import { can, type Permission, type PermissionObject, type Reach, reachOf } from '../../domain/tenancy/permission.ts';
import type { Actor, ClosedPlace } from './actor.ts';
import { forbidden, notFound, type Problem } from './problem.ts';

/** The place of the object acted on. For a list, the tree or the organization whose permitted part it shows. */
export type Place = PermissionObject | { readonly anywhereIn: 'platform' | { readonly organizationId: string } };

/** One permission, or several of which one is enough: a team's keys are managed by its admins and by their owners. */
export type Permissions = Permission | readonly Permission[];

/**
 * Checks a permission. Throws 404 if the place is another tenant's, so that nobody learns what exists there. Throws 403 if it is
 * the caller's own tenant's or the platform's.
 */
export function authorize(actor: Actor, permission: Permissions, place: Place): void {
  const wanted = typeof permission === 'string' ? [permission] : permission;
  if (wanted.some((one) => isPermitted(actor, one, place))) return;
  const organizationId = organizationOf(place);
  const closed = closedAt(actor, place);
  if (closed !== undefined) throw forbidden(`${closed.name} ${ASKS[closed.needs]}`);
  if (organizationId !== null && !belongsTo(actor, organizationId)) throw hiddenObject();
  throw forbidden(
    `This needs the permission ${wanted.join(' or ')}, which ${actor.name} does not have here. Ask an admin for a role that has it.`,
  );
}

/** Returns the closed organization because of which a place opens nothing. A list over all tenants may miss what any of them holds. */
function closedAt({ shown }: Actor, place: Place): ClosedPlace | undefined {
  if ('anywhereIn' in place && place.anywhereIn === 'platform') return shown?.closed[0];
  return shown?.closed.find((one) => one.organizationId === organizationOf(place));
}

/** The words for what a member must do before their roles in an organization count in this session. */
const ASKS: Readonly<Record<Need, string>> = {
  sso: 'requires a sign-in through its identity provider. Sign in through it to go on.',
  second_factor: 'requires a second factor, and this session has shown none. Sign in again with one.',
  sign_in: 'does not accept what this session has shown, or it was shown too long ago. Sign in again to go on.',
};

/**
 * Checks the permission for each field that a PATCH names, in the order of the table. The table has every field of the body, so
 * that a new one cannot be changed by whoever may change another.
 */
export function authorizeFields<Body extends object>(
  { actor, body }: { readonly actor: Actor; readonly body: Body },
  permissionOf: Readonly<Record<keyof Body, Permission>>,
  place: Place,
): void {
  const fields = (Object.keys(permissionOf) as (keyof Body)[]).filter((field) => body[field] !== undefined);
  for (const permission of new Set(fields.map((field) => permissionOf[field]))) authorize(actor, permission, place);
}

/** Returns the 404 for a tenant's people. Its text is the same for an object that does not exist and for another tenant's. */
export function hiddenObject(): Problem {
  return notFound('object');
}

/**
 * Reports whether the actor holds a role of the platform and so may learn what exists in each tenant. False for a token narrowed
 * to some organizations.
 */
export function isOfPlatform(actor: Actor): boolean {
  if ((actor.narrowing?.organizationIds ?? null) !== null) return false;
  return actor.roles.some((grant) => !('organizationId' in grant));
}

export function isPermitted(actor: Actor, permission: Permission, place: Place): boolean {
  if (!('anywhereIn' in place)) return can(actor, permission, place);
  return reachWithin(actor, permission, place.anywhereIn).length > 0;
}

/** Returns the part of the platform or of one organization that a list may show. */
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

/** Returns the organization that a place is in, or null for the platform. */
export function organizationOf(place: Place): string | null {
  if (!('anywhereIn' in place)) return place.organizationId;
  return place.anywhereIn === 'platform' ? null : place.anywhereIn.organizationId;
}

function belongsTo(actor: Actor, organizationId: string): boolean {
  const kept = actor.narrowing?.organizationIds ?? null;
  if (kept !== null && !kept.includes(organizationId)) return false;
  return actor.roles.some((grant) => !('organizationId' in grant) || grant.organizationId === organizationId);
}
