import type { OwnMethod } from '../../domain/identity/evidence.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { addEvidence, carryEvidence } from '../../store/identity/evidence.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { noteBreakGlass } from '../identity/break-glass.ts';
import { ownEvent } from './sign-in-audit.ts';

/** A sign-in of the person's own that succeeded. */
interface OwnSignIn {
  readonly cookies: readonly string[];
  /** The token of the new session. */
  readonly token: string;
  readonly method: OwnMethod;
  readonly secondFactor: boolean;
  readonly facts?: object;
}

/**
 * Completes a successful sign-in: records it and what it has shown, sets the cookies, and ends the session that this browser had
 * before. Nobody could sign out of that one any more.
 */
export async function finishSignIn(
  call: AdminCall<unknown, unknown, unknown>,
  account: AccountRow,
  done: OwnSignIn,
): Promise<{ status: 'signed_in' }> {
  const { method, secondFactor } = done;
  const tell = await change(call as AdminCall, async (change) => {
    const sessionId = await signIn.sessionIdOf(change.tx, done.token);
    if (sessionId === null) throw new SignInRefused('not_signed_in'); // It was ended meanwhile.
    await addEvidence(change.tx, { sessionId, at: change.now, method, secondFactor });
    await replaceSession(call, change, { accountId: account.id, sessionId });
    await change.record(ownEvent('account.sign_in', account, done.facts));
    return noteBreakGlass(call, change, account, method);
  });
  tell();
  call.cookies = [...done.cookies, call.deps.identity.devices.remember(account.email, call.raw.visitor)];
  return { status: 'signed_in' };
}

/**
 * Ends the session that this browser had before. If it is of the same account, the new session keeps what it has shown. The new
 * one has another token, so a token that somebody planted gains nothing.
 */
export async function replaceSession(
  { actor }: AdminCall<unknown, unknown, unknown>,
  { tx }: Change,
  present: { readonly accountId: string; readonly sessionId: string },
): Promise<void> {
  const { accountId, sessionId } = actor;
  if (accountId === null || sessionId === undefined || sessionId === present.sessionId) return;
  if (accountId === present.accountId) await carryEvidence(tx, { from: sessionId, to: present.sessionId });
  await signIn.endSession(tx, { accountId, id: sessionId });
}
