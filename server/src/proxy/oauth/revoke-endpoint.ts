/** `POST /v1/oauth/revoke`: ends the login of an access or refresh token (RFC 7009). */
import { looksLikeKeySecret, looksLikeRefreshToken } from '../../lib/secrets.ts';
import { rememberAppended } from '../../store/audit/audit.ts';
import { endLogin } from '../../store/logins/end-login.ts';
import type { LoginId } from '../../store/logins/logins.ts';
import * as logins from '../../store/logins/logins.ts';
import * as tokens from '../../store/logins/tokens.ts';
import type { Grant, GrantAnswer } from './grant.ts';
import { type Guesses, hashesIn, type LoginParts } from './login-parts.ts';
import { oauthError, tooManyGuesses } from './oauth-error.ts';

const DONE: GrantAnswer = { status: 200, body: {} };

/**
 * Returns the endpoint. It is also 200 for a token that nobody knows, as the standard says. It ends logins only: the secret of an
 * ordinary key stays as it is.
 */
export function revokeEndpoint(parts: LoginParts, guesses: Guesses): Grant {
  return async (fields, { ip }) => {
    const token = fields.get('token');
    if (token === undefined) return oauthError('invalid_request', 'The field token is missing.');
    const waitMs = guesses.waitMs(ip);
    if (waitMs > 0) return tooManyGuesses(waitMs);
    const login = await loginOf(parts, token);
    if (login === null) {
      guesses.wrong(ip);
      return DONE;
    }
    const event = await parts.db.transaction(async (tx) => {
      const row = await logins.lock(tx, login);
      if (row === null) return null;
      const what = await logins.facts(tx, login);
      const by = {
        actorKind: 'account',
        actorId: row.accountId,
        actorName: what?.accountName ?? row.accountId,
        ip: ip === '' ? null : ip,
        requestId: null,
      } as const;
      return endLogin(tx, parts.audit, login, { reason: 'signed_out', at: new Date(parts.clock.nowMs()), by });
    });
    if (event !== null) {
      await rememberAppended(parts.audit, [event]);
      await parts.apply({ organizationIds: [login.organizationId], keyIds: [login.keyId] });
    }
    return DONE;
  };
}

async function loginOf(parts: LoginParts, token: string): Promise<LoginId | null> {
  if (looksLikeRefreshToken(token)) return tokens.find(parts.db, hashesIn(parts, token));
  return looksLikeKeySecret(token) ? tokens.loginOfAccess(parts.db, hashesIn(parts, token)) : null;
}
