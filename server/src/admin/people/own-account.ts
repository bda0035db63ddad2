import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { AdminCall } from '../http/call.ts';
import { forbidden, invalid } from '../http/problem.ts';
import { text } from '../http/schemas.ts';

/** An existing password: any text of 1 to 128 characters. */
export const password = text(128, 1);

/**
 * Returns the account of the caller. Throws 403 for an admin token, which has none, and for a session that an identity provider
 * alone opened: it opens its organization, and not the account.
 */
export async function account(call: AdminCall<unknown, unknown, unknown>): Promise<AccountRow> {
  const row = await person(call);
  requireOwnEvidence(call);
  return row;
}

/**
 * Returns the account of the caller, however they signed in, for what changes nothing of the account. Throws 403 for an admin
 * token.
 */
export async function person(call: AdminCall<unknown, unknown, unknown>): Promise<AccountRow> {
  const id = call.actor.accountId;
  const row = id === null ? null : await accounts.find(call.deps.db, id);
  if (row === null)
    throw forbidden('Only a person who is signed in can do this. An admin token has no password and no sessions.');
  return row;
}

/** Throws 403 if the caller's session was opened by an identity provider alone. */
export function requireOwnEvidence({ actor }: AdminCall<unknown, unknown, unknown>): void {
  if (actor.shown === undefined || actor.shown.isOwn) return;
  throw forbidden(
    'You signed in through an identity provider, which opens its organization only. Sign in with your own password or passkey to do this. If you have neither, choose a password with “Forgot your password?” on the sign-in page.',
  );
}

/** Throws 400 at the field if the password is not the caller's own, and 429 after too many guesses. */
export async function requirePassword(
  call: AdminCall<unknown, unknown, unknown>,
  { id }: Pick<AccountRow, 'id'>,
  password: string,
  pointer = '/password',
): Promise<void> {
  const { db, identity } = call.deps;
  const hash = await signIn.passwordHash(db, id);
  await identity.attempts.throttled({ owner: `own-password:${id}`, from: null }, async () => {
    if (!(await identity.verifyPassword(password, hash))) throw invalid(pointer, 'is wrong');
  });
}
