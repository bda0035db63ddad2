import { z } from 'zod';
import { LOGIN_MS } from '../../domain/logins/words.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import { factorsOf, passwordHash, shownSince } from '../../store/accounts/sign-in.ts';
import { activeOfAccount } from '../../store/identity/identity-links.ts';
import { mayLearnOf } from '../http/actor.ts';
import type { AdminCall } from '../http/call.ts';
import { Problem } from '../http/problem.ts';
import { text } from '../http/schemas.ts';
import * as own from './own-account.ts';

/** Asks people to show again that it is them: with the password, a passkey, or a sign-in of the last minutes. */

const RESPONSE_BYTES_MAX = 65_536;

/** The JSON form of the arguments and results of the browser's WebAuthn calls. The identity module parses it. */
export const webAuthn = z
  .looseObject({
    id: text(2_048, 1),
    rawId: text(2_048, 1),
    type: z.literal('public-key'),
    response: z.record(text(64), z.unknown()),
  })
  .refine((value) => JSON.stringify(value).length <= RESPONSE_BYTES_MAX, 'is too long')
  .meta({ description: `JSON as defined by WebAuthn, at most ${RESPONSE_BYTES_MAX} bytes.` });

/** The fields of a body that shows it. */
export const shownAgainFields = { password: own.password.optional(), passkey: webAuthn.optional() };

interface ShownAgain {
  readonly password?: string | undefined;
  readonly passkey?: z.output<typeof webAuthn> | undefined;
}

/** Throws 400 for a wrong password and 401 for a passkey that is not the caller's own. Does nothing if the body has neither. */
export async function requireShownAgain(
  call: AdminCall<unknown, unknown, unknown>,
  account: AccountRow,
  { password, passkey }: ShownAgain,
): Promise<void> {
  if (password !== undefined) return own.requirePassword(call, account, password);
  if (passkey === undefined) return;
  const { identity } = call.deps;
  const { visitor } = call.raw;
  const shown = await identity.attempts.throttled({ owner: `passkey:${passkey.id}`, from: visitor.ip }, () =>
    identity.passkeys.showAgain(passkey, visitor),
  );
  if (shown.accountId !== account.id) throw new SignInRefused('wrong_passkey');
}

/** The text by which the console recognises that it has to ask again. */
const STALE =
  'Your sign-in is older than 10 minutes, or your identity provider did not say when it was. Confirm that it is you: send your password or a passkey, or sign in again.';

/**
 * Throws 403 unless the caller signed in within the last ten minutes, in their own way or through a provider of this organization, or
 * the body shows again that it is them. A sign-in through a provider that did not say when it was counts as older.
 */
export async function requireFreshSignIn(
  call: AdminCall<unknown, unknown, unknown>,
  account: AccountRow,
  organizationId: string,
  shown: ShownAgain,
): Promise<void> {
  if (shown.password !== undefined || shown.passkey !== undefined) return requireShownAgain(call, account, shown);
  if (!(await isFresh(call, organizationId)))
    throw new Problem(403, STALE, { faults: [{ pointer: '/password', message: 'is required again' }] });
}

/**
 * Reports whether the caller signed in within the last ten minutes: in their own way, or through a provider of the organization; with
 * null of any.
 */
export async function isFresh(
  { actor, deps }: AdminCall<unknown, unknown, unknown>,
  organizationId: string | null,
): Promise<boolean> {
  const since = new Date(deps.clock.nowMs() - LOGIN_MS.freshSignIn);
  return actor.sessionId !== undefined && (await shownSince(deps.db, { sessionId: actor.sessionId, since, organizationId }));
}

export const againOut = z.object({
  password: z.boolean(),
  passkey: z.boolean(),
  providers: z.array(z.object({ id: z.string(), name: z.string() })).meta({
    description:
      'The active identity providers that the account is linked to, as far as the session may learn of their organizations. `GET /sso/{idp_id}/start` with `fresh=1` signs in again through one.',
  }),
});

/** Returns the ways in which the caller can show again that it is them. */
export async function waysToShowAgain({ actor, deps }: AdminCall<unknown, unknown, unknown>): Promise<z.output<typeof againOut>> {
  const { accountId } = actor;
  if (accountId === null) return { password: false, passkey: false, providers: [] };
  const { passkeys } = await factorsOf(deps.db, accountId);
  const providers = deps.publicUrl === null ? [] : await activeOfAccount(deps.db, accountId);
  return {
    password: (await passwordHash(deps.db, accountId)) !== null,
    passkey: passkeys > 0,
    providers: providers.filter((one) => mayLearnOf(actor, one.organizationId)).map(({ id, name }) => ({ id, name })),
  };
}
