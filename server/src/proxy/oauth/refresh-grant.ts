/**
 * The grant `refresh_token`: exchanges a refresh token for new tokens.
 *
 * A refresh token works once. Its answer may be lost on the way, so for 30 seconds the same token gets the same answer again, while
 * nobody has used the new one. Any other use of an old token means that two have it: then the login ends, with every token of it.
 */
import { ACCESS_TOKENS_MAX, LOGIN_MS } from '../../domain/logins/words.ts';
import { looksLikeRefreshToken } from '../../lib/secrets.ts';
import { type AppendedEvent, rememberAppended } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import { endLogin } from '../../store/logins/end-login.ts';
import type { EndReason, LoginFacts, LoginRow } from '../../store/logins/logins.ts';
import * as logins from '../../store/logins/logins.ts';
import * as tokens from '../../store/logins/tokens.ts';
import type { Grant, GrantAnswer } from './grant.ts';
import { storeTokens, successorsOf, type TokenPair, tokenAnswer } from './issue-tokens.ts';
import { type Guesses, hashed, hashesIn, type LoginParts } from './login-parts.ts';
import { oauthError, tooManyGuesses } from './oauth-error.ts';

type Outcome =
  | { readonly is: 'tokens'; readonly pair: TokenPair; readonly login: LoginRow; readonly what: LoginFacts }
  | { readonly is: 'ended'; readonly login: LoginRow; readonly event: AppendedEvent | null; readonly words: string }
  | { readonly is: 'unknown' | 'refused' | 'too_many' };

/** Returns the grant. A failed refresh is 401 `invalid_grant`, whatever the reason: the device has to log in again. */
export function refreshGrant(parts: LoginParts, guesses: Guesses): Grant {
  return async (fields, { ip }) => {
    const token = fields.get('refresh_token');
    if (token === undefined) return oauthError('invalid_request', 'The field refresh_token is missing.');
    const waitMs = guesses.waitMs(ip);
    if (waitMs > 0) return tooManyGuesses(waitMs);
    const outcome: Outcome = looksLikeRefreshToken(token)
      ? await parts.db.transaction((tx) => exchange(tx, parts, token, { ip, accessMs: askedMs(fields.get('expires_in')) }))
      : { is: 'unknown' };
    switch (outcome.is) {
      case 'tokens':
        return tokenAnswer(outcome.pair, outcome.login, outcome.what, parts.clock.nowMs());
      case 'ended':
        await rememberAppended(parts.audit, outcome.event === null ? [] : [outcome.event]);
        await parts.apply({ organizationIds: [outcome.login.organizationId], keyIds: [outcome.login.keyId] });
        return failed(outcome.words);
      case 'unknown':
        guesses.wrong(ip);
        return failed('This refresh token is unknown, or its login has ended. Log in again.');
      case 'refused':
        return failed('This login may not be used now: its key, its owner, its team or its organization is not active.');
      case 'too_many':
        return oauthError(
          'slow_down',
          `This login has ${ACCESS_TOKENS_MAX} access tokens that work, the most at a time. Use one of them until it expires.`,
          { status: 429, headers: ['retry-after', '60'] },
        );
    }
  };
}

/** Returns the life that a program asks for its access token, at most twelve hours. Anything but whole seconds is the usual life. */
function askedMs(seconds: string | undefined): number {
  if (seconds === undefined || !/^[1-9]\d{0,8}$/.test(seconds)) return LOGIN_MS.accessToken;
  return Math.min(Number(seconds) * 1_000, LOGIN_MS.accessTokenMax);
}

interface Asked {
  readonly ip: string;
  readonly accessMs: number;
}

async function exchange(tx: Database, parts: LoginParts, token: string, { ip, accessMs }: Asked): Promise<Outcome> {
  const hashes = hashesIn(parts, token);
  const seen = await tokens.find(tx, hashes);
  // All tokens of a login wait here for one another. So of many refreshes at once, one is the first.
  const login = seen === null ? null : await logins.lock(tx, seen);
  const row = login === null ? null : await tokens.find(tx, hashes);
  if (login === null || row === null || login.endedAt !== null) return { is: 'unknown' };
  const at = new Date(parts.clock.nowMs());
  const finish = (reason: EndReason, words: string) => finished(tx, parts, login, { reason, words, at, ip });
  if (login.endsAt <= at) return finish('expired', 'This login has reached its longest life. Log in again.');
  if (row.expiresAt <= at) return finish('idle', 'Nobody has used this login for too long. Log in again.');
  const what = await logins.facts(tx, login);
  if (what === null || !what.isActive) return { is: 'refused' };
  if (row.usedAt !== null) {
    const pair = await sameAnswer(tx, parts, token, { ...row, usedAt: row.usedAt }, at);
    if (pair !== null) return { is: 'tokens', pair, login, what };
    return finish('reuse', 'This refresh token was used before, so the login was ended. Log in again.');
  }
  if ((await tokens.countLive(tx, login, at)) >= ACCESS_TOKENS_MAX) return { is: 'too_many' };
  const next = successorsOf(parts, token);
  await tokens.use(tx, row.hash, hashed(parts, next.refresh).hash, at);
  return { is: 'tokens', pair: await storeTokens(tx, parts, login, next, at, accessMs), login, what };
}

/** Returns the tokens that a used refresh token was exchanged for, if its answer may have been lost; else null. */
async function sameAnswer(
  tx: Database,
  parts: LoginParts,
  token: string,
  used: { readonly usedAt: Date; readonly successor: Buffer | null },
  at: Date,
): Promise<TokenPair | null> {
  if (at.getTime() - used.usedAt.getTime() > LOGIN_MS.lostAnswer || used.successor === null) return null;
  const next = await tokens.find(tx, [used.successor]);
  if (next === null || next.usedAt !== null) return null;
  const same = successorsOf(parts, token);
  if (!hashesIn(parts, same.refresh).some((hash) => hash.equals(next.hash))) return null;
  return { ...same, accessUntilMs: used.usedAt.getTime() + LOGIN_MS.accessToken };
}

async function finished(
  tx: Database,
  parts: LoginParts,
  login: LoginRow,
  { reason, words, at, ip }: { readonly reason: EndReason; readonly words: string; readonly at: Date; readonly ip: string },
): Promise<Outcome> {
  const by = { actorKind: 'system', actorId: 'logins', actorName: 'Logins', ip, requestId: null } as const;
  return { is: 'ended', login, words, event: await endLogin(tx, parts.audit, login, { reason, at, by }) };
}

function failed(words: string): GrantAnswer {
  return oauthError('invalid_grant', words, { status: 401 });
}
