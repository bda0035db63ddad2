import type { AccountRow } from '../store/accounts.ts';
import type { AdminCall } from './call.ts';
import { type Change, type ChangeEvent, change } from './change.ts';

/** What the platform's chain keeps of a person's sign-in: who, from where, and never what they proved it with. */

/** Records one event about an account, done by the account itself. */
export async function recordOwn(
  call: AdminCall<unknown, unknown, unknown>,
  action: string,
  account: Pick<AccountRow, 'id' | 'name'>,
  facts: object = {},
): Promise<void> {
  await change(call as AdminCall, ({ record }) => record(ownEvent(action, account, facts)));
}

/** As recordOwn, in a transaction that is under way. */
export function ownEvent(action: string, account: Pick<AccountRow, 'id' | 'name'>, facts: object = {}): ChangeEvent {
  return {
    ...accountEvent(action, account, facts),
    by: { kind: 'account', id: account.id, name: account.name },
  };
}

/** An event about an account, done by the caller. */
export function accountEvent(action: string, account: Pick<AccountRow, 'id' | 'name'>, facts: object = {}): ChangeEvent {
  return {
    action,
    organizationId: null,
    objectType: 'account',
    objectId: account.id,
    objectName: account.name,
    before: null,
    after: facts,
  };
}

/**
 * A sign-in that was refused. An address that no account has is kept as it was typed: guessing is what one looks for here. What is sent
 * away unlooked at is no event, or a flood of attempts would be a flood of events.
 */
export async function recordRefused(
  call: AdminCall,
  { account, email, code }: { readonly account: AccountRow | null; readonly email: string; readonly code: string },
): Promise<void> {
  if (code === 'too_many_attempts' || code === 'busy') return;
  const event = accountEvent('account.sign_in_refused', account ?? { id: 'unknown', name: email }, { reason: code });
  await change(call, ({ record }: Change) => record(event));
}
