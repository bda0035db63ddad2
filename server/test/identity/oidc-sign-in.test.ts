import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redirectUriOf } from '../../src/identity/oidc/oidc.ts';
import type { ProviderToAsk } from '../../src/identity/protocol.ts';
import { withDatabase } from '../support/database.ts';
import { createBrowser, type RunningProvider, signingKey, startOidcProvider } from '../support/oidc-provider.ts';
import { asserted, CLIENT_ID, oidcOver, PUBLIC_URL, SECRET, started, storedProvider } from './oidc-site.ts';

const given = withDatabase();
const ADA = {
  email: 'Ada@Acme.example',
  email_verified: true,
  name: 'Ada Lovelace',
  groups: ['platform', 'oncall'],
  amr: ['pwd', 'otp'],
};
const BEN = { email: 'ben@acme.example', name: 'Ben', groups: 'support', amr: ['pwd'] };
let okta: RunningProvider;
let small: RunningProvider;

const clientFor = (providerId: string, more: object = {}) => ({
  client_id: CLIENT_ID,
  client_secret: SECRET,
  redirect_uris: [redirectUriOf(PUBLIC_URL, providerId)],
  backchannel_logout_session_required: true,
  backchannel_logout_uri: 'http://127.0.0.1:9/never',
  ...more,
});

beforeAll(async () => {
  okta = await startOidcProvider({ clients: [], people: { ada: ADA, ben: BEN } });
  small = await startOidcProvider({ clients: [], people: { ada: ADA, ben: BEN }, keepsIdTokenSmall: true });
});
afterAll(async () => {
  await okta?.stop();
  await small?.stop();
});

async function connected(at: RunningProvider, client: object = {}, secret: string | null = SECRET) {
  const oidc = oidcOver(given().db);
  const config = await oidc.readConfig(
    { issuer: at.issuer, client_id: CLIENT_ID, scopes: ['openid', 'email', 'profile'] },
    secret,
  );
  const provider = await storedProvider(given().db, config, { secret });
  await at.setClients([clientFor(provider.id, client)]);
  return { oidc, provider };
}

async function cameBack(location: string, provider: ProviderToAsk): Promise<URLSearchParams> {
  return new URL(await createBrowser().follow(location, redirectUriOf(PUBLIC_URL, provider.id))).searchParams;
}

test('a person signs in at a real provider, and every check says what it saw', async () => {
  const { oidc, provider } = await connected(okta);
  const { location, keep } = await started(oidc, provider, { loginHint: 'ada' });
  const { assertion, checks } = asserted(await oidc.finish(provider, keep, await cameBack(location, provider)));
  expect(assertion).toMatchObject({
    organizationId: provider.organizationId,
    providerId: provider.id,
    subject: 'ada',
    email: 'ada@acme.example',
    emailVerified: true,
    name: 'Ada Lovelace',
    groups: ['platform', 'oncall'],
    groupsTruncated: false,
    secondFactor: true,
    sid: expect.any(String),
  });
  // The provider says when the person signed in only where it was asked to have them sign in again.
  expect(assertion.authenticatedAtMs).toBeNull();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual([
    ...['discovery', 'answer', 'code', 'algorithm', 'signature', 'issuer', 'audience', 'nonce', 'time', 'subject'],
    ...['email', 'groups', 'second_factor'],
  ]);
  expect(checks.find(({ name }) => name === 'signature')?.words).toBe('signed by kid first with RS256');
  // No token of the provider is in what leaves this room.
  expect(JSON.stringify({ assertion, checks })).not.toContain('eyJ');
});

test.each([
  [
    'client_secret_post',
    { token_endpoint_auth_method: 'client_secret_post' },
    SECRET,
    { client_authentication: 'client_secret_post' },
  ],
  ['no secret, PKCE alone', { token_endpoint_auth_method: 'none', client_secret: undefined }, null, {}],
] as const)('the client authenticates by %s', async (_how, client, secret, config) => {
  const oidc = oidcOver(given().db);
  const saved = await oidc.readConfig({ issuer: okta.issuer, client_id: CLIENT_ID, ...config }, secret);
  const provider = await storedProvider(given().db, saved, { secret });
  await okta.setClients([clientFor(provider.id, client)]);
  const { location, keep } = await started(oidc, provider, { loginHint: 'ben' });
  const { assertion } = asserted(await oidc.finish(provider, keep, await cameBack(location, provider)));
  expect(assertion).toMatchObject({ subject: 'ben', groups: ['support'], secondFactor: false });
});

test('the address is asked for at the userinfo endpoint if the ID token has none', async () => {
  const { oidc, provider } = await connected(small);
  const { location, keep } = await started(oidc, provider, { loginHint: 'ada' });
  const { assertion, checks } = asserted(await oidc.finish(provider, keep, await cameBack(location, provider)));
  expect(assertion).toMatchObject({ email: 'ada@acme.example', name: 'Ada Lovelace' });
  expect(checks.find(({ name }) => name === 'userinfo')).toMatchObject({ ok: true });
});

test('a fresh sign-in is asked for and checked', async () => {
  const { oidc, provider } = await connected(okta);
  const browser = createBrowser();
  const through = async (isFresh: boolean) => {
    const { location, keep } = await started(oidc, provider, { loginHint: 'ada', isFresh });
    const back = new URL(await browser.follow(location, redirectUriOf(PUBLIC_URL, provider.id))).searchParams;
    return { location, outcome: await oidc.finish(provider, keep, back) };
  };
  await through(false);
  const { location, outcome } = await through(true);
  expect([...new URL(location).searchParams]).toEqual(
    expect.arrayContaining([
      ['prompt', 'login'],
      ['max_age', '0'],
    ]),
  );
  expect(asserted(outcome).assertion.claims.auth_time).toEqual(expect.any(Number));
  expect(Math.abs((asserted(outcome).assertion.authenticatedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
});

test('a code counts once, with its own verifier, at its own provider', async () => {
  const { oidc, provider } = await connected(okta);
  const { location, keep } = await started(oidc, provider, { loginHint: 'ada' });
  const back = await cameBack(location, provider);
  expect((await oidc.finish(provider, { ...keep, verifier: 'x'.repeat(43) }, back)).is).toBe('refused');

  const again = await started(oidc, provider, { loginHint: 'ada' });
  const second = await cameBack(again.location, provider);
  asserted(await oidc.finish(provider, again.keep, second));
  expect(await oidc.finish(provider, again.keep, second)).toMatchObject({
    is: 'refused',
    code: 'wrong_code',
    words: expect.stringContaining('"invalid_grant"'),
  });
});

test('an answer of one provider is no answer of another', async () => {
  const { oidc, provider } = await connected(okta);
  const other = await storedProvider(given().db, await oidc.readConfig({ issuer: small.issuer, client_id: CLIENT_ID }, SECRET));
  await small.setClients([clientFor(other.id)]);
  const [one, two] = [await started(oidc, provider, { loginHint: 'ada' }), await started(oidc, other, { loginHint: 'ben' })];
  const [backFromOne, backFromTwo] = [await cameBack(one.location, provider), await cameBack(two.location, other)];
  // The code of one with the state of the other, as a provider that mixes them up would send it.
  const swapped = new URLSearchParams({ ...Object.fromEntries(backFromTwo), state: one.keep.state as string });
  expect(await oidc.finish(provider, one.keep, swapped)).toMatchObject({
    code: 'wrong_answer',
    words: `The answer comes from "${small.issuer}", asked was "${okta.issuer}".`,
  });
  swapped.set('iss', okta.issuer);
  expect(await oidc.finish(provider, one.keep, swapped)).toMatchObject({ is: 'refused', code: 'wrong_code' });
  asserted(await oidc.finish(provider, one.keep, backFromOne));
  asserted(await oidc.finish(other, two.keep, backFromTwo));
});

test('no sign-in is lost while keys roll over, not even one that began before', async () => {
  const { oidc, provider } = await connected(okta);
  const signIn = async () => {
    const { location, keep } = await started(oidc, provider, { loginHint: 'ada' });
    return { keep, back: await cameBack(location, provider) };
  };
  const before = await signIn();
  asserted(await oidc.finish(provider, before.keep, before.back));
  const during = await signIn();
  await okta.roll([await signingKey('second')]);
  const outcomes = await Promise.all(
    [during, await signIn(), await signIn(), await signIn()].map(({ keep, back }) => oidc.finish(provider, keep, back)),
  );
  expect(outcomes.map((outcome) => asserted(outcome).checks.find(({ name }) => name === 'signature')?.words)).toEqual(
    Array(4).fill('signed by kid second with RS256'),
  );
});

test('a provider may change its algorithm with its keys', async () => {
  const { oidc, provider } = await connected(okta);
  const first = await started(oidc, provider, { loginHint: 'ada' });
  asserted(await oidc.finish(provider, first.keep, await cameBack(first.location, provider)));
  await okta.roll([await signingKey('curve', 'ES256')]);
  await okta.setClients([clientFor(provider.id, { id_token_signed_response_alg: 'ES256' })]);
  const second = await started(oidc, provider, { loginHint: 'ada' });
  const { checks } = asserted(await oidc.finish(provider, second.keep, await cameBack(second.location, provider)));
  expect(checks.find(({ name }) => name === 'signature')?.words).toBe('signed by kid curve with ES256');
  await okta.roll([await signingKey('first')]);
});

test('a logout at a real provider is told to us once', async () => {
  const forms: URLSearchParams[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      forms.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  try {
    const to = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const { oidc, provider } = await connected(okta, { backchannel_logout_uri: to });
    const { location, keep } = await started(oidc, provider, { loginHint: 'ada' });
    const { assertion } = asserted(await oidc.finish(provider, keep, await cameBack(location, provider)));
    await okta.logOut({ clientId: CLIENT_ID, sub: 'ada', sid: assertion.sid as string });
    const [form] = forms as [URLSearchParams];
    expect(await oidc.readLogout(provider, form)).toMatchObject({ is: 'signed_out', sid: assertion.sid });
    expect(await oidc.readLogout(provider, form)).toMatchObject({ is: 'refused', code: 'wrong_jti' });
    expect(await oidc.logoutAddress(provider)).toBe(`${okta.issuer}/session/end?client_id=${CLIENT_ID}`);
  } finally {
    receiver.close();
  }
});
