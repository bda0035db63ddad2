/** New tokens of a login: an access token, which is a short secret of its key, and the refresh token for the next one. */
import { LOGIN_MS } from '../../domain/logins/words.ts';
import { bytesFrom, newKeySecret, newRefreshToken, type RandomBytes } from '../../lib/secrets.ts';
import type { Database } from '../../store/database.ts';
import type { LoginFacts, LoginId, LoginRow } from '../../store/logins/logins.ts';
import * as logins from '../../store/logins/logins.ts';
import * as tokens from '../../store/logins/tokens.ts';
import type { GrantAnswer } from './grant.ts';
import { hashed, type LoginParts } from './login-parts.ts';

/** A pair of tokens, as its device gets it. */
export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
  readonly accessUntilMs: number;
}

/** The tokens that replace a refresh token. They are the same each time, so that a repeated request gets the same answer. */
export function successorsOf({ successorKey }: LoginParts, refreshToken: string): Pick<TokenPair, 'access' | 'refresh'> {
  return {
    access: newKeySecret(bytesFrom(successorKey, refreshToken, 'login access')),
    refresh: newRefreshToken(bytesFrom(successorKey, refreshToken, 'login refresh')),
  };
}

/** Makes tokens from random bytes. */
export function freshTokens(random?: RandomBytes): Pick<TokenPair, 'access' | 'refresh'> {
  return { access: newKeySecret(random), refresh: newRefreshToken(random) };
}

/** Stores a pair of tokens. Neither outlasts the login. `accessMs` is the life of the access token. */
export async function storeTokens(
  tx: Database,
  parts: LoginParts,
  login: LoginRow,
  { access, refresh }: Pick<TokenPair, 'access' | 'refresh'>,
  at: Date,
  accessMs: number = LOGIN_MS.accessToken,
): Promise<TokenPair> {
  const id: LoginId = login;
  const until = (ms: number) => new Date(Math.min(at.getTime() + ms, login.endsAt.getTime()));
  const accessUntil = until(accessMs);
  await tokens.add(tx, id, {
    access: hashed(parts, access),
    accessUntil,
    refresh: hashed(parts, refresh),
    refreshUntil: until(LOGIN_MS.idle),
    at,
  });
  await logins.markRefreshed(tx, id, at);
  return { access, refresh, accessUntilMs: accessUntil.getTime() };
}

/** Returns the answer of the token endpoint. */
export function tokenAnswer(pair: TokenPair, login: LoginId, what: LoginFacts, nowMs: number): GrantAnswer {
  return {
    status: 200,
    body: {
      access_token: pair.access,
      token_type: 'Bearer',
      expires_in: Math.max(1, Math.ceil((pair.accessUntilMs - nowMs) / 1_000)),
      refresh_token: pair.refresh,
      email: what.email,
      organization: what.organization,
      team: what.team,
      key_id: login.keyId,
    },
  };
}
