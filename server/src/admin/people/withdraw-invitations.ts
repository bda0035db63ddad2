import { canGrantRole, grantAboveTeams, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as invitations from '../../store/accounts/invitations.ts';
import type { Change } from '../http/change.ts';
import { invitationEvent, invitationFacts } from './invitation-view.ts';

/**
 * Cancels the open invitations of an account that it could no longer send, after a person was removed, disabled or given a lesser
 * role. Call it in the same transaction, after that change.
 */
export async function withdrawInvitations(change: Change, accountId: string): Promise<void> {
  const account = await accounts.find(change.tx, accountId);
  const isActive = account !== null && account.status === 'active';
  const roles = isActive ? grantsOf(account.platformRole, await placesOf(change.tx, accountId)) : [];
  await withdrawInvitationsOf(change, accountId, roles);
}

/** Does the same for a sender whose roles are known: none for a revoked admin token. */
export async function withdrawInvitationsOf(
  { tx, now, record }: Change,
  senderId: string,
  roles: readonly RoleGrant[] = [],
): Promise<void> {
  for (const row of await invitations.listOpenOf(tx, senderId)) {
    if (canGrantRole({ roles, accountId: null }, grantAboveTeams(row))) continue;
    await invitations.update(tx, row.id, { cancelledAt: now });
    await record({ ...invitationEvent(row), action: 'invitation.cancel', before: invitationFacts(row), after: null });
  }
}
