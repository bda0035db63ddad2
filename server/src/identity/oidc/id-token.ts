/**
 * Checks an ID token and says in words what is right and wrong with it, naming both sides. The library has checked it too
 * (grant.ts); a sign-in needs both. Nothing here throws.
 */
import { compactVerify, decodeProtectedHeader, importJWK, type JWK, type ProtectedHeaderParameters } from 'jose';
import type { AnswerCheck } from '../protocol.ts';
import { SKEW_SECONDS } from './grant.ts';
import { candidatesOf, type TrustedKey } from './jwks.ts';
import { ALGORITHMS } from './oidc-config.ts';
import { beginning, isDeceptive, listed, plain, quoted, timeOf } from './quoted.ts';

const TOKEN_LENGTH_MAX = 64 * 1024;
const SUBJECT_LENGTH_MAX = 255;
/** Header fields that name or bring a key, or change what is signed. A key comes from the provider's own address alone. */
const FOREIGN_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'];

export interface ReadToken {
  readonly header: ProtectedHeaderParameters;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Reads a token without believing it. Returns words if it is no signed token. */
export function readToken(token: string): ReadToken | { readonly problem: string } {
  if (token.length > TOKEN_LENGTH_MAX)
    return { problem: `the token has ${token.length} characters; at most ${TOKEN_LENGTH_MAX} are read` };
  const parts = token.split('.');
  if (parts.length === 5) return { problem: 'the token is encrypted; Headgate reads signed tokens' };
  if (parts.length !== 3) return { problem: `the token has ${parts.length} parts; a signed token has 3` };
  try {
    const header = decodeProtectedHeader(token);
    const claims: unknown = JSON.parse(Buffer.from(parts[1] as string, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
      return { problem: 'the token has no object of claims' };
    return { header, claims: claims as Readonly<Record<string, unknown>> };
  } catch {
    return { problem: 'the token’s header or claims are no JSON' };
  }
}

/** Checks which algorithm and which fields the header has. `types`: the values of `typ` that are accepted. */
export function checkHeader({ header }: ReadToken, types: readonly string[]): AnswerCheck {
  const alg: unknown = header.alg;
  if (typeof alg !== 'string' || !(ALGORITHMS as readonly string[]).includes(alg))
    return no('algorithm', `the token is signed with ${quoted(alg)}; accepted are ${listed(ALGORITHMS)}`);
  const foreign = FOREIGN_HEADERS.filter((name) => Object.hasOwn(header, name));
  if (foreign.length > 0)
    return no('algorithm', `the token’s header has ${listed(foreign)}; keys come from the provider’s own jwks_uri alone`);
  const typ: unknown = header.typ;
  const plainType = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  if (typ !== undefined && !(typeof plainType === 'string' && types.includes(plainType)))
    return no('algorithm', `the token is of the type ${quoted(typ)}; expected is ${types.join(' or ')}`);
  return yes('algorithm', alg);
}

/** Checks the signature with the trusted keys. */
export async function checkSignature(token: string, { header }: ReadToken, keys: readonly TrustedKey[]): Promise<AnswerCheck> {
  const { alg } = header;
  const kid: unknown = header.kid;
  const trusted = `trusted are ${listed(keys.map(({ id, jwk }) => (jwk.alg === undefined ? id : `${id} (${jwk.alg})`)))}`;
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string'))
    return no('signature', `signed by kid ${quoted(kid)}; ${trusted}`);
  const by = kid === undefined ? 'a key without kid' : `kid ${plain(kid)}`;
  const candidates = candidatesOf(keys, alg, kid);
  const [key] = candidates;
  if (key === undefined) return no('signature', `signed by ${by} with ${alg}; ${trusted}`);
  if (candidates.length > 1)
    return no('signature', `signed by ${by}; ${trusted}, and the token does not say which of them it means`);
  try {
    await compactVerify(token, await importJWK(key.jwk as JWK, alg), { algorithms: [alg] });
    return yes('signature', `signed by ${by} with ${alg}`);
  } catch {
    return no('signature', `the token names ${by}, but that key did not sign it; ${trusted}`);
  }
}

export function checkIssuer({ claims }: ReadToken, issuer: string): AnswerCheck {
  const words = `issued by ${quoted(claims.iss)}, configured is ${quoted(issuer)}`;
  return claims.iss === issuer ? yes('issuer', quoted(issuer)) : no('issuer', words);
}

/** Checks that the token is for this client: `aud` names it, and `azp`, if there is one, names nobody else. */
export function checkAudience({ claims }: ReadToken, clientId: string): AnswerCheck {
  const { aud, azp } = claims;
  const named = Array.isArray(aud) ? aud : [aud];
  if (named.length > 100 || !named.includes(clientId))
    return no('audience', `issued for ${quoted(aud)}, configured is the client ${quoted(clientId)}`);
  if (azp !== undefined && azp !== clientId)
    return no('audience', `the authorized party (azp) is ${quoted(azp)}, configured is the client ${quoted(clientId)}`);
  if (named.length > 1 && azp === undefined)
    return no(
      'audience',
      `issued for ${quoted(aud)} without azp; it must say which of them may use it, and that must be ${quoted(clientId)}`,
    );
  return yes('audience', quoted(clientId));
}

export function checkNonce({ claims }: ReadToken, nonce: string): AnswerCheck {
  if (claims.nonce === nonce) return yes('nonce', 'the token belongs to this sign-in');
  return no('nonce', `the token’s nonce is ${quoted(claims.nonce)}, this sign-in’s begins ${beginning(nonce)}`);
}

/** Checks `exp`, `nbf`, `iat`, and `auth_time`, if there is one and the person had to sign in again. */
export function checkTimes({ claims }: ReadToken, nowMs: number, signedInAfterMs: number | null): AnswerCheck {
  const now = nowMs / 1_000;
  const here = `here it is ${timeOf(Math.floor(now))}`;
  const { exp, nbf, iat, auth_time: at } = claims;
  if (!isTime(exp)) return no('time', `the token’s exp is ${quoted(exp)}; a time in seconds is expected`);
  if (exp <= now - SKEW_SECONDS) return no('time', `the token expired at ${timeOf(exp)}; ${here}`);
  if (!isTime(iat)) return no('time', `the token’s iat is ${quoted(iat)}; a time in seconds is expected`);
  if (iat > now + SKEW_SECONDS) return no('time', `the token was issued at ${timeOf(iat)}, which is in the future; ${here}`);
  if (nbf !== undefined && !(isTime(nbf) && nbf <= now + SKEW_SECONDS))
    return no('time', `the token is not valid before ${timeOf(nbf)}; ${here}`);
  if (at !== undefined && !isTime(at)) return no('time', `the token’s auth_time is ${quoted(at)}; a time in seconds is expected`);
  if (signedInAfterMs !== null) {
    const after = signedInAfterMs / 1_000;
    // Google does not say. What needs to know refuses that itself.
    if (!isTime(at)) return yes('time', `a fresh sign-in was asked for, and the token has no auth_time that says when it was`);
    if (at < after - SKEW_SECONDS)
      return no('time', `a fresh sign-in was asked for at ${timeOf(Math.floor(after))}; the person signed in at ${timeOf(at)}`);
  }
  return yes('time', `issued at ${timeOf(iat)}, valid until ${timeOf(exp)}`);
}

/** Checks that `sub` can be compared exactly: a text of bounded length that looks like what it is. */
export function checkSubject({ claims }: ReadToken): AnswerCheck {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') return no('subject', `sub is ${quoted(sub)}; a text is expected`);
  if (sub.length > SUBJECT_LENGTH_MAX)
    return no('subject', `sub has ${sub.length} characters; at most ${SUBJECT_LENGTH_MAX} are accepted`);
  if (isDeceptive(sub)) return no('subject', `sub ${quoted(sub)} has control characters; none are accepted`);
  return yes('subject', quoted(sub));
}

export function yes(name: string, words: string): AnswerCheck {
  return { name, ok: true, words };
}

export function no(name: string, words: string): AnswerCheck {
  return { name, ok: false, words };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < 8.64e12;
}
