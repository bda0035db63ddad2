import type { JWK } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Oidc } from '../../src/identity/oidc/oidc.ts';
import type { ProviderToAsk } from '../../src/identity/protocol.ts';
import { ConfigProblem, ProviderUnreachable } from '../../src/identity/protocol-problems.ts';
import { setKeyState } from '../../src/store/identity/identity-providers.ts';
import { withDatabase } from '../support/database.ts';
import { documentOf, type HostileIssuer, publicOf, startHostileIssuer } from '../support/hostile-issuer.ts';
import { asserted, CLIENT_ID, oidcOver, SECRET, started, storedProvider } from './oidc-site.ts';

const given = withDatabase();
const HOUR_MS = 3_600_000;
let issuer: HostileIssuer;
let passedMs = 0;
const nowMs = () => Date.now() + passedMs;

beforeEach(async () => {
  passedMs = 0;
  issuer = await startHostileIssuer();
});
afterEach(() => issuer.close());

async function connected(): Promise<{ oidc: Oidc; provider: ProviderToAsk }> {
  const oidc = oidcOver(given().db, { nowMs });
  const config = await oidc.readConfig({ issuer: issuer.issuer, client_id: CLIENT_ID }, SECRET);
  return { oidc, provider: await storedProvider(given().db, config) };
}

/** Signs in with a token that the key of this `kid` signs. */
async function signIn(oidc: Oidc, provider: ProviderToAsk, kid: string) {
  const { keep } = await started(oidc, provider);
  const iat = Math.floor(nowMs() / 1_000);
  const claims = {
    iss: issuer.issuer,
    aud: CLIENT_ID,
    sub: 'ada',
    nonce: keep.nonce,
    iat,
    exp: iat + 300,
    email: 'ada@acme.example',
  };
  issuer.answers.token = async () => ({
    body: { access_token: 'at', token_type: 'Bearer', id_token: await issuer.sign(claims, { key: issuer.keys.get(kid) as JWK }) },
  });
  return oidc.finish(provider, keep, new URLSearchParams({ code: 'c1', state: keep.state as string }));
}

async function logoutToken(kid: string, change: Readonly<Record<string, unknown>> = {}) {
  const iat = Math.floor(nowMs() / 1_000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = {
    iss: issuer.issuer,
    aud: CLIENT_ID,
    iat,
    exp: iat + 120,
    jti: crypto.randomUUID(),
    events,
    sid: 's1',
    sub: 'ada',
  };
  return issuer.sign({ ...claims, ...change }, { key: issuer.keys.get(kid) as JWK, header: { typ: 'logout+jwt' } });
}

const told = (oidc: Oidc, provider: ProviderToAsk, token: string) =>
  oidc.readLogout(provider, new URLSearchParams({ logout_token: token }));

test('an unknown key is asked for at once, but not again within 30 s', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  await issuer.roll('second');
  asserted(await signIn(oidc, provider, 'second'));
  expect(issuer.asked.jwks).toBe(2);

  await issuer.roll('third');
  expect(await signIn(oidc, provider, 'third')).toMatchObject({
    code: 'wrong_signature',
    words: expect.stringContaining('kid third'),
  });
  expect(issuer.asked.jwks).toBe(2);
  passedMs += 30_000;
  asserted(await signIn(oidc, provider, 'third'));
  expect(issuer.asked.jwks).toBe(3);
});

test('whoever posts logout tokens with unknown keys takes no question from sign-ins', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  await issuer.roll('second');
  issuer.answers.jwks = () => ({ body: { keys: [publicOf(issuer.keys.get('first') as JWK)] } });
  for (let posted = 0; posted < 5; posted += 1)
    expect(await told(oidc, provider, await logoutToken('second'))).toMatchObject({ code: 'wrong_signature' });
  expect(issuer.asked.jwks).toBe(2);
  issuer.answers.jwks = () => ({ body: { keys: [publicOf(issuer.keys.get('second') as JWK)] } });
  asserted(await signIn(oidc, provider, 'second'));
});

test('a key under the same name is read again, and a withdrawn one counts for five minutes', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  const before = issuer.keys.get('first') as JWK;
  await issuer.roll('first');
  asserted(await signIn(oidc, provider, 'first'));
  expect(issuer.keys.get('first')).not.toEqual(before);

  await issuer.roll('second');
  passedMs += 60_000;
  asserted(await signIn(oidc, provider, 'second'));
  asserted(await signIn(oidc, provider, 'first'));
  passedMs += 301_000;
  expect(await signIn(oidc, provider, 'first')).toMatchObject({
    code: 'wrong_signature',
    words: expect.stringContaining('trusted are second'),
  });
});

test('known keys serve for a day without an answer, also in a process that starts meanwhile', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  issuer.answers.jwks = () => ({ status: 503, body: {} });
  issuer.answers.discovery = () => ({ status: 503, body: {} });
  passedMs += 23 * HOUR_MS;
  asserted(await signIn(oidc, provider, 'first'));
  const fresh = oidcOver(given().db, { nowMs });
  const outcome = asserted(await signIn(fresh, provider, 'first'));
  expect(outcome.checks[0]?.words).toContain('the last known document of');
  passedMs += 1.1 * HOUR_MS;
  for (const one of [oidc, fresh, oidcOver(given().db, { nowMs })]) {
    const failed = await signIn(one, provider, 'first').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ProviderUnreachable);
    expect((failed as Error).message).toContain('answered 503 when asked for its keys');
  }
  issuer.answers.jwks = () => ({ body: { keys: [publicOf(issuer.keys.get('first') as JWK)] } });
  passedMs += 30_000;
  asserted(await signIn(oidc, provider, 'first'));
});

test('keys of an issuer that was configured before never count for another', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  const moved = { ...documentOf(issuer.issuer), jwks_uri: `${issuer.issuer}/nowhere` };
  issuer.answers.discovery = () => ({ body: moved });
  const config = await oidc.readConfig({ issuer: issuer.issuer, client_id: CLIENT_ID }, SECRET);
  const after = { ...provider, config };
  await expect(signIn(oidcOver(given().db, { nowMs }), after, 'first')).rejects.toThrow('answered 404 when asked for its keys');
});

/** Lets the provider list the keys of these names. */
function list(...kids: readonly string[]): void {
  issuer.answers.jwks = () => ({ body: { keys: kids.map((kid) => publicOf(issuer.keys.get(kid) as JWK)) } });
}

/** A person removes a key, or accepts it again. */
async function set({ organizationId, id }: ProviderToAsk, keyId: string, state: 'trusted' | 'gone'): Promise<void> {
  expect(await setKeyState(given().db, { organizationId, id, keyId }, state)).toBe(true);
}

test('a key that a person removed does not come back while the provider lists it, in no process, until a person accepts it', async () => {
  const { oidc, provider } = await connected();
  await issuer.roll('second');
  list('first', 'second');
  asserted(await signIn(oidc, provider, 'first'));
  await set(provider, 'first', 'gone');
  const refused = { code: 'wrong_signature', words: expect.stringContaining('trusted are second') };
  const fresh = oidcOver(given().db, { nowMs });
  for (const one of [oidc, fresh]) expect(await signIn(one, provider, 'first')).toMatchObject(refused);
  const before = issuer.asked.jwks;
  passedMs += 301_000;
  for (const one of [oidc, fresh, oidcOver(given().db, { nowMs })]) {
    asserted(await signIn(one, provider, 'second'));
    expect(await signIn(one, provider, 'first')).toMatchObject(refused);
    expect(await told(one, provider, await logoutToken('first'))).toMatchObject({ code: 'wrong_signature' });
  }
  expect(issuer.asked.jwks).toBeGreaterThan(before);
  await set(provider, 'first', 'trusted');
  for (const one of [oidc, fresh]) asserted(await signIn(one, provider, 'first'));
});

test('a key that the provider withdrew counts again when it lists it again, and so does another key under a removed name', async () => {
  const { oidc, provider } = await connected();
  asserted(await signIn(oidc, provider, 'first'));
  await issuer.roll('second');
  list('second');
  passedMs += 301_000;
  asserted(await signIn(oidc, provider, 'second'));
  passedMs += 301_000;
  expect(await signIn(oidc, provider, 'first')).toMatchObject({ code: 'wrong_signature' });
  list('first', 'second');
  passedMs += 30_000;
  asserted(await signIn(oidc, provider, 'first'));

  await set(provider, 'first', 'gone');
  await issuer.roll('first');
  list('first', 'second');
  passedMs += 301_000;
  asserted(await signIn(oidc, provider, 'first'));
});

test('a provider that does not answer is unreachable, with words', async () => {
  const oidc = oidcOver(given().db, { nowMs, timeoutMs: 300 });
  const config = await oidc.readConfig({ issuer: issuer.issuer, client_id: CLIENT_ID }, SECRET);
  const provider = await storedProvider(given().db, config);
  const { keep } = await started(oidc, provider);
  const query = new URLSearchParams({ code: 'c1', state: keep.state as string });
  issuer.answers.token = () => new Promise(() => {});
  await expect(oidc.finish(provider, keep, query)).rejects.toThrow(/did not answer within 0.3 s \(http.*\/token\)/);
  issuer.answers.token = () => ({ status: 503, body: {} });
  await expect(oidc.finish(provider, keep, query)).rejects.toThrow(/answered 503/);
  issuer.answers.token = () => ({ body: { filler: 'x'.repeat(300 * 1_024) } });
  await expect(oidc.finish(provider, keep, query)).rejects.toThrow(/more than 256 KiB/);
});

test('a fault of our own database is no answer of the provider', async () => {
  const { oidc, provider } = await connected();
  const unstored = { ...provider, id: 'idp_unstored' };
  const failed = await signIn(oidc, unstored, 'first').catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Error);
  expect(failed).not.toBeInstanceOf(ProviderUnreachable);
  asserted(await signIn(oidc, provider, 'first'));
});

test('a logout token counts once, and only if everything in it is right', async () => {
  const { oidc, provider } = await connected();
  const token = await logoutToken('first', { jti: 'once' });
  expect(await told(oidc, provider, token)).toEqual({ is: 'signed_out', sid: 's1', subject: 'ada', jti: 'once' });
  expect(await told(oidc, provider, token)).toMatchObject({
    is: 'refused',
    code: 'wrong_jti',
    words: expect.stringContaining('used before'),
  });
  const old = Math.floor(nowMs() / 1_000) - 1_000;
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['wrong_issuer', { iss: 'https://evil.example' }],
    ['wrong_audience', { aud: 'other' }],
    ['wrong_time', { iat: old }],
    ['wrong_time', { exp: old }],
    ['wrong_events', { events: {} }],
    ['wrong_events', { events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
    ['wrong_nonce', { nonce: 'n' }],
    ['wrong_jti', { jti: undefined }],
    ['wrong_subject', { sid: undefined, sub: undefined }],
    ['wrong_subject', { sid: 7 }],
  ];
  for (const [code, change] of wrong)
    expect(await told(oidc, provider, await logoutToken('first', change))).toMatchObject({ is: 'refused', code });
  expect(await told(oidc, provider, 'x'.repeat(20_000))).toMatchObject({ code: 'wrong_token' });
  // An ID token is no logout token: it has a nonce and no event.
  const id = await issuer.sign({
    iss: issuer.issuer,
    aud: CLIENT_ID,
    sub: 'ada',
    nonce: 'n',
    iat: old + 1_000,
    exp: old + 2_000,
  });
  expect(await told(oidc, provider, id)).toMatchObject({ code: 'wrong_events' });
  expect(await oidc.readLogout(provider, new URLSearchParams())).toMatchObject({ code: 'wrong_token' });
});

test('what is configured is checked with words that name both sides', async () => {
  const oidc = oidcOver(given().db, { nowMs });
  const base = { issuer: issuer.issuer, client_id: CLIENT_ID };
  const problems: readonly (readonly [unknown, string, string])[] = [
    ['text', '', 'must be an object'],
    [{ ...base, issuer: 7 }, '/issuer', 'must be the address'],
    [{ ...base, issuer: 'http://idp.example' }, '/issuer', 'must begin with https://'],
    [{ ...base, issuer: 'https://10.0.0.7' }, '/issuer', 'list it in HEADGATE_ALLOWED_IDENTITY_PROVIDERS'],
    [{ ...base, issuer: 'https://user:pw@idp.example' }, '/issuer', 'user name'],
    [{ ...base, issuer: `${issuer.issuer}/` }, '/issuer', 'They must be equal in each character'],
    [{ ...base, client_id: 'a b' }, '/client_id', 'without spaces'],
    [{ ...base, scopes: ['email'] }, '/scopes', '"openid"'],
    [{ ...base, scopes: ['openid', 'offline_access'] }, '/scopes', 'keeps no token'],
    [{ ...base, prompt: 'none' }, '/prompt', 'must be one of'],
    [{ ...base, secret: 'x' }, '/secret', 'is not known'],
    [{ ...base, client_authentication: 'private_key_jwt' }, '/client_authentication', 'must be one of'],
  ];
  for (const [config, pointer, words] of problems) {
    const failed = await oidc.readConfig(config, SECRET).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigProblem);
    expect([(failed as ConfigProblem).pointer, (failed as Error).message]).toEqual([pointer, expect.stringContaining(words)]);
  }
});

test('a discovery document is believed only if it fits', async () => {
  const oidc = oidcOver(given().db, { nowMs });
  const read = () => oidc.readConfig({ issuer: issuer.issuer, client_id: CLIENT_ID }, SECRET);
  const changes: readonly (readonly [unknown, string])[] = [
    [{ issuer: 'https://evil.example' }, 'names the issuer "https://evil.example", configured is'],
    [{ token_endpoint: 'https://169.254.169.254/latest' }, 'is not a public address'],
    [{ jwks_uri: 'http://idp.example/jwks' }, 'must begin with https://'],
    [{ authorization_endpoint: 'javascript:alert(1)' }, 'https address'],
    [{ jwks_uri: undefined }, 'which is missing'],
    [{ id_token_signing_alg_values_supported: ['HS256', 'none'] }, 'lists the algorithms HS256, none'],
    [{ token_endpoint_auth_methods_supported: ['private_key_jwt'] }, 'The provider takes private_key_jwt'],
  ];
  for (const [change, words] of changes) {
    issuer.answers.discovery = () => ({ body: { ...documentOf(issuer.issuer), ...(change as object) } });
    await expect(read()).rejects.toThrow(words);
  }
  issuer.answers.discovery = () => ({ body: '<html>' });
  await expect(read()).rejects.toThrow('is no JSON object');
  issuer.answers.discovery = () => ({ status: 301, headers: { location: 'http://127.0.0.1:1/' }, body: {} });
  await expect(read()).rejects.toThrow('answered 301');
});
