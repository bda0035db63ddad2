import type { Narrowing, PermissionActor } from '../../domain/tenancy/permission.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';

/** Who makes a call: what `can()` decides by, and what the audit log names. */
export interface Actor extends PermissionActor {
  /** `anonymous` only on routes that are open to everybody. */
  readonly kind: 'admin_token' | 'account' | 'anonymous';
  /** `adm_…`, `acct_…` or `anonymous`. */
  readonly id: string;
  readonly name: string;
  /** The session an account acts in. */
  readonly sessionId?: string;
  /** The admin token that acts: what it makes belongs to its owner, and is no more than it is. */
  readonly token?: AdminTokenRow;
}

/** Somebody who has not signed in. */
export const ANONYMOUS: Actor = { kind: 'anonymous', id: 'anonymous', name: 'Somebody', roles: [], accountId: null };

/** What a token is narrowed to; null when it is narrowed in neither way. */
export function narrowingOf({ permissions, organizationIds }: AdminTokenRow): Narrowing | null {
  if (permissions === null && organizationIds === null) return null;
  return { permissions: permissions as Narrowing['permissions'], organizationIds };
}

/** Whether a token is narrowed in any way. Such a token makes, changes and takes over no tokens. */
export function isNarrowed({ permissions, organizationIds, networks }: AdminTokenRow): boolean {
  return permissions !== null || organizationIds !== null || networks !== null;
}
