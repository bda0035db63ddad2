import { mayHold } from '../../domain/tenancy/admin-token.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import { grantOfToken } from '../../store/accounts/token-facts.ts';
import { type NamedTokenPerson, peopleOf } from '../../store/accounts/token-people.ts';
import type { Change } from '../http/change.ts';
import { isoOf } from '../http/fields.ts';
import { withdrawInvitations, withdrawInvitationsOf } from './withdraw-invitations.ts';

/**
 * Takes back what somebody who is removed, disabled or given less could not give any more: their open invitations are cancelled, and admin
 * tokens that are more than they are end. Call it in the transaction that took the role away, after it did.
 */
export async function takeBack(change: Change, accountId: string): Promise<void> {
  await withdrawInvitations(change, accountId);
  const person = (await peopleOf(change.tx, [accountId])).get(accountId) ?? null;
  await endTokens(change, accountId, person);
  await stopTokens(change, accountId, person);
}

/** A person's token ends for good: it does not come back when they do. */
async function endTokens(change: Change, accountId: string, person: NamedTokenPerson | null): Promise<void> {
  const { tx, now, record } = change;
  for (const row of await adminTokens.lockOfPerson(tx, accountId)) {
    if (mayHold(person, grantOfToken(row))) continue;
    await adminTokens.update(tx, row.id, { revokedAt: now });
    const after = { revoked_at: isoOf(now), maker_account_id: accountId };
    await record({
      ...tokenEvent(row),
      action: 'admin_token.end',
      before: { revoked_at: null, maker_account_id: accountId },
      after,
    });
    await withdrawInvitationsOf(change, row.id);
  }
}

/** A machine's token stands still until somebody takes it over; every call asks for that anew, so nothing is stored here. */
async function stopTokens(change: Change, accountId: string, person: NamedTokenPerson | null): Promise<void> {
  const { tx, record } = change;
  const ids = await tokenAccounts.idsOfResponsible(tx, accountId);
  for (const row of await adminTokens.lockOfServiceAccounts(tx, ids)) {
    if (mayHold(person, grantOfToken(row))) continue;
    await record({ ...tokenEvent(row), action: 'admin_token.stop', before: null, after: { responsible_account_id: accountId } });
    await withdrawInvitationsOf(change, row.id);
  }
}

/** How the audit log names an admin token. */
export function tokenEvent(row: AdminTokenRow) {
  return { organizationId: row.organizationId, objectType: 'admin_token', objectId: row.id, objectName: row.name };
}
