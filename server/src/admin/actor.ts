import type { PermissionActor } from '../domain/permission.ts';

/** Who makes a call: what `can()` decides by, and what the audit log names. */
export interface Actor extends PermissionActor {
  /** `anonymous` only on routes that are open to everybody. */
  readonly kind: 'admin_token' | 'account' | 'anonymous';
  /** `adm_…`, `acct_…` or `anonymous`. */
  readonly id: string;
  readonly name: string;
  /** The session an account acts in. */
  readonly sessionId?: string;
}

/** Somebody who has not signed in. */
export const ANONYMOUS: Actor = { kind: 'anonymous', id: 'anonymous', name: 'Somebody', roles: [], accountId: null };
