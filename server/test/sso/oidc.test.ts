/** Single sign-on through a real OpenID Connect provider: from its configuration to the sign-out that it tells of. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redirectUriOf } from '../../src/identity/oidc/oidc.ts';
import { organizationDomains } from '../../src/store/schema.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { CLIENT_ID, oidcOver, PUBLIC_URL, SECRET } from '../identity/oidc-site.ts';
import { type Browser, browse } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { createBrowser, type RunningProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { beginTest } from './support.ts';

const HERE = { origin: PUBLIC_URL };
const given = withDatabase();
const protocols = {
  get oidc() {
    opened ??= oidcOver(given().db);
    return opened;
  },
};
let opened: ReturnType<typeof oidcOver> | null = null;
const world = withAdmin(given, { publicUrl: PUBLIC_URL, protocols });
const ADA = { email: 'ada@acme.example', email_verified: true, name: 'Ada Lovelace', groups: ['platform'], amr: ['pwd', 'otp'] };
let okta: RunningProvider;

beforeAll(async () => {
  okta = await startOidcProvider({ clients: [], people: { ada: ADA } });
});
afterAll(() => okta?.stop());

/** Follows an address of the provider as a person who signs in there, and comes back to us. Returns where the browser is sent. */
async function through(browser: Browser, location: string, idp: string): Promise<string> {
  const back = new URL(await createBrowser().follow(location, redirectUriOf(PUBLIC_URL, idp)));
  const answer = await browser('GET', `/sso/${idp}/callback${back.search}`, undefined, HERE);
  expect(answer.status).toBe(303);
  return answer.headers.location ?? '';
}

test('a provider is configured, tested and activated; a person signs in by it, and is signed out by it', async () => {
  world().time.nowMs = Date.now();
  const { root } = world();
  const { id } = await makeOrganization(root);
  await given()
    .db.insert(organizationDomains)
    .values({
      ...{ organizationId: id, domain: 'acme.example', challenge: 'x', state: 'verified', createdBy: 'test' },
    });
  const path = `/organizations/${id}/identity-providers`;
  const body = { name: 'Okta', protocol: 'oidc', creates_accounts: true, groups_claim: 'groups', second_factor_values: ['otp'] };
  const unreachable = { issuer: 'http://127.0.0.1:9', client_id: CLIENT_ID };
  expect((await root('POST', path, { ...body, config: unreachable, client_secret: SECRET })).status).toBe(400);
  // The provider gives the client ID for the redirect URI, which the draft has before.
  const draft = must(await root('POST', path, { ...body, config: { issuer: okta.issuer } }));
  expect(draft).toMatchObject({ state: 'draft', redirect_url: redirectUriOf(PUBLIC_URL, draft.id) });
  expect(draft.config).not.toHaveProperty('client_id');
  for (const next of ['test', 'activate'])
    expect(await root('POST', `${path}/${draft.id}/${next}`, next === 'test' ? {} : undefined)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Okta has no client ID yet. Enter the client ID') },
    });
  expect(await root('PATCH', `${path}/${draft.id}`, { config: { issuer: okta.issuer, client_id: '' } })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/config/client_id' }] },
  });
  const config = { issuer: okta.issuer, client_id: CLIENT_ID };
  const made = must(await root('PATCH', `${path}/${draft.id}`, { config, client_secret: SECRET }));
  expect(made).toMatchObject({ state: 'draft', config, redirect_url: draft.redirect_url });
  expect(JSON.stringify(made)).not.toContain(SECRET);
  await okta.setClients([
    {
      ...{ client_id: CLIENT_ID, client_secret: SECRET, redirect_uris: [made.redirect_url] },
      backchannel_logout_uri: `${world().address}/api/v1/sso/${made.id}/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
  ]);
  must(await root('POST', `/organizations/${id}/group-mappings`, { source: made.id, value: 'platform', role: 'org_admin' }));

  const started = await beginTest(world(), `${path}/${made.id}`);
  await through(started.browser, `${started.location}&login_hint=ada`, made.id);
  const result = must(await root('GET', `${path}/${made.id}/test-result?id=${started.id}`));
  expect(result).toMatchObject({ state: 'passed', would_be: 'Ada Lovelace would be org_admin.', claims: { sub: 'ada' } });
  expect(result.checks.every(({ ok }: { ok: boolean }) => ok)).toBe(true);
  must(await root('POST', `${path}/${made.id}/activate`));

  const browser = browse(world());
  const start = await browser('GET', `/sso/${made.id}/start?login_hint=ada&return_to=/keys`, undefined, HERE);
  expect(await through(browser, start.headers.location ?? '', made.id)).toBe('/keys');
  const session = must(await browser('GET', '/session', undefined, HERE));
  expect(session).toMatchObject({
    account: { email: 'ada@acme.example' },
    own_sign_in: false,
    memberships: [{ role: 'org_admin' }],
  });
  expect((await browser('GET', `/organizations/${id}/members`, undefined, HERE)).status).toBe(200);

  const { rows } = await given().db.execute<{ sid: string }>(`select sid from session_evidence where source = '${made.id}'`);
  expect(rows).toHaveLength(1);
  await okta.logOut({ clientId: CLIENT_ID, sub: 'ada', sid: rows[0]?.sid ?? '' });
  expect(must(await browser('GET', '/session', undefined, HERE)).places).toMatchObject([
    { organization_id: id, needs: 'sign_in' },
  ]);
  expect((await browser('GET', `/organizations/${id}/members`, undefined, HERE)).status).toBe(403);
}, 60_000);

test('signing out here ends our session first, and then the one at the provider if the person wants that', async () => {
  world().time.nowMs = Date.now();
  const { root } = world();
  const { id } = await makeOrganization(root);
  await given()
    .db.insert(organizationDomains)
    .values({ organizationId: id, domain: 'out.example', challenge: 'x', state: 'verified', createdBy: 'test' });
  const path = `/organizations/${id}/identity-providers`;
  const config = { issuer: okta.issuer, client_id: CLIENT_ID };
  const body = { name: 'Okta', protocol: 'oidc', creates_accounts: true, config, client_secret: SECRET };
  const made = must(await root('POST', path, body));
  await okta.setPeople({ ada: ADA, bo: { ...ADA, email: 'bo@out.example' } });
  await okta.setClients([{ client_id: CLIENT_ID, client_secret: SECRET, redirect_uris: [made.redirect_url] }]);
  const logout = async () => (await browse(world())('GET', `/sso/${made.id}/logout`, undefined, HERE)).body.location;
  // Nobody is sent to a provider that is no way in.
  expect(await logout()).toBeNull();
  const atProvider = createBrowser();
  await given().db.execute(`update identity_providers set state = 'active' where id = '${made.id}'`);

  const browser = browse(world());
  const start = await browser('GET', `/sso/${made.id}/start?login_hint=bo`, undefined, HERE);
  const back = new URL(await atProvider.follow(start.headers.location ?? '', redirectUriOf(PUBLIC_URL, made.id)));
  expect((await browser('GET', `/sso/${made.id}/callback${back.search}`, undefined, HERE)).headers.location).toBe('/');
  const session = must(await browser('GET', '/session', undefined, HERE));
  expect(session.signed_in_through).toEqual([{ id: made.id, name: 'Okta' }]);
  const stolen = browse(world(), new Map(browser.cookies));
  // Whatever the provider does: our session ends without asking it.
  okta.pause();
  expect((await browser('DELETE', '/session', undefined, HERE)).status).toBe(204);
  okta.resume();
  expect((await stolen('GET', '/session', undefined, HERE)).status).toBe(401);

  const location = await logout();
  expect(location).toBe(`${okta.issuer}/session/end?client_id=${CLIENT_ID}`);
  // Until then the provider would let the person in again without asking.
  const silent = async () => {
    const again = await browse(world())('GET', `/sso/${made.id}/start`, undefined, HERE);
    return (await atProvider.open(again.headers.location ?? '')).headers.get('location') ?? '';
  };
  expect(await silent()).toContain('code=');
  const page = await (await atProvider.open(location)).text();
  const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
  const form = new URLSearchParams({ xsrf, logout: 'yes' }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await atProvider.open(new URL(action, okta.issuer).href, { method: 'POST', body: form, headers });
  expect(await silent()).toContain('/interaction/');
}, 60_000);
