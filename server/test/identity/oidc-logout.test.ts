/** The address that ends a session at a provider: only where the provider takes a request without an ID token. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { documentOf, type HostileIssuer, startHostileIssuer } from '../support/hostile-issuer.ts';
import { CLIENT_ID, oidcOver, storedProvider } from './oidc-site.ts';

const given = withDatabase();
let issuer: HostileIssuer;
beforeAll(async () => {
  issuer = await startHostileIssuer();
});
afterAll(() => issuer?.close());
beforeEach(() => {
  issuer.asked.end = 0;
  issuer.answers.discovery = () => ({ body: documentOf(issuer.issuer) });
});

async function connected(nowMs?: () => number) {
  const oidc = oidcOver(given().db, nowMs === undefined ? {} : { nowMs });
  const provider = await storedProvider(given().db, { issuer: issuer.issuer });
  return { oidc, provider };
}

test.each([
  ['a page', { body: '<h1>Sign out?</h1>' }, true],
  ['a redirect to another page of it', { status: 302, headers: { location: 'https://elsewhere.test/' }, body: '' }, true],
  ['a refusal without an ID token, as Okta', { status: 400, body: { error: 'invalid_request' } }, false],
  ['a refusal of every caller', { status: 403, body: '' }, false],
  ['nothing there', { status: 404, body: '' }, false],
  ['a failure', { status: 503, body: '' }, false],
  ['an endless page', { body: 'x'.repeat(300 * 1_024) }, false],
] as const)('%s decides whether the address is offered', async (_, answer, isOffered) => {
  issuer.answers.end = () => answer;
  const { oidc, provider } = await connected();
  const address = `${issuer.issuer}/end?client_id=${CLIENT_ID}`;
  expect(await oidc.logoutAddress(provider)).toBe(isOffered ? address : null);
});

test('a provider is asked once an hour, however many people sign out', async () => {
  issuer.answers.end = () => ({ body: 'page' });
  let now = Date.now();
  const { oidc, provider } = await connected(() => now);
  const found = await Promise.all(Array.from({ length: 20 }, () => oidc.logoutAddress(provider)));
  expect(new Set(found).size).toBe(1);
  expect(issuer.asked.end).toBe(1);
  now += 3_599_000;
  await oidc.logoutAddress(provider);
  expect(issuer.asked.end).toBe(1);
  now += 2_000;
  issuer.answers.end = () => ({ status: 400, body: '' });
  expect(await oidc.logoutAddress(provider)).toBeNull();
  expect(issuer.asked.end).toBe(2);
});

test('an address inside the network that nobody allowed is neither asked nor offered', async () => {
  const inner = 'https://10.0.0.7/end';
  issuer.answers.discovery = () => ({ body: { ...documentOf(issuer.issuer), end_session_endpoint: inner } });
  const { oidc, provider } = await connected();
  expect(await oidc.logoutAddress(provider)).toBeNull();
});

test('an address that names another client names ours, and keeps the rest of its query', async () => {
  issuer.answers.end = () => ({ body: 'page' });
  const end = `${issuer.issuer}/end?client_id=somebody-else&tenant=acme`;
  issuer.answers.discovery = () => ({ body: { ...documentOf(issuer.issuer), end_session_endpoint: end } });
  const { oidc, provider } = await connected();
  const url = new URL((await oidc.logoutAddress(provider)) ?? '');
  expect([...url.searchParams]).toEqual([
    ['client_id', CLIENT_ID],
    ['tenant', 'acme'],
  ]);
});

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'http://elsewhere.test/end',
  '//elsewhere.test/end',
  'https://a:b@elsewhere.test/',
])('a document with the address %s is refused', async (end) => {
  issuer.answers.discovery = () => ({ body: { ...documentOf(issuer.issuer), end_session_endpoint: end } });
  const { oidc, provider } = await connected();
  await expect(oidc.logoutAddress(provider)).rejects.toThrow(/end_session_endpoint/);
});

test('a provider without such an address offers none', async () => {
  const { end_session_endpoint: _, ...document } = documentOf(issuer.issuer);
  issuer.answers.discovery = () => ({ body: document });
  const { oidc, provider } = await connected();
  expect(await oidc.logoutAddress(provider)).toBeNull();
  expect(issuer.asked.end).toBe(0);
});
