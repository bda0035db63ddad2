import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { ownEvent } from './sign-in-audit.ts';

/**
 * Completes a successful sign-in: records it, sets the cookies, and ends the session that this browser had before. Nobody could
 * sign out of that one any more.
 */
export async function finishSignIn(
  call: AdminCall<unknown, unknown, unknown>,
  account: AccountRow,
  done: { readonly cookies: readonly string[]; readonly facts?: object },
): Promise<{ status: 'signed_in' }> {
  const { accountId, sessionId } = call.actor;
  await change(call as AdminCall, async ({ tx, record }) => {
    if (accountId !== null && sessionId !== undefined) await signIn.endSession(tx, { accountId, id: sessionId });
    await record(ownEvent('account.sign_in', account, done.facts));
  });
  call.cookies = [...done.cookies, call.deps.identity.devices.remember(account.email, call.raw.visitor)];
  return { status: 'signed_in' };
}
