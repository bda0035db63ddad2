/** Proves a token: its times, its algorithm and type, and its signature by a key of the trusted issuer. */
import { compactVerify } from 'jose';
import type { Claims, TrustedIssuer } from '../../domain/identity/trust.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { keyOf } from './key-set.ts';
import type { ReadToken, TokenRefusal } from './read-token.ts';

/** A token that its issuer signed for the organization, and that is valid now. */
export interface TrustedToken {
  readonly is: 'trusted';
  readonly claims: Claims;
  readonly expiresAtMs: number;
}

/** The time by which the clock of an issuer may be ahead of ours. */
const CLOCK_SKEW_SECONDS = 30;

/**
 * Verifies a token against the issuer that its organization trusts. Cheap checks come first. Throws KeysUnreachable if nobody can
 * tell now.
 */
export async function verifyToken(
  token: ReadToken,
  issuer: TrustedIssuer,
  { keys, clock }: { readonly keys: IssuerKeys; readonly clock: Clock },
): Promise<TrustedToken | TokenRefusal> {
  const refused = problemOfHead(token, issuer) ?? problemOfTimes(token.claims, issuer, clock.nowMs() / 1_000);
  if (refused !== null) return refused;
  const found = await keys.find(issuer, token.algorithm, token.keyId);
  const [jwk, second] = found;
  if (jwk === undefined) return refusal('key', unknownKey(token, issuer));
  if (second !== undefined)
    return refusal('key', 'Several keys of the issuer may have signed the token. It must name one by its header kid.');
  try {
    await compactVerify(token.token, await keyOf(jwk, token.algorithm), { algorithms: [token.algorithm] });
  } catch {
    return refusal('signature', `The signature of the token is not by the key ${shownKey(token.keyId)} of its issuer.`);
  }
  return { is: 'trusted', claims: token.claims, expiresAtMs: (token.claims.exp as number) * 1_000 };
}

function problemOfHead(token: ReadToken, issuer: TrustedIssuer): TokenRefusal | null {
  if (token.issuer !== issuer.issuer) return refusal('issuer', 'The token is from another issuer.');
  if (!issuer.algorithms.includes(token.algorithm))
    return refusal(
      'algorithm',
      `The token is signed with ${token.algorithm}. The issuer may use ${issuer.algorithms.join(', ')}.`,
    );
  return issuer.tokenTypes.includes(token.type)
    ? null
    : refusal('type', `The token has the type ${shownText(token.type)}. The issuer may use ${issuer.tokenTypes.join(', ')}.`);
}

function problemOfTimes({ exp, nbf, iat }: Claims, { lifeSecondsMax }: TrustedIssuer, now: number): TokenRefusal | null {
  const latest = now + CLOCK_SKEW_SECONDS;
  if (!isTime(exp)) return refusal('time', 'The token has no claim exp, or it is not a number. Tokens must expire.');
  if (exp <= now) return refusal('time', `The token expired at ${shownTime(exp)}.`);
  if (nbf !== undefined && !isTime(nbf)) return refusal('time', 'The claim nbf of the token is not a number.');
  if (nbf !== undefined && nbf > latest) return refusal('time', `The token is valid only from ${shownTime(nbf)} on.`);
  if (iat !== undefined && !isTime(iat)) return refusal('time', 'The claim iat of the token is not a number.');
  if (iat !== undefined && iat > latest) return refusal('time', `The token says that it was issued later, at ${shownTime(iat)}.`);
  const life = Math.max(iat === undefined ? 0 : exp - iat, exp - latest);
  if (life <= lifeSecondsMax) return null;
  return refusal(
    'time',
    `The token lives for ${Math.ceil(life)} s. The issuer may issue tokens for at most ${lifeSecondsMax} s.`,
  );
}

/** The last second that a Date can show. */
const TIME_MAX = 8_640_000_000_000;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= TIME_MAX;
}

function shownTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function unknownKey({ keyId, algorithm }: ReadToken, { name }: TrustedIssuer): string {
  return keyId === null
    ? `The issuer ${name} has no key for ${algorithm}, and the token names none.`
    : `The issuer ${name} has no key ${shownKey(keyId)} for ${algorithm}.`;
}

function shownKey(keyId: string | null): string {
  return keyId === null ? 'without a name' : shownText(keyId);
}

function shownText(text: string): string {
  return text.slice(0, 60).replaceAll(/[^\x21-\x7e]/g, '?');
}

function refusal(code: TokenRefusal['code'], words: string): TokenRefusal {
  return { is: 'refused', code, words };
}
