/** Answers that a sign-in must refuse. Each refusal names both sides, and nothing throws. */
import type { JWK } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Captured, grant, libraryFor } from '../../src/identity/oidc/grant.ts';
import type { Oidc } from '../../src/identity/oidc/oidc.ts';
import { parseMetadata } from '../../src/identity/oidc/oidc-config.ts';
import type { ProtocolOutcome, ProviderToAsk } from '../../src/identity/protocol.ts';
import { withDatabase } from '../support/database.ts';
import {
  type Claims,
  honestClaims,
  hostileAnswers,
  seconds,
  signed,
  signedByStranger,
  tokens,
} from '../support/hostile-answers.ts';
import { type Answered, documentOf, type HostileIssuer, publicOf, startHostileIssuer } from '../support/hostile-issuer.ts';
import { CLIENT_ID, oidcOver, SECRET, started, storedProvider } from './oidc-site.ts';

const given = withDatabase();
let issuer: HostileIssuer;
let oidc: Oidc;
let provider: ProviderToAsk;

beforeAll(async () => {
  issuer = await startHostileIssuer();
  oidc = oidcOver(given().db);
  provider = await storedProvider(given().db, await oidc.readConfig({ issuer: issuer.issuer, client_id: CLIENT_ID }, SECRET));
});
afterAll(() => issuer?.close());
const usual = { jwks: () => ({ body: { keys: [publicOf(issuer.keys.get('first') as JWK)] } }) };
beforeEach(() => {
  Object.assign(issuer.answers, usual, { userinfo: () => ({ status: 401, body: {} }) });
});

/** What an honest token says. */
const honest = (nonce: string) => honestClaims(issuer.issuer, nonce);

const first = () => issuer.keys.get('first') as JWK;
/** Signs in once. `make` gets the honest claims and returns the token endpoint's answer. */
async function answered(make: (claims: Claims) => Promise<Answered | string>, incoming: (state: string) => object = () => ({})) {
  const { keep } = await started(oidc, provider);
  issuer.answers.token = async () => {
    const made = await make(honest(keep.nonce as string));
    return typeof made === 'string' ? tokens(made) : made;
  };
  const query = { code: 'c1', state: keep.state as string, ...incoming(keep.state as string) };
  return oidc.finish(provider, keep, new URLSearchParams(Object.entries(query)));
}

const at = () => issuer;

test('an honest answer passes', async () => {
  const outcome = await answered(signed(at, (claims) => claims));
  expect(outcome.is === 'refused' ? outcome.words : outcome.assertion.email).toBe('ada@acme.example');
});

test.each(hostileAnswers(at))('%s is refused, with words that name both sides', async (_what, make, code, words) => {
  const outcome = await answered(make);
  expectRefused(outcome, code, words);
});

/** What the browser brings, which anybody can write. */
const QUERIES: readonly (readonly [string, (state: string) => object, string, readonly string[]])[] = [
  ['another state', () => ({ state: 'other' }), 'wrong_answer', ['"other"', 'this sign-in’s begins "state-']],
  [
    'another provider’s answer',
    () => ({ iss: 'https://evil.example' }),
    'wrong_answer',
    ['"https://evil.example"', 'http://127.0.0.1'],
  ],
  [
    'an error',
    () => ({ error: 'access_denied', error_description: 'Not assigned\u0007' }),
    'access_denied',
    ['"access_denied"', 'Not assigned'],
  ],
  ['no code', () => ({ code: '' }), 'wrong_code', ['code']],
  ['an answer without end', () => ({ filler: 'x'.repeat(20_000) }), 'wrong_answer', ['16384']],
  ['an ID token in the address', () => ({ id_token: 'a.b.c' }), 'wrong_code', ['implicit']],
];

test.each(QUERIES)('%s from the browser is refused, with words', async (_what, query, code, words) => {
  const outcome = await answered(
    signed(at, (claims) => claims),
    query,
  );
  expectRefused(outcome, code, words);
});

test('a parameter that comes twice is refused', async () => {
  const { keep } = await started(oidc, provider);
  const twice = new URLSearchParams([
    ['code', 'a'],
    ['code', 'b'],
    ['state', keep.state as string],
  ]);
  expectRefused(await oidc.finish(provider, keep, twice), 'wrong_answer', ['code twice']);
});

function expectRefused(outcome: ProtocolOutcome, code: string, words: readonly string[]): void {
  if (outcome.is !== 'refused') throw new Error('it was accepted');
  expect([outcome.code, outcome.words]).toEqual([code, expect.any(String)]);
  for (const one of words) expect(outcome.words).toContain(one);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the test.
  expect(JSON.stringify(outcome)).not.toMatch(/\\u0000|\\r|\u202e|[\x00-\x1f]/);
  expect(outcome.words.length).toBeLessThan(600);
  expect(outcome.checks.some(({ ok, words: said }) => !ok && said.length > 0)).toBe(true);
  expect(JSON.stringify(outcome)).not.toContain(SECRET);
}

// The promise of the call itself: the same forged answer passes the library without it.
test('the library alone checks a signature only because it is told to', async () => {
  const { keep } = await started(oidc, provider);
  issuer.answers.token = async () => tokens(await signedByStranger(honest(keep.nonce as string), 'first'));
  const metadata = parseMetadata(documentOf(issuer.issuer), issuer.issuer, () => null);
  const config = { issuer: issuer.issuer, client_id: CLIENT_ID, scopes: ['openid'] };
  const captured: Captured = { idToken: null, failure: null };
  const fetched = {
    fetch: (url: string, request: RequestInit) => fetch(url, { ...request, redirect: 'manual' }),
    nowMs: Date.now,
  };
  const keys = async () => [{ kty: 'RSA', kid: 'first', alg: 'RS256', n: first().n as string, e: first().e as string }];
  const answer = {
    redirectUri: 'https://gateway.example/callback',
    incoming: new URLSearchParams({ code: 'c1', state: keep.state as string }),
    state: keep.state as string,
    nonce: keep.nonce as string,
    verifier: keep.verifier as string,
    maxAgeSeconds: null,
  };
  const ours = libraryFor(fetched as never, { config, metadata, secret: SECRET }, captured, keys);
  expect(await grant(ours, captured, answer)).toMatchObject({
    is: 'refused',
    words: expect.stringContaining('signature verification failed'),
  });

  const bare = new client.Configuration({ ...metadata }, CLIENT_ID, undefined, client.ClientSecretBasic(SECRET));
  client.allowInsecureRequests(bare);
  expect(await grant(bare, captured, answer)).toMatchObject({ is: 'granted', claims: { sub: 'ada' } });
});

test('claims that are odd, but harm nobody, are left out with words', async () => {
  const outcome = await answered(
    signed(at, (claims) => ({
      ...claims,
      email: 'not an address',
      name: 'A\u202eda',
      groups: Array.from({ length: 1_001 }, (_, at) => `g${at}`),
      amr: [7, { mfa: true }],
      odd: { deep: { deeper: { deepest: { and: { on: { and: 'on' } } } } } },
      ...Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`claim${at}`, 'x'.repeat(20)])),
    })),
  );
  if (outcome.is !== 'asserted') throw new Error(outcome.words);
  const { assertion, checks } = outcome;
  expect(assertion).toMatchObject({ email: null, name: null, groups: null, groupsTruncated: true, secondFactor: false });
  expect(Object.keys(assertion.claims).length).toBeLessThanOrEqual(200);
  expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['email', 'groups', 'second_factor']);
});

test.each([
  [
    'Entra names where groups are',
    { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } },
  ],
  ['Entra says that there are groups', { hasgroups: true }],
  ['Okta cuts its list', { groups: Array.from({ length: 100 }, (_, at) => `g${at}`) }],
])('%s: the groups are unknown, not none', async (_what, more) => {
  const outcome = await answered(signed(at, (claims) => ({ ...claims, ...more })));
  expect(outcome.is === 'asserted' && [outcome.assertion.groups, outcome.assertion.groupsTruncated]).toEqual([null, true]);
});

test('without an e-mail claim the words list what is there', async () => {
  const outcome = await answered(signed(at, ({ email: _, ...claims }) => ({ ...claims, upn: 'ada@acme.example' })));
  const words = outcome.checks.find(({ name }) => name === 'email')?.words;
  expect(words).toBe('no e-mail claim; present: iss, aud, sub, nonce, iat, exp, upn');
});

test('the userinfo of another person is not believed', async () => {
  issuer.answers.userinfo = () => ({ body: { sub: 'eve', email: 'eve@evil.example' } });
  const outcome = await answered(signed(at, ({ email: _, ...claims }) => claims));
  expect(outcome).toMatchObject({ is: 'asserted', assertion: { subject: 'ada', email: null } });
  expect(outcome.checks.find(({ name }) => name === 'userinfo')).toMatchObject({ ok: false });
});

test.each([
  ['false', { email_verified: false }],
  ['"false"', { email_verified: 'false' }],
  ['Entra’s xms_edov', { xms_edov: '0' }],
])('an address that was not verified is told: %s', async (_what, more) => {
  const outcome = await answered(signed(at, (claims) => ({ ...claims, ...more })));
  expect(outcome).toMatchObject({ is: 'asserted', assertion: { email: 'ada@acme.example', emailVerified: false } });
});

test('a fresh sign-in that the provider did not ask for is refused', async () => {
  const { keep } = await started(oidc, provider, { isFresh: true });
  const finish = async (change: Claims) => {
    issuer.answers.token = async () =>
      tokens(await issuer.sign({ ...honest(keep.nonce as string), ...change }, { key: first() }));
    return oidc.finish(provider, keep, new URLSearchParams({ code: 'c1', state: keep.state as string }));
  };
  expectRefused(await finish({ auth_time: seconds() - 3_600 }), 'wrong_time', ['fresh sign-in was asked for', 'signed in at']);
  expect(await finish({ auth_time: seconds() })).toMatchObject({
    is: 'asserted',
    assertion: { authenticatedAtMs: expect.any(Number) },
  });
  // A provider that does not say when: `iat` is the time of the token alone.
  expect(await finish({})).toMatchObject({ is: 'asserted', assertion: { authenticatedAtMs: null } });
});
