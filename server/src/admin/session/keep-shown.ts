import { SESSION_COOKIE } from '../../identity/engine.ts';
import type { Cookies } from '../../identity/exchange.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { type KeptEvidence, readEvidence, writeEvidence } from '../../store/identity/evidence.ts';
import type { AdminCall } from '../http/call.ts';

/** What a session has shown, kept while the sign-in library replaces the session by a new one. */

/** Reads what the caller's session has shown. */
export async function shownNow({ actor, deps }: AdminCall<unknown, unknown, unknown>): Promise<KeptEvidence> {
  return actor.sessionId === undefined ? [] : readEvidence(deps.db, actor.sessionId);
}

/** Gives it to the session of these cookies, if they are of a new one. Returns the cookies. */
export async function keepShown(
  { deps }: AdminCall<unknown, unknown, unknown>,
  before: KeptEvidence,
  cookies: Cookies,
): Promise<Cookies> {
  const cookie = cookies.find((one) => one.startsWith(`${SESSION_COOKIE}=`))?.split(';')[0];
  const visitor = { cookie, ip: '', origin: undefined, userAgent: undefined };
  const token = cookie === undefined ? null : await deps.identity.sessionToken(visitor);
  const sessionId = token === null ? null : await signIn.sessionIdOf(deps.db, token);
  if (sessionId !== null) await writeEvidence(deps.db, sessionId, before);
  return cookies;
}
