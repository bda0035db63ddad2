/** Logout tokens of OpenID Connect Back-Channel Logout 1.0. Anybody can post one, so cheap checks come first. */
import { hash } from 'node:crypto';
import type { AnswerCheck, ProviderToAsk } from '../protocol.ts';
import type { Discovery } from './discovery.ts';
import { SKEW_SECONDS } from './grant.ts';
import { checkAudience, checkHeader, checkIssuer, checkSignature, no, type ReadToken, readToken, yes } from './id-token.ts';
import type { ProviderKeys } from './provider-keys.ts';
import { isDeceptive, quoted, timeOf } from './quoted.ts';

/** Claims a name once; resolves with false if it was claimed before. */
export type ClaimOnce = (name: string, forMs: number) => Promise<boolean>;

/** Whom to sign out: one session at the provider (`sid`), or all of a person (`subject`). At least one is named. */
export type ToldLogout =
  | { readonly is: 'signed_out'; readonly sid: string | null; readonly subject: string | null; readonly jti: string }
  | { readonly is: 'refused'; readonly code: string; readonly words: string };

export interface LogoutDeps {
  readonly discovery: Discovery;
  readonly keys: ProviderKeys;
  readonly claimOnce: ClaimOnce;
  readonly nowMs: () => number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const TOKEN_LENGTH_MAX = 16 * 1024;
const AGE_SECONDS_MAX = 300;
const TEXT_LENGTH_MAX = 255;

/** Returns the reader of posted logouts. */
export function logoutReader(deps: LogoutDeps) {
  return async (provider: ProviderToAsk, form: URLSearchParams): Promise<ToldLogout> => {
    const [posted, ...more] = form.getAll('logout_token');
    if (posted === undefined || more.length > 0)
      return refused(no('token', `the form has ${posted === undefined ? 'no' : 'several'} logout_token; one is expected`));
    if (posted.length > TOKEN_LENGTH_MAX)
      return refused(no('token', `the token has ${posted.length} characters; at most ${TOKEN_LENGTH_MAX} are read`));
    const token = readToken(posted);
    if ('problem' in token) return refused(no('token', token.problem));
    const { config, metadata } = await deps.discovery.of(provider);
    const cheap = [
      checkHeader(token, ['logout+jwt', 'jwt']),
      checkIssuer(token, config.issuer),
      checkAudience(token, config.client_id),
      checkAge(token, deps.nowMs()),
      checkEvent(token),
    ].find(({ ok }) => !ok);
    if (cheap !== undefined) return refused(cheap);
    const kid = typeof token.header.kid === 'string' ? token.header.kid : undefined;
    const address = { organizationId: provider.organizationId, providerId: provider.id };
    const { keys } = await deps.keys.find({ address, jwksUri: metadata.jwks_uri, kid, by: 'logout' });
    const signature = await checkSignature(posted, token, keys);
    if (!signature.ok) return refused(signature);
    return once(deps, provider, token);
  };
}

function checkAge({ claims }: ReadToken, nowMs: number): AnswerCheck {
  const now = nowMs / 1_000;
  const { iat, exp } = claims;
  const here = `here it is ${timeOf(Math.floor(now))}`;
  if (typeof iat !== 'number' || iat > now + SKEW_SECONDS || iat < now - AGE_SECONDS_MAX - SKEW_SECONDS)
    return no('time', `the token was issued at ${timeOf(iat)}; at most ${AGE_SECONDS_MAX} s ago are accepted, and ${here}`);
  if (exp !== undefined && !(typeof exp === 'number' && exp > now - SKEW_SECONDS))
    return no('time', `the token expired at ${timeOf(exp)}; ${here}`);
  return yes('time', timeOf(iat));
}

function checkEvent({ claims }: ReadToken): AnswerCheck {
  const { events, nonce, sub, sid, jti } = claims;
  const event: unknown = typeof events === 'object' && events !== null ? (events as Record<string, unknown>)[EVENT] : undefined;
  if (typeof event !== 'object' || event === null)
    return no('events', `the token’s events are ${quoted(events)}; expected is ${EVENT}`);
  // An ID token has a nonce. With this check none of them passes as a logout token.
  if (nonce !== undefined) return no('nonce', `the token has the nonce ${quoted(nonce)}; a logout token has none`);
  if (!isPlainText(jti))
    return no('jti', `the token’s jti is ${quoted(jti)}; a text of 1 to ${TEXT_LENGTH_MAX} characters is expected`);
  if (sub === undefined && sid === undefined) return no('subject', 'the token has neither sub nor sid, so it names nobody');
  const wrong = [sub, sid].find((one) => one !== undefined && !isPlainText(one));
  if (wrong !== undefined)
    return no('subject', `the token names ${quoted(wrong)}; a text of 1 to ${TEXT_LENGTH_MAX} characters is expected`);
  return yes('events', EVENT);
}

async function once({ claimOnce }: LogoutDeps, provider: ProviderToAsk, { claims }: ReadToken): Promise<ToldLogout> {
  const jti = claims.jti as string;
  const name = `sso-logout:${provider.id}:${hash('sha256', jti)}`;
  // Afterwards the token is too old.
  if (!(await claimOnce(name, (AGE_SECONDS_MAX + 2 * SKEW_SECONDS) * 1_000)))
    return refused(no('jti', `the token ${quoted(jti)} was used before; each counts once`));
  const [sid, subject] = [claims.sid, claims.sub].map((one) => (one as string | undefined) ?? null);
  return { is: 'signed_out', sid: sid ?? null, subject: subject ?? null, jti };
}

function refused({ name, words }: AnswerCheck): ToldLogout {
  return { is: 'refused', code: `wrong_${name}`, words: `${words.charAt(0).toUpperCase()}${words.slice(1)}.` };
}

function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH_MAX && !isDeceptive(value);
}
