import { canGrantRole, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as invitations from '../../store/accounts/invitations.ts';
import type { Change } from '../http/change.ts';
import { grantOf, invitationEvent, invitationFacts } from './invitation-view.ts';

/**
 * Cancels the open invitations of an account that it could not send any more: whoever is removed, disabled or given less leaves no door
 * open behind them. Call it in the transaction that took the role away, after it did.
 */
export async function withdrawInvitations(change: Change, accountId: string): Promise<void> {
  const account = await accounts.find(change.tx, accountId);
  const isActive = account !== null && account.status === 'active';
  const roles = isActive ? grantsOf(account.platformRole, await placesOf(change.tx, accountId)) : [];
  await withdrawInvitationsOf(change, accountId, roles);
}

/** As withdrawInvitations, for a sender whose roles are known: none for a revoked admin token. */
export async function withdrawInvitationsOf(
  { tx, now, record }: Change,
  senderId: string,
  roles: readonly RoleGrant[] = [],
): Promise<void> {
  for (const row of await invitations.listOpenOf(tx, senderId)) {
    if (canGrantRole({ roles, accountId: null }, grantOf(row))) continue;
    await invitations.update(tx, row.id, { cancelledAt: now });
    await record({ ...invitationEvent(row), action: 'invitation.cancel', before: invitationFacts(row), after: null });
  }
}
