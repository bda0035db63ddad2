/** The grants of a first login: the code of a device (RFC 8628), and the code of a loopback login with PKCE (RFC 7636). */
import { POLL_SECONDS } from '../../domain/logins/words.ts';
import { type AppendedEvent, rememberAppended } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import { endLogin } from '../../store/logins/end-login.ts';
import type { LoginRequestRow } from '../../store/logins/login-requests.ts';
import * as requests from '../../store/logins/login-requests.ts';
import type { LoginFacts, LoginId, LoginRow } from '../../store/logins/logins.ts';
import * as logins from '../../store/logins/logins.ts';
import type { Grant, GrantAnswer } from './grant.ts';
import { freshTokens, storeTokens, type TokenPair, tokenAnswer } from './issue-tokens.ts';
import { type Guesses, hashesIn, isVerifierOf, type LoginParts } from './login-parts.ts';
import { oauthError, tooManyGuesses } from './oauth-error.ts';

/** The longest code that we make is shorter. */
const CODE_CHARS_MAX = 128;
/** RFC 7636, 4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

type Outcome =
  | { readonly is: 'tokens'; readonly pair: TokenPair; readonly login: LoginRow; readonly what: LoginFacts }
  | { readonly is: 'error'; readonly answer: GrantAnswer; readonly isGuess?: true }
  | { readonly is: 'ended'; readonly answer: GrantAnswer; readonly login: LoginId; readonly event: AppendedEvent | null };

/** Returns the grant of a device, which asks again and again until its person has decided. */
export function deviceGrant(parts: LoginParts, guesses: Guesses): Grant {
  return async (fields, { ip }) => {
    const code = fields.get('device_code');
    if (code === undefined) return oauthError('invalid_request', 'The field device_code is missing.');
    return answered(parts, guesses, ip, code, (tx, request, at) => pollOf(tx, parts, request, at));
  };
}

/** Returns the grant of a loopback login. The code alone is worth nothing: only its program has the verifier. */
export function authorizationCodeGrant(parts: LoginParts, guesses: Guesses): Grant {
  return async (fields, { ip }) => {
    const code = fields.get('code');
    const verifier = fields.get('code_verifier');
    const redirectUri = fields.get('redirect_uri');
    if (code === undefined || verifier === undefined || redirectUri === undefined)
      return oauthError('invalid_request', 'The fields code, code_verifier and redirect_uri are required.');
    if (!VERIFIER.test(verifier)) return oauthError('invalid_grant', 'The field code_verifier is not one of PKCE.');
    return answered(parts, guesses, ip, code, async (tx, request, at) => {
      const isProven =
        request.way === 'loopback' &&
        request.redirectUri === redirectUri &&
        request.codeChallenge !== null &&
        isVerifierOf(request.codeChallenge, verifier);
      if (!isProven) return { is: 'error', isGuess: true, answer: wrongCode() };
      if (request.expiresAt <= at) return { is: 'error', answer: oauthError('invalid_grant', 'The code expired. Log in again.') };
      if (request.state === 'used') return endedByReuse(tx, parts, request, at, ip);
      return tokensFor(tx, parts, request, at);
    });
  };
}

async function answered(
  parts: LoginParts,
  guesses: Guesses,
  ip: string,
  code: string,
  work: (tx: Database, request: LoginRequestRow, at: Date) => Promise<Outcome>,
): Promise<GrantAnswer> {
  const waitMs = guesses.waitMs(ip);
  if (waitMs > 0) return tooManyGuesses(waitMs);
  const outcome = await parts.db.transaction(async (tx): Promise<Outcome> => {
    const request = code.length > CODE_CHARS_MAX ? null : await requests.lock(tx, hashesIn(parts, code));
    if (request === null) return { is: 'error', isGuess: true, answer: wrongCode() };
    return work(tx, request, new Date(parts.clock.nowMs()));
  });
  if (outcome.is === 'tokens') return tokenAnswer(outcome.pair, outcome.login, outcome.what, parts.clock.nowMs());
  if (outcome.is === 'error') {
    if (outcome.isGuess === true) guesses.wrong(ip);
    return outcome.answer;
  }
  await rememberAppended(parts.audit, outcome.event === null ? [] : [outcome.event]);
  await parts.apply({ organizationIds: [outcome.login.organizationId], keyIds: [outcome.login.keyId] });
  return outcome.answer;
}

async function pollOf(tx: Database, parts: LoginParts, request: LoginRequestRow, at: Date): Promise<Outcome> {
  const error = (answer: GrantAnswer): Outcome => ({ is: 'error', answer });
  if (request.way !== 'device') return { is: 'error', isGuess: true, answer: wrongCode() };
  if (request.state === 'denied') return error(oauthError('access_denied', 'The login was denied in the browser.'));
  if (request.state === 'used') return error(oauthError('invalid_grant', 'The tokens of this login were fetched before.'));
  if (request.expiresAt <= at) return error(oauthError('expired_token', 'The code expired. Start the login again.'));
  if (request.state === 'approved') return tokensFor(tx, parts, request, at);
  const tooSoonMs = request.polledAt === null ? 0 : request.polledAt.getTime() + request.intervalSeconds * 1_000 - at.getTime();
  // Half a second for a clock or a network that is uneven.
  const isTooSoon = tooSoonMs > 500;
  const intervalSeconds = request.intervalSeconds + (isTooSoon ? POLL_SECONDS : 0);
  await requests.update(tx, request.hash, { polledAt: at, intervalSeconds: Math.min(intervalSeconds, 60) });
  if (isTooSoon) return error(oauthError('slow_down', `Ask every ${intervalSeconds} s.`));
  return error(oauthError('authorization_pending', 'Nobody has approved the login yet.'));
}

async function tokensFor(tx: Database, parts: LoginParts, request: LoginRequestRow, at: Date): Promise<Outcome> {
  const { organizationId, keyId } = request;
  const login = organizationId === null || keyId === null ? null : await logins.lock(tx, { organizationId, keyId });
  const what = login === null ? null : await logins.facts(tx, login);
  await requests.update(tx, request.hash, { state: 'used' });
  if (login === null || what === null || login.endedAt !== null || !what.isActive)
    return { is: 'error', answer: oauthError('access_denied', 'The login was ended before its tokens were fetched.') };
  return { is: 'tokens', pair: await storeTokens(tx, parts, login, freshTokens(), at), login, what };
}

/** A code that comes twice may have been stolen, so its login ends (RFC 6749, 4.1.2). */
async function endedByReuse(
  tx: Database,
  parts: LoginParts,
  { organizationId, keyId }: LoginRequestRow,
  at: Date,
  ip: string,
): Promise<Outcome> {
  const answer = oauthError('invalid_grant', 'The code was used before, so the login was ended. Log in again.');
  if (organizationId === null || keyId === null) return { is: 'error', answer };
  const login = { organizationId, keyId };
  const by = { actorKind: 'system', actorId: 'logins', actorName: 'Logins', ip, requestId: null } as const;
  return { is: 'ended', answer, login, event: await endLogin(tx, parts.audit, login, { reason: 'reuse', at, by }) };
}

function wrongCode(): GrantAnswer {
  return oauthError('invalid_grant', 'The code is unknown. Start the login again.');
}
