import { mayHold } from '../../domain/tenancy/admin-token.ts';
import { grantAboveTeams } from '../../domain/tenancy/permission.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import { type NamedTokenPerson, peopleOf } from '../../store/accounts/token-people.ts';
import type { Change } from '../http/change.ts';
import { isoOf } from '../http/fields.ts';
import { withdrawInvitations, withdrawInvitationsOf } from './withdraw-invitations.ts';

/**
 * Takes back what a person could no longer give after they were removed, disabled or given a lesser role. Cancels their open
 * invitations, and ends admin tokens that exceed their present role. Call it in the same transaction, after that change.
 */
export async function takeBack(change: Change, accountId: string): Promise<void> {
  await withdrawInvitations(change, accountId);
  const person = (await peopleOf(change.tx, [accountId])).get(accountId) ?? null;
  await endTokens(change, accountId, person);
  await stopTokens(change, accountId, person);
}

/** Revokes a person's tokens for good: they stay revoked even if the person gets the role back. */
async function endTokens(change: Change, accountId: string, person: NamedTokenPerson | null): Promise<void> {
  const { tx, now, record } = change;
  for (const row of await adminTokens.lockOfPerson(tx, accountId)) {
    if (mayHold(person, grantAboveTeams(row))) continue;
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

/**
 * Records that tokens of service accounts stop until somebody takes the accounts over. Does not change the tokens: every call
 * checks the responsible person anew.
 */
async function stopTokens(change: Change, accountId: string, person: NamedTokenPerson | null): Promise<void> {
  const { tx, record } = change;
  const ids = await tokenAccounts.idsOfResponsible(tx, accountId);
  for (const row of await adminTokens.lockOfServiceAccounts(tx, ids)) {
    if (mayHold(person, grantAboveTeams(row))) continue;
    await record({ ...tokenEvent(row), action: 'admin_token.stop', before: null, after: { responsible_account_id: accountId } });
    await withdrawInvitationsOf(change, row.id);
  }
}

/** Returns the fields that identify an admin token in an audit event. */
export function tokenEvent(row: AdminTokenRow) {
  return { organizationId: row.organizationId, objectType: 'admin_token', objectId: row.id, objectName: row.name };
}
