/**
 * The only file that speaks to the library. It turns a code into an ID token, and the library checks state, `iss`, verifier,
 * nonce, audience, times and signature. What it found wrong is told in words elsewhere (id-token.ts), which checks again.
 */
import * as client from 'openid-client';
import { type BoundedFetch, type BoundedRequest, NotAnswered } from '../../lib/bounded-fetch.ts';
import { isLoopback } from '../loopback.ts';
import { ProviderUnreachable } from '../protocol-problems.ts';
import type { PublicJwk } from './jwks.ts';
import { clientAuthenticationOf, type OidcConfig, type OidcMetadata } from './oidc-config.ts';
import { listed, plain, quoted } from './quoted.ts';

/** The most that clocks may differ. */
export const SKEW_SECONDS = 60;
const TIMEOUT_SECONDS = 10;

export interface GrantDeps {
  readonly fetch: BoundedFetch;
  readonly nowMs: () => number;
}

export interface Parties {
  readonly config: OidcConfig;
  readonly metadata: OidcMetadata;
  readonly secret: string | null;
}

/** The token endpoint's answer, for as long as the checks take. Neither is stored or logged. */
export interface Captured {
  idToken: string | null;
  /** A failure that no answer can explain: the provider did not answer, or the fault is ours. It outranks what the library makes of it. */
  failure: Error | null;
}

export type GrantOutcome =
  | { readonly is: 'granted'; readonly claims: Readonly<Record<string, unknown>>; readonly accessToken: string }
  | { readonly is: 'refused'; readonly code: 'refused_by_provider' | 'wrong_answer'; readonly words: string };

export interface AnswerToCheck {
  readonly redirectUri: string;
  readonly incoming: URLSearchParams;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The library, configured for one exchange. */
export type Library = client.Configuration;

/** Returns what binds one sign-in to its browser: the nonce, and the verifier of PKCE with its challenge. */
export async function newBinding(): Promise<{ readonly nonce: string; readonly verifier: string; readonly challenge: string }> {
  const verifier = client.randomPKCECodeVerifier();
  return { nonce: client.randomNonce(), verifier, challenge: await client.calculatePKCECodeChallenge(verifier) };
}

/** Creates the library's configuration. `keysFor` returns the trusted keys when the library asks for them. */
export function libraryFor(
  { fetch, nowMs }: GrantDeps,
  { config, metadata, secret }: Parties,
  captured: Captured,
  keysFor: (idToken: string) => Promise<readonly PublicJwk[]>,
): Library {
  const how = clientAuthenticationOf(config, metadata, secret);
  const authentication =
    how === null || secret === null
      ? client.None()
      : how === 'client_secret_basic'
        ? client.ClientSecretBasic(secret)
        : client.ClientSecretPost(secret);
  const clock = {
    [client.clockTolerance]: SKEW_SECONDS,
    [client.clockSkew]: Math.round((nowMs() - Date.now()) / 1_000),
  };
  const library = new client.Configuration({ ...metadata }, config.client_id, clock, authentication);
  library.timeout = TIMEOUT_SECONDS;
  library[client.customFetch] = watchedFetch(fetch, metadata, captured, keysFor);
  if (isWithoutTls(metadata)) client.allowInsecureRequests(library);
  // Without this call the library checks no signature in the code flow: it trusts the connection alone.
  client.enableNonRepudiationChecks(library);
  return library;
}

/** Exchanges the code. Never throws for what a provider says; throws ProviderUnreachable if it does not answer. */
export async function grant(library: Library, captured: Captured, answer: AnswerToCheck): Promise<GrantOutcome> {
  const url = new URL(`${answer.redirectUri}?${answer.incoming}`);
  try {
    const tokens = await client.authorizationCodeGrant(library, url, {
      expectedState: answer.state,
      expectedNonce: answer.nonce,
      pkceCodeVerifier: answer.verifier,
      idTokenExpected: true,
    });
    return { is: 'granted', claims: { ...tokens.claims() }, accessToken: tokens.access_token };
  } catch (error) {
    if (captured.failure !== null) throw captured.failure;
    return refusalOf(error);
  }
}

/** Reads the userinfo endpoint. Returns words if the library refuses its answer. */
export async function userinfo(
  library: Library,
  captured: Captured,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Readonly<Record<string, unknown>> | { readonly problem: string }> {
  try {
    return { ...(await client.fetchUserInfo(library, accessToken, subject)) };
  } catch (error) {
    if (captured.failure instanceof ProviderUnreachable) return { problem: captured.failure.message };
    if (captured.failure !== null) throw captured.failure;
    return { problem: refusalOf(error).words };
  }
}

function refusalOf(error: unknown): Extract<GrantOutcome, { is: 'refused' }> {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError)
    return {
      is: 'refused',
      code: 'refused_by_provider',
      words: `The provider answered ${quoted(error.error)}${error.error_description === undefined ? '' : `: ${quoted(error.error_description)}`}.`,
    };
  if (error instanceof client.WWWAuthenticateChallengeError)
    return {
      is: 'refused',
      code: 'refused_by_provider',
      words: `The provider answered ${error.status} and asks for other credentials.`,
    };
  // The library's own messages are constant; what the provider sent is in their causes, which are not shown.
  const messages = messagesOf(error);
  return { is: 'refused', code: 'wrong_answer', words: `The provider’s answer was refused: ${listed(messages)}.` };
}

function messagesOf(error: unknown): readonly string[] {
  const found: string[] = [];
  // The message of a parser repeats a part of what it read, and that may be a part of a token.
  for (let one = error; one instanceof Error && !(one instanceof SyntaxError) && found.length < 3; one = one.cause)
    found.push(plain(one.message));
  return found.length === 0 ? ['it could not be read'] : found;
}

/** Returns the fetch of one exchange: it answers the library's question for keys, and notes what the token endpoint answered. */
function watchedFetch(
  fetch: BoundedFetch,
  metadata: OidcMetadata,
  captured: Captured,
  keysFor: (idToken: string) => Promise<readonly PublicJwk[]>,
): client.CustomFetch {
  return async (url, options) => {
    if (url === metadata.jwks_uri) {
      const keys = await keysFor(captured.idToken ?? '').catch((error: unknown) => fail(captured, error));
      return Response.json({ keys });
    }
    const answer = await fetch(url, requestOf(options)).catch((error: unknown) =>
      fail(captured, error instanceof NotAnswered ? `The provider ${error.message} (${plain(url)}).` : error),
    );
    if (answer.status >= 500 || answer.status === 429)
      return fail(captured, `The provider answered ${answer.status} (${plain(url)}).`);
    if (url === metadata.token_endpoint && answer.status === 200) captured.idToken = await idTokenIn(answer.clone());
    return answer;
  };
}

/** Notes a failure and throws it, so that the library ends. */
function fail(captured: Captured, reason: unknown): never {
  captured.failure = reason instanceof Error ? reason : new ProviderUnreachable(String(reason));
  throw captured.failure;
}

async function idTokenIn(answer: Response): Promise<string | null> {
  const body: unknown = await answer.json().catch(() => null);
  const token = typeof body === 'object' && body !== null ? (body as { readonly id_token?: unknown }).id_token : null;
  return typeof token === 'string' ? token : null;
}

function requestOf(options: client.CustomFetchOptions): BoundedRequest {
  const body = options.body;
  return {
    method: options.method === 'POST' ? 'POST' : 'GET',
    headers: options.headers,
    body: body === undefined || body === null ? null : String(body),
    signal: options.signal,
  };
}

function isWithoutTls(metadata: OidcMetadata): boolean {
  const called = [metadata.token_endpoint, metadata.jwks_uri, metadata.userinfo_endpoint ?? metadata.token_endpoint];
  return [...called, metadata.authorization_endpoint].some((url) => {
    const { protocol, hostname } = new URL(url);
    return protocol === 'http:' && isLoopback(hostname);
  });
}
