/**
 * OpenID Connect. One sign-in: `start` sends the browser to the provider with state, nonce and PKCE. `finish` exchanges the code
 * that it brings back, and checks the ID token twice: the library does (grant.ts), and we do in words (id-token.ts). A person is
 * in only if both agree. Nothing that a provider sends may throw, be stored, or be logged.
 */
import type { BoundedFetch } from '../../lib/bounded-fetch.ts';
import type { AnswerCheck, Protocol, ProtocolOutcome, ProviderToAsk } from '../protocol.ts';
import type { OidcProtocol } from '../protocols.ts';
import { readClaims, shownClaims } from './claims.ts';
import { type Discovered, type Discovery, openDiscovery } from './discovery.ts';
import {
  type Captured,
  type GrantDeps,
  type GrantOutcome,
  grant,
  type Library,
  libraryFor,
  newBinding,
  userinfo,
} from './grant.ts';
import {
  checkAudience,
  checkHeader,
  checkIssuer,
  checkNonce,
  checkSignature,
  checkSubject,
  checkTimes,
  no,
  type ReadToken,
  readToken,
  yes,
} from './id-token.ts';
import { type ClaimOnce, logoutReader, type ToldLogout } from './logout.ts';
import { logoutAddresses } from './logout-address.ts';
import { type CheckUrl, clientAuthenticationOf, parseOidcConfig } from './oidc-config.ts';
import { type KeyStore, openProviderKeys, type ProviderKeys } from './provider-keys.ts';
import { beginning, plain, quoted } from './quoted.ts';

export interface OidcDeps {
  /** The guarded fetch: it decides which addresses are called, and bounds every answer. */
  readonly fetch: BoundedFetch;
  readonly checkUrl: CheckUrl;
  readonly keys: KeyStore;
  readonly claimOnce: ClaimOnce;
  /** Without a slash at its end; null: not set, and then nobody can start. */
  readonly publicUrl: string | null;
  readonly nowMs: () => number;
}

export interface Oidc extends OidcProtocol {
  /**
   * Reads the form of a back-channel logout. Each token counts once. Throws only ProviderUnreachable: if the provider's keys are
   * needed and it does not answer. Then the provider should post again.
   */
  readLogout(provider: ProviderToAsk, form: URLSearchParams): Promise<ToldLogout>;
  logoutAddress(provider: ProviderToAsk): Promise<string | null>;
}

const INCOMING_LENGTH_MAX = 16 * 1024;
const LOGIN_HINT_LENGTH_MAX = 254;

/** Opens the protocol. Nothing is asked before the first call. */
export function openOidc(deps: OidcDeps): Oidc {
  const discovery = openDiscovery(deps);
  const keys = openProviderKeys({ fetch: deps.fetch, store: deps.keys, nowMs: deps.nowMs });
  return {
    readConfig: async (given, secret) => {
      const config = parseOidcConfig(given, deps.checkUrl);
      const metadata = await discovery.read(config.issuer);
      clientAuthenticationOf(config, metadata, secret);
      return { ...config, metadata };
    },
    start: (provider, asked) => start(deps, discovery, provider, asked),
    finish: (provider, keep, incoming) => finish(deps, discovery, keys, { provider, keep, incoming }),
    readLogout: logoutReader({ discovery, keys, claimOnce: deps.claimOnce, nowMs: deps.nowMs }),
    logoutAddress: logoutAddresses({ discovery, fetch: deps.fetch, checkUrl: deps.checkUrl, nowMs: deps.nowMs }),
  };
}

/** Returns the address that a provider sends browsers back to. Each provider has its own, so answers cannot be mixed up. */
export function redirectUriOf(publicUrl: string, providerId: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/api/v1/sso/${providerId}/callback`;
}

async function start(
  deps: OidcDeps,
  discovery: Discovery,
  provider: ProviderToAsk,
  asked: Parameters<Protocol['start']>[1],
): Promise<{ readonly location: string; readonly keep: Readonly<Record<string, string>> }> {
  const { config, metadata } = await discovery.of(provider);
  const { nonce, verifier, challenge } = await newBinding();
  const prompt = asked.isFresh ? 'login' : config.prompt;
  const hint = asked.loginHint !== null && asked.loginHint.length <= LOGIN_HINT_LENGTH_MAX ? asked.loginHint : null;
  const location = new URL(metadata.authorization_endpoint);
  const parameters = {
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: redirectUriOf(deps.publicUrl ?? '', provider.id),
    scope: config.scopes.join(' '),
    state: asked.state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(prompt === undefined ? {} : { prompt }),
    ...(asked.isFresh ? { max_age: '0' } : {}),
    ...(hint === null ? {} : { login_hint: hint }),
  };
  // An address may have a query of its own, but none that stands in place of ours.
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  const fresh = asked.isFresh ? { fresh_since: String(deps.nowMs()) } : {};
  return { location: location.href, keep: { state: asked.state, nonce, verifier, ...fresh } };
}

interface Answer {
  readonly provider: ProviderToAsk;
  readonly keep: Readonly<Record<string, string>>;
  readonly incoming: URLSearchParams;
}

/** The facts about one answer. `token` is null until the provider sent one that can be read. */
interface Examined {
  readonly checks: readonly AnswerCheck[];
  readonly token: ReadToken | null;
}

async function finish(deps: OidcDeps, discovery: Discovery, keys: ProviderKeys, answer: Answer): Promise<ProtocolOutcome> {
  const { provider, keep, incoming } = answer;
  const discovered = await discovery.of(provider);
  const before = [yes('discovery', discovered.words), checkAnswer(answer, discovered)];
  const wrong = before.find(({ ok }) => !ok);
  // Whoever clicks "Cancel" at the provider is not told of a wrong answer.
  const isDenied = incoming.get('error') === 'access_denied' && incoming.get('state') === keep.state;
  if (wrong !== undefined) return refused(isDenied ? 'access_denied' : 'wrong_answer', wrong.words, before, null);

  const captured: Captured = { idToken: null, failure: null };
  const since = keep.fresh_since === undefined ? null : Number(keep.fresh_since);
  const library = libraryFor(deps, { ...discovered, secret: provider.secret }, captured, async (idToken) =>
    (await keysOf(keys, discovered, provider, idToken)).map(({ jwk }) => jwk),
  );
  const granted = await grant(library, captured, {
    redirectUri: redirectUriOf(deps.publicUrl ?? '', provider.id),
    incoming,
    state: keep.state ?? '',
    nonce: keep.nonce ?? '',
    verifier: keep.verifier ?? '',
  });
  const examined = await examine(deps, keys, discovered, answer, captured, since);
  const checks = [...before, ...codeCheck(granted, captured), ...examined.checks];
  const verdict = verdictOf(granted, examined, checks);
  if (verdict !== null) return verdict;
  if (granted.is !== 'granted') throw new Error('a verdict is missing'); // verdictOf covers this.
  return assert(provider, { deps, discovered, library, captured, granted, checks });
}

/** Checks what the browser brought: state and, if the provider sends it, `iss` (RFC 9207). The library does too. */
function checkAnswer({ keep, incoming }: Answer, { metadata }: Discovered): AnswerCheck {
  if (`${incoming}`.length > INCOMING_LENGTH_MAX)
    return no('answer', `the answer has more than ${INCOMING_LENGTH_MAX} characters`);
  const twice = ['state', 'iss', 'code', 'error'].find((name) => incoming.getAll(name).length > 1);
  if (twice !== undefined) return no('answer', `the answer names ${twice} twice`);
  const [state, iss, error] = [incoming.get('state'), incoming.get('iss'), incoming.get('error')];
  if (keep.state === undefined || state !== keep.state)
    return no('answer', `the answer’s state is ${quoted(state ?? undefined)}, this sign-in’s begins ${beginning(keep.state)}`);
  if (iss !== null && iss !== metadata.issuer)
    return no('answer', `the answer comes from ${quoted(iss)}, asked was ${quoted(metadata.issuer)}`);
  if (iss === null && metadata.authorization_response_iss_parameter_supported === true)
    return no('answer', `the answer does not say who sent it (iss), and ${quoted(metadata.issuer)} always does`);
  if (error !== null) {
    const words = incoming.get('error_description');
    return no('answer', `the provider answered ${quoted(error)}${words === null ? '' : `: ${quoted(words)}`}`);
  }
  if (incoming.get('code') === null) return no('answer', 'the answer has no code');
  return yes('answer', 'state and issuer are those of this sign-in');
}

function codeCheck(granted: GrantOutcome, captured: Captured): readonly AnswerCheck[] {
  if (captured.idToken !== null || granted.is === 'granted') return [yes('code', 'the provider gave an ID token for the code')];
  return [no('code', granted.words)];
}

/** Checks the ID token in words, whatever the library found. */
async function examine(
  deps: OidcDeps,
  keys: ProviderKeys,
  discovered: Discovered,
  { provider, keep }: Answer,
  captured: Captured,
  since: number | null,
): Promise<Examined> {
  if (captured.idToken === null) return { checks: [], token: null };
  const token = readToken(captured.idToken);
  if ('problem' in token) return { checks: [no('token', token.problem)], token: null };
  const { config } = discovered;
  const trusted = await keysOf(keys, discovered, provider, captured.idToken);
  const checks = [
    checkHeader(token, ['jwt']),
    await checkSignature(captured.idToken, token, trusted),
    checkIssuer(token, config.issuer),
    checkAudience(token, config.client_id),
    checkNonce(token, keep.nonce ?? ''),
    checkTimes(token, deps.nowMs(), since),
    checkSubject(token),
  ];
  return { checks, token };
}

/** Returns the trusted keys for a token. If they do not verify it, the provider is asked once more: it may have others by now. */
async function keysOf(keys: ProviderKeys, { metadata }: Discovered, provider: ProviderToAsk, idToken: string) {
  const token = readToken(idToken);
  const kid = 'problem' in token || typeof token.header.kid !== 'string' ? undefined : token.header.kid;
  const address = { organizationId: provider.organizationId, providerId: provider.id };
  const wanted = { address, jwksUri: metadata.jwks_uri, kid, by: 'sign_in' } as const;
  const found = await keys.find(wanted);
  if ('problem' in token || !found.keys.some((key) => kid === undefined || key.kid === kid)) return found.keys;
  const isSigned = (await checkSignature(idToken, token, found.keys)).ok;
  return isSigned ? found.keys : (await keys.find({ ...wanted, isWrong: true })).keys;
}

/** Returns the refusal, or null if both the library and our checks agree that the answer is right. */
function verdictOf(granted: GrantOutcome, { token }: Examined, checks: readonly AnswerCheck[]): ProtocolOutcome | null {
  const claims = token === null ? null : shownClaims(token.claims);
  const wrong = checks.find(({ ok }) => !ok);
  if (wrong !== undefined) return refused(`wrong_${wrong.name}`, wrong.words, checks, claims);
  return granted.is === 'granted' ? null : refused(granted.code, granted.words, checks, claims);
}

function refused(
  code: string,
  words: string,
  checks: readonly AnswerCheck[],
  claims: Readonly<Record<string, unknown>> | null,
): ProtocolOutcome {
  return { is: 'refused', code, words: sentence(words), checks, claims };
}

function sentence(words: string): string {
  const begun = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return begun.endsWith('.') ? begun : `${begun}.`;
}

interface Granted {
  readonly deps: GrantDeps;
  readonly discovered: Discovered;
  readonly library: Library;
  readonly captured: Captured;
  readonly granted: Extract<GrantOutcome, { is: 'granted' }>;
  readonly checks: readonly AnswerCheck[];
}

/** Reads the person out of the checked claims. The userinfo endpoint is asked only for an e-mail address that the token lacks. */
async function assert(provider: ProviderToAsk, of: Granted): Promise<ProtocolOutcome> {
  const { config, metadata } = of.discovered;
  let { claims } = of.granted;
  let checks = of.checks;
  const isLacking = claims.email === undefined && config.scopes.includes('email');
  if (isLacking && metadata.userinfo_endpoint !== undefined) {
    const subject = claims.sub as string;
    const more = await userinfo(of.library, of.captured, { accessToken: of.granted.accessToken, subject });
    if ('problem' in more) checks = [...checks, no('userinfo', plain(String(more.problem)))];
    else {
      claims = { ...more, ...claims };
      checks = [...checks, yes('userinfo', `asked at ${plain(metadata.userinfo_endpoint)}, because the ID token has no e-mail`)];
    }
  }
  const read = readClaims(provider, claims, of.deps.nowMs());
  const all = [...checks, ...read.checks];
  if (read.problem !== null) return refused('wrong_claim', read.problem, all, read.assertion.claims);
  return { is: 'asserted', assertion: read.assertion, checks: all };
}
