import type { IdentityProvider } from '../../../api/identity.ts';

/** A provider, and the dialog that is open for it. */
export interface Doing {
  readonly is: 'edit' | 'test' | 'signing-key' | 'switch-off' | 'delete';
  readonly provider: IdentityProvider;
}
