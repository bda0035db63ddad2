import type { Need } from '../../domain/identity/evidence.ts';
import type { Narrowing, PermissionActor } from '../../domain/tenancy/permission.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';

/** The caller of a request: the input of `can()`, and the actor in the audit log. */
export interface Actor extends PermissionActor {
  /** `anonymous` occurs only on routes that are open to everybody. */
  readonly kind: 'admin_token' | 'account' | 'scim_token' | 'anonymous';
  /** `adm_…`, `acct_…`, `scim_…` or `anonymous`. */
  readonly id: string;
  readonly name: string;
  /** The session that an account acts in. */
  readonly sessionId?: string;
  /** The proofs that the session has shown. Absent for an admin token, which no sign-in policy affects. */
  readonly shown?: SessionShown;
  /** The admin token that acts. Tokens that it makes belong to its owner and have no more permissions than it has. */
  readonly token?: AdminTokenRow;
}

/** The proofs that a session has shown of the person, and the places that it therefore does not open. */
export interface SessionShown {
  /** True if the person signed in their own way. Platform roles and changes of the account need that. */
  readonly isOwn: boolean;
  /** Organizations of the account whose roles do not count, because the session has not shown what they ask for. */
  readonly closed: readonly ClosedPlace[];
  /**
   * The organizations that the session may learn of, if identity providers alone opened it: those of these providers. Whoever
   * controls a provider can be each of its people, and must not read where else they belong. Null: all.
   */
  readonly known: readonly string[] | null;
  /** True if the account belongs to an organization that the session may not learn of, or to the platform. */
  readonly isElsewhereToo: boolean;
  /** The identity providers that opened the session, with their organizations. */
  readonly providers: readonly { readonly id: string; readonly organizationId: string }[];
}

export interface ClosedPlace {
  readonly organizationId: string;
  readonly name: string;
  readonly needs: Need;
}

/** Reports whether the caller may learn that their account belongs to this organization. */
export function mayLearnOf({ shown }: Actor, organizationId: string): boolean {
  return shown === undefined || shown.known === null || shown.known.includes(organizationId);
}

/** A caller who has not signed in. */
export const ANONYMOUS: Actor = { kind: 'anonymous', id: 'anonymous', name: 'Somebody', roles: [], accountId: null };

/** Returns the permissions and organizations that a token is narrowed to, or null if it is narrowed to neither. */
export function narrowingOf({ permissions, organizationIds }: AdminTokenRow): Narrowing | null {
  if (permissions === null && organizationIds === null) return null;
  return { permissions: permissions as Narrowing['permissions'], organizationIds };
}

/** Reports whether a token is narrowed in any way. Such a token cannot make, change or take over tokens. */
export function isNarrowed({ permissions, organizationIds, networks }: AdminTokenRow): boolean {
  return permissions !== null || organizationIds !== null || networks !== null;
}
