import type { PermissionActor } from '../domain/permission.ts';

/** Who makes a call: what `can()` decides by, and what the audit log names. */
export interface Actor extends PermissionActor {
  readonly kind: 'admin_token' | 'account';
  /** `adm_…` or `acct_…`. */
  readonly id: string;
  readonly name: string;
}
