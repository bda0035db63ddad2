import type { IdentityOptions } from '../../identity/options.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { Database } from '../../store/database.ts';

/** Returns the options of the identity module. It reads and writes the store only through these. */
export function identityOptions(
  db: Database,
  { key, publicUrl, clock }: { readonly key: Buffer; readonly publicUrl: string | null; readonly clock: Clock },
): IdentityOptions {
  return {
    db,
    tables: signIn.SIGN_IN_TABLES,
    key,
    publicUrl,
    nowMs: () => clock.nowMs(),
    mayEnter: async (accountId) => (await accounts.find(db, accountId))?.status === 'active',
    claimOnce: (name, forMs) => {
      const nowMs = clock.nowMs();
      return signIn.claimOnce(db, { name, at: new Date(nowMs), until: new Date(nowMs + forMs) });
    },
    endSession: (token) => signIn.endSessionOf(db, token),
  };
}
