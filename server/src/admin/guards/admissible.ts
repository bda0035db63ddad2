import { mayAdmit } from '../../domain/tenancy/address.ts';
import { can } from '../../domain/tenancy/permission.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { standingOf } from '../../store/accounts/address-proofs.ts';
import type { Database } from '../../store/database.ts';
import type { AdminCall } from '../http/call.ts';
import { conflict, invalid } from '../http/problem.ts';

/**
 * Throws 409 if this caller may not admit the account to a place: an organization or, for null, a role of the platform. Until its
 * address is proved, only the place that made the account may admit it. Platform admins may admit a platform-made account
 * anywhere. Throws 400 for an unknown account.
 */
export async function requireAdmissible(
  { actor }: Pick<AdminCall<unknown, unknown, unknown>, 'actor'>,
  tx: Database,
  { accountId, organizationId }: { readonly accountId: string; readonly organizationId: string | null },
): Promise<void> {
  const account = await accounts.find(tx, accountId);
  if (account === null) throw invalid('/account_id', 'there is no account with this id');
  const by = can(actor, 'accounts.manage', { organizationId: null }) ? 'platform' : 'organization';
  if (mayAdmit(await standingOf(tx, account), { organizationId, by })) return;
  throw conflict(
    'The e-mail address of this account is not proved. Its owner can prove it by setting a new password with a mailed link, or a platform admin can vouch for it.',
  );
}
