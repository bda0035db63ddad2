/** Errors of the OAuth endpoints, in the form of RFC 6749, 5.2. */
import type { GrantAnswer } from './grant.ts';

/** The error codes of RFC 6749 (5.2) and RFC 8628 (3.5), with their HTTP status here. */
const STATUSES = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  server_error: 500,
  temporarily_unavailable: 503,
} as const;
export type OAuthErrorCode = keyof typeof STATUSES;

/** Returns an error answer. `description` is one sentence for a person. `status` replaces the usual one. */
export function oauthError(
  error: OAuthErrorCode,
  description: string,
  more: { readonly status?: number; readonly headers?: readonly string[] } = {},
): GrantAnswer {
  const body = { error, error_description: description };
  return { status: more.status ?? STATUSES[error], body, ...(more.headers === undefined ? {} : { headers: more.headers }) };
}

/** Returns the answer to an address, login or issuer that asks too often. `why` is a sentence for a person. */
export function slowDown(seconds: number, why: string): GrantAnswer {
  const headers = ['retry-after', String(seconds)];
  return oauthError('slow_down', `${why} Try again in ${seconds} s.`, { status: 429, headers });
}

/** Returns the answer to an address that sent too many wrong codes or tokens. */
export function tooManyGuesses(waitMs: number): GrantAnswer {
  return slowDown(Math.max(1, Math.ceil(waitMs / 1_000)), 'Too many wrong codes or tokens came from your address.');
}
