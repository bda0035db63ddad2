import { mayAdmit } from '../../domain/tenancy/address.ts';
import { can, reachOf } from '../../domain/tenancy/permission.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { isInReach } from '../../store/accounts/accounts-in-reach.ts';
import { standingOf } from '../../store/accounts/address-proofs.ts';
import type { Database } from '../../store/database.ts';
import type { Actor } from '../http/actor.ts';
import type { AdminCall } from '../http/call.ts';
import { conflict, invalid } from '../http/problem.ts';

/**
 * Throws 400 for an account that does not exist or is not in the caller's reach. Throws 409 if this caller may not admit it to a
 * place: an organization or, for null, a role of the platform. Until its address is proved, only the place that made the account
 * may admit it. Platform admins may admit a platform-made account anywhere.
 */
export async function requireAdmissible(
  { actor }: Pick<AdminCall<unknown, unknown, unknown>, 'actor'>,
  tx: Database,
  { accountId, organizationId }: { readonly accountId: string; readonly organizationId: string | null },
): Promise<void> {
  const reach = organizationsInReach(actor);
  const account = (await isInReach(tx, accountId, reach)) ? await accounts.find(tx, accountId) : null;
  if (account === null) throw invalid('/account_id', reach === null ? UNKNOWN : OUT_OF_REACH);
  if (mayAdmit(await standingOf(tx, account), { organizationId, by: admitsAs(actor) })) return;
  throw conflict(
    'The e-mail address of this account is not proved. Its owner can prove it by setting a new password with a mailed link, or a platform admin can vouch for it.',
  );
}

const UNKNOWN = 'there is no account with this id';
// The same text for an account that exists: nobody learns which accounts other tenants have.
const OUT_OF_REACH =
  'no member of an organization whose members you manage has this account id: invite the person by e-mail address, or ask a platform admin to add the account';

/**
 * Returns the organizations whose members the caller may add elsewhere: those whose members they manage. Null for callers who see
 * every account. Everybody else joins by an invitation, which they accept themselves.
 */
export function organizationsInReach(actor: Actor): readonly string[] | null {
  const seesAccounts = (['platform.read', 'accounts.manage'] as const).some((one) => can(actor, one, { organizationId: null }));
  if (seesAccounts) return null;
  const ids = reachOf(actor, 'members.manage').map((reach) => (reach.is === 'everywhere' ? null : reach.organizationId));
  return ids.includes(null) ? null : ids.filter((id) => id !== null);
}

/** Returns whose word the caller's counts as when an account is admitted before its address is proved. */
export function admitsAs(actor: Actor): 'platform' | 'organization' {
  return can(actor, 'accounts.manage', { organizationId: null }) ? 'platform' : 'organization';
}
