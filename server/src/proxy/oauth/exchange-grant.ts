/**
 * The grants that give a workload a short secret for a token of its issuer: RFC 7523 (`jwt-bearer`, as Anthropic's SDK sends it)
 * and RFC 8693 (`token-exchange`).
 */
import { SECRET_SECONDS } from '../../domain/identity/trust-words.ts';
import { KeysUnreachable } from '../../identity/workload/issuer-keys.ts';
import { EXCHANGES_PER_MINUTE, type TokenAttempts } from '../../identity/workload/token-attempts.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import type { Grant, GrantAnswer } from './grant.ts';
import { oauthError, slowDown } from './oauth-error.ts';
import { type ResolvedToken, resolveToken, type WantedOfToken, type WorkloadParts } from './resolve-token.ts';
import { addShortSecret, keyOfRule } from './rule-key.ts';
import type { TokenNames } from './token-names.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const TOKEN_TYPES: readonly string[] = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'];

export interface ExchangeParts extends WorkloadParts {
  readonly attempts: TokenAttempts;
  readonly names: TokenNames;
}

/** Returns the two grants by their `grant_type`. */
export function exchangeGrants(parts: ExchangeParts): Readonly<Record<string, Grant>> {
  return {
    [JWT_BEARER]: async (fields, from) => {
      const assertion = fields.get('assertion');
      if (assertion === undefined) return missing('assertion', 'the token of your workload');
      return exchange(assertion, fields, from, parts, {});
    },
    [TOKEN_EXCHANGE]: async (fields, from) => {
      const token = fields.get('subject_token');
      if (token === undefined) return missing('subject_token', 'the token of your workload');
      const type = fields.get('subject_token_type');
      if (type === undefined || !TOKEN_TYPES.includes(type))
        return oauthError('invalid_request', `The field subject_token_type must be ${TOKEN_TYPES.join(' or ')}.`);
      if ((fields.get('requested_token_type') ?? ACCESS_TOKEN) !== ACCESS_TOKEN)
        return oauthError('invalid_request', `The field requested_token_type must be ${ACCESS_TOKEN}, or absent.`);
      if (fields.has('actor_token'))
        return oauthError('invalid_request', 'The field actor_token is not supported. Leave it out.');
      return exchange(token, fields, from, parts, { issued_token_type: ACCESS_TOKEN });
    },
  };
}

function missing(field: string, what: string): GrantAnswer {
  return oauthError('invalid_request', `The field ${field} is missing. Send ${what} in it.`);
}

async function exchange(
  token: string,
  fields: ReadonlyMap<string, string>,
  { ip }: Parameters<Grant>[1],
  parts: ExchangeParts,
  more: Readonly<Record<string, string>>,
): Promise<GrantAnswer> {
  const waitSeconds = parts.attempts.waitSeconds(ip);
  if (waitSeconds > 0) return slowDown(waitSeconds, 'Too many tokens from this address were refused.');
  try {
    const resolved = await resolveToken(token.trim(), wantedIn(fields), parts);
    if (resolved.is === 'refused') {
      parts.attempts.failed(ip);
      return oauthError('invalid_grant', resolved.words);
    }
    const waitForIssuer = parts.attempts.take(resolved.trust.issuer.id, EXCHANGES_PER_MINUTE);
    if (waitForIssuer > 0) return slowDown(waitForIssuer, 'The issuer of this token had too many exchanges in this minute.');
    return await answerSecret(resolved, ip, parts, more);
  } catch (error) {
    return unavailable(error);
  }
}

function wantedIn(fields: ReadonlyMap<string, string>): WantedOfToken {
  return {
    use: 'exchange',
    ruleId: fields.get('federation_rule_id') ?? null,
    organization: fields.get('organization_id') ?? null,
    serviceAccountId: fields.get('service_account_id') ?? null,
    teamId: fields.get('workspace_id') ?? null,
  };
}

async function answerSecret(
  token: ResolvedToken,
  ip: string,
  parts: ExchangeParts,
  more: Readonly<Record<string, string>>,
): Promise<GrantAnswer> {
  const { organization } = token.trust;
  let secret = '';
  const key = await keyOfRule(token, parts, { ip, requestId: null }, async (tx, keyId) => {
    secret = await addShortSecret(tx, { organizationId: organization.id, keyId }, parts);
  });
  if (key.is === 'refused') return oauthError('invalid_grant', key.words);
  return {
    status: 200,
    body: {
      ...{ access_token: secret, token_type: 'Bearer', expires_in: SECRET_SECONDS, ...more },
      ...{ key_id: key.keyId, organization_id: organization.id, team_id: token.rule.teamId },
    },
  };
}

/** An issuer or a database that does not answer says nothing about the token: 503, so that clients try again. */
function unavailable(error: unknown): GrantAnswer {
  const headers = ['retry-after', '5'];
  if (error instanceof KeysUnreachable) return oauthError('temporarily_unavailable', error.message, { headers });
  if (isStoreUnavailable(error))
    return oauthError(
      'temporarily_unavailable',
      'The token cannot be checked right now, because the database cannot be reached. Try again in a moment.',
      { headers },
    );
  throw error;
}
