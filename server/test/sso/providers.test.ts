import { beforeEach, describe, expect, test } from 'vitest';
import { ConfigProblem } from '../../src/identity/protocol-problems.ts';
import type { OidcProtocol, SamlProtocol } from '../../src/identity/protocols.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { browse, makePerson } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import {
  arrive,
  begin,
  beginTest,
  codeOf,
  comeBack,
  HERE,
  join,
  makeProvider,
  makeTenant,
  PUBLIC_URL,
  useWorld,
} from './support.ts';

let told = { is: 'signed_out', sid: 'sid1', subject: null } as Awaited<ReturnType<NonNullable<OidcProtocol['readLogout']>>>;
const oidc: OidcProtocol = {
  ...SAYING,
  readConfig: async (config) => {
    if ((config as { issuer?: string }).issuer === 'wrong') throw new ConfigProblem('/issuer', 'must be an https address');
    return { ...(config as object), metadata: { read: 'anew' } };
  },
  readLogout: async () => told,
};
const saml: SamlProtocol = {
  ...SAYING,
  newSecret: async () => 'our private key',
  metadata: ({ id }) => `<md id="${id}"/>`,
  // signing-key.test.ts replaces real keys.
  withNextKey: async () => 'our next private key',
  withoutOldKey: () => null,
  ownCertificates: () => [],
};
const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc, saml } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

const SECRET = 'a client secret that nobody reads';

describe('an identity provider', () => {
  test('is a draft until a test passes, then people sign in by it, and its secret is never shown', async () => {
    const { root } = world();
    const { id } = await makeOrganization(root);
    const config = { issuer: 'https://idp.test', client_id: 'headgate' };
    const path = `/organizations/${id}/identity-providers`;
    const made = must(await root('POST', path, { name: 'Okta', protocol: 'oidc', config, client_secret: SECRET }));
    expect(made).toMatchObject({
      state: 'draft',
      config,
      has_client_secret: true,
      redirect_url: `${PUBLIC_URL}/api/v1/sso/${made.id}/callback`,
    });
    const one = `${path}/${made.id}`;
    expect((await root('POST', `${one}/activate`)).status).toBe(409);
    const started = await browse(world())('GET', `/sso/${made.id}/start`, undefined, HERE);
    expect(codeOf(started.headers.location ?? '')).toBe('provider_off');
    const owner = await makePerson(world(), { platformRole: 'platform_admin' });
    const browser = browse(world());
    must(await browser('POST', '/session/sign-in', { email: owner.email, password: 'seven green umbrellas' }, HERE));
    const test = must(await browser('POST', `${one}/test`, { return_to: `/organizations/${id}` }, HERE));
    expect(must(await root('GET', `${one}/test-result?id=${test.id}`)).state).toBe('waiting');
    const back = await comeBack(browser, test.location, {
      subject: 'ada',
      email: 'ada@elsewhere.test',
      name: 'Ada',
      claims: { sub: 'ada', team: 7 },
    });
    expect(back).toBe(`/organizations/${id}?sso=tested&test=${test.id}`);
    expect(must(await root('GET', `${one}/test-result?id=${test.id}`))).toEqual({
      ...{ state: 'passed', code: null, words: null, claims: { sub: 'ada', team: 7 } },
      checks: [{ name: 'signature', ok: true, words: 'signed by a test' }],
      would_be: 'Ada would not come in: the address is outside the verified domains of the organization.',
    });
    // The test signed nobody in and made nothing.
    expect(must(await browser('GET', '/session', undefined, HERE)).account.id).toBe(owner.id);
    expect(must(await root('GET', `/organizations/${id}/identity-links`)).data).toEqual([]);
    expect(must(await root('GET', one)).state).toBe('tested');
    expect(must(await root('POST', `${one}/activate`)).state).toBe('active');
    const shown = [await root('GET', path), await root('GET', `/organizations/${id}/audit-events?limit=200`)];
    expect(shown.map(({ text }) => text).join()).not.toContain(SECRET);
    const { rows } = await world().deps.db.execute('select * from identity_providers');
    expect(JSON.stringify(rows) + world().logged.join()).not.toContain(SECRET);
  });

  test('keeps serving with the present configuration until a test of the new one passes', async () => {
    const tenant = await makeTenant(world());
    const { root } = world();
    const path = `/organizations/${tenant.id}/identity-providers/${tenant.idp}`;
    const waiting = must(await root('PATCH', path, { config: { issuer: 'https://new.test' }, client_secret: SECRET }));
    expect(waiting).toMatchObject({
      state: 'active',
      config: { issuer: 'https://idp.test' },
      next_config: { issuer: 'https://new.test' },
    });
    expect(await arrive(browse(world()), tenant.idp, { subject: 'a', email: `a@${tenant.domain}` })).toBe('/');
    const failing = await beginTest(world(), path);
    await comeBack(failing.browser, failing.location, { error: 'wrong_issuer' });
    expect(must(await root('GET', `${path}/test-result?id=${failing.id}`))).toMatchObject({
      state: 'refused',
      code: 'wrong_issuer',
      words: 'No.',
    });
    expect(must(await root('GET', path)).next_config).not.toBeNull();
    const passing = await beginTest(world(), path);
    await comeBack(passing.browser, passing.location, { subject: 'a' });
    expect(must(await root('GET', path))).toMatchObject({
      state: 'active',
      config: { issuer: 'https://new.test' },
      next_config: null,
    });
    // Only the name: nothing waits. Switched off, a new configuration makes it a draft.
    expect(must(await root('PATCH', path, { name: 'Renamed' }))).toMatchObject({
      state: 'active',
      next_config: null,
      name: 'Renamed',
    });
    must(await root('POST', `${path}/switch-off`));
    expect(must(await root('PATCH', path, { config: { issuer: 'https://third.test' } }))).toMatchObject({
      state: 'draft',
      tested_at: null,
    });
  });

  test('refuses a wrong configuration at its field, a role above the editor’s, and the twenty-first', async () => {
    const { root } = world();
    const { id } = await makeOrganization(root);
    const path = `/organizations/${id}/identity-providers`;
    const body = { name: 'Okta', protocol: 'oidc', config: { issuer: 'https://idp.test' } };
    expect(await root('POST', path, { ...body, config: { issuer: 'wrong' } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/config/issuer' }] },
    });
    const owner = world().as([{ role: 'org_owner', organizationId: id }]);
    const admin = world().as([{ role: 'org_admin', organizationId: id }]);
    expect((await admin('POST', path, body)).status).toBe(403);
    expect((await admin('GET', path)).status).toBe(403);
    expect((await owner('POST', path, { ...body, default_role: 'platform_admin' })).status).toBe(400);
    for (let at = 0; at < 20; at += 1) expect((await owner('POST', path, { ...body, name: `Okta ${at}` })).status).toBe(201);
    expect(await owner('POST', path, body)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('20 identity providers') },
    });
  });

  test('of another tenant does not exist here', async () => {
    const [mine, theirs] = [await makeTenant(world()), await makeTenant(world())];
    const owner = world().as([{ role: 'org_owner', organizationId: mine.id }]);
    const path = `/organizations/${mine.id}/identity-providers/${theirs.idp}`;
    for (const [method, where, body] of [
      ['GET', path, undefined],
      ['PATCH', path, { name: 'x' }],
      ['DELETE', path, undefined],
      ['POST', `${path}/test`, {}],
      ['GET', `/organizations/${theirs.id}/identity-providers/${theirs.idp}`, undefined],
    ] as const)
      expect((await owner(method, where, body)).status).toBe(404);
  });

  test('that is deleted opens nothing more, and what it has shown ends', async () => {
    const tenant = await makeTenant(world());
    const browser = browse(world());
    await arrive(browser, tenant.idp, { subject: 'a', email: `a@${tenant.domain}` });
    const path = `/organizations/${tenant.id}/identity-providers/${tenant.idp}`;
    expect((await world().root('DELETE', `${path}?dry_run=true`)).body).toEqual({ effect: { sessions_ended: 1 } });
    expect(must(await browser('GET', '/session', undefined, HERE)).places).toEqual([]);
    expect((await world().root('DELETE', path)).status).toBe(204);
    expect(must(await browser('GET', '/session', undefined, HERE))).toMatchObject({
      own_sign_in: false,
      places: [{ needs: 'sign_in', providers: [] }],
    });
    expect((await browser('GET', `/sso/${tenant.idp}/start`, undefined, HERE)).status).toBe(404);
  });
});

describe('groups', () => {
  test('give and take roles at each sign-in, never what a person gave, and never the last owner', async () => {
    const tenant = await makeTenant(world(), { groups_claim: 'groups' });
    const { root } = world();
    const team = must(await root('POST', `/organizations/${tenant.id}/teams`, { name: 'Support' }));
    const add = (body: object) => root('POST', `/organizations/${tenant.id}/group-mappings`, { source: tenant.idp, ...body });
    must(await add({ value: 'admins', role: 'org_admin' }));
    must(await add({ value: 'owners', role: 'org_owner' }));
    must(await add({ value: 'support', team_id: team.id, team_role: 'team_developer' }));
    must(await add({ value: 'leads', team_id: team.id, team_role: 'team_admin' }));
    expect((await add({ value: 'leads', team_id: team.id, team_role: 'team_viewer' })).status).toBe(409);
    expect((await add({ value: 'x', role: 'platform_admin' })).status).toBe(400);
    expect((await add({ value: 'x', role: 'org_admin', team_id: team.id })).status).toBe(400);
    expect((await add({ source: 'idp_none', value: 'x', role: 'org_admin' })).status).toBe(400);
    const admin = world().as([{ role: 'org_admin', organizationId: tenant.id }]);
    const above = await admin('POST', `/organizations/${tenant.id}/group-mappings`, {
      source: tenant.idp,
      value: 'y',
      role: 'org_owner',
    });
    expect(above.status).toBe(403);
    const email = `ada@${tenant.domain}`;
    const rolesAfter = async (groups: readonly string[] | null) => {
      await arrive(browse(world()), tenant.idp, { subject: 'ada', email, groups });
      const { data } = must(await root('GET', `/organizations/${tenant.id}/members`));
      const { id } = data.find((one: { email: string }) => one.email === email);
      const member = must(await root('GET', `/organizations/${tenant.id}/members/${id}`));
      return [member.role, ...member.teams.map((one: { role: string }) => one.role)];
    };
    expect(await rolesAfter(['admins', 'support', 'unknown'])).toEqual(['org_admin', 'team_developer']);
    expect(await rolesAfter(null)).toEqual(['org_admin', 'team_developer']);
    expect(await rolesAfter(['support', 'leads'])).toEqual(['org_member', 'team_admin']);
    expect(await rolesAfter([])).toEqual(['org_member']);
    expect(await rolesAfter(['owners'])).toEqual(['org_owner']);
    expect(await rolesAfter([])).toEqual(['org_owner']);
    const { data } = must(await root('GET', `/organizations/${tenant.id}/members`));
    const second = await makePerson(world());
    await join(world(), tenant.id, second.id, 'org_owner');
    must(await root('PATCH', `/organizations/${tenant.id}/members/${data[0].id}`, { role: 'org_auditor' }));
    expect(await rolesAfter(['admins'])).toContain('org_auditor');
    const events = must(await root('GET', `/organizations/${tenant.id}/audit-events?object_type=team_member&limit=50`)).data;
    expect(events.map(({ action }: { action: string }) => action)).toEqual([
      'team_member.remove',
      'team_member.update',
      'team_member.add',
    ]);
  });
});

describe('an answer that is posted', () => {
  test('is a form: what has none, or another type, hears so', async () => {
    const tenant = await makeTenant(world());
    const post = async (path: string, body?: string, type?: string) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await fetch(`${world().address}/api/v1/sso/${tenant.idp}/${path}`, {
        method: 'POST',
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const { detail } = (await answer.json()) as { detail: string };
      return [answer.status, detail];
    };
    for (const path of ['acs', 'backchannel-logout']) {
      const form = 'application/x-www-form-urlencoded';
      expect(await post(path)).toEqual([400, `a form is required as the body, with \`content-type: ${form}\``]);
      const wrong = [415, `The body must be a form. Send the header \`content-type: ${form}\`.`];
      expect(await post(path, '{"logout_token": "x"}', 'application/json')).toEqual(wrong);
      expect(await post(path, '<x/>', 'text/xml')).toEqual(wrong);
      expect((await post(path, 'a=1&a=2', form))[1]).toBe('the form has a field twice');
    }
    const json = await fetch(`${world().address}/api/v1/session/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ a: '1' }),
    });
    expect(json.status).toBe(415);
    expect(((await json.json()) as { detail: string }).detail).toContain('must be JSON');
  });

  test('is kept for a minute, and fetched once with the cookie of the start', async () => {
    const tenant = await makeTenant(world());
    const idp = await makeProvider(world(), tenant.id, { protocol: 'saml', config: { entity_id: 'x' } });
    const post = async (state: string) => {
      const body = new URLSearchParams({
        RelayState: state,
        says: JSON.stringify({ subject: 's', email: `s@${tenant.domain}` }),
      });
      const headers = { origin: 'https://idp.test', 'sec-fetch-site': 'cross-site' };
      const answer = await fetch(`${world().address}/api/v1/sso/${idp}/acs`, {
        method: 'POST',
        body,
        headers,
        redirect: 'manual',
      });
      return {
        status: answer.status,
        location: (answer.headers.get('location') ?? '').replace('/api/v1', ''),
        cookies: answer.headers.getSetCookie(),
      };
    };
    const browser = browse(world());
    const state = new URL(await begin(browser, idp)).searchParams.get('state') ?? '';
    const posted = await post(state);
    expect(posted).toMatchObject({
      status: 303,
      location: expect.stringMatching(/^\/sso\/idp_[0-9a-f]+\/finish\?id=/),
      cookies: [],
    });
    expect((await post(state)).location).toContain('sso=flow_expired');
    const stranger = await browse(world())('GET', posted.location, undefined, HERE);
    expect(codeOf(stranger.headers.location ?? '')).toBe('flow_unknown');
    const cookies = new Map(browser.cookies);
    const done = await browser('GET', posted.location, undefined, HERE);
    expect(done.headers.location).toBe('/');
    expect(must(await browser('GET', '/session', undefined, HERE)).memberships).toHaveLength(1);
    const again = await browse(world(), cookies)('GET', posted.location, undefined, HERE);
    expect(codeOf(again.headers.location ?? '')).toBe('flow_unknown');
    const late = browse(world());
    const second = await post(new URL(await begin(late, idp)).searchParams.get('state') ?? '');
    world().time.nowMs += 61_000;
    expect(codeOf((await late('GET', second.location, undefined, HERE)).headers.location ?? '')).toBe('flow_expired');
    // Nobody asked for this one: our own way starts, and only once, or a provider that loses our state would turn forever.
    const unsolicited = await post('their own page');
    expect(unsolicited.location).toBe(`/sso/${idp}/start?unsolicited=1`);
    const visitor = browse(world());
    expect((await visitor('GET', unsolicited.location, undefined, HERE)).headers.location).toContain('https://idp.test/');
    expect(codeOf((await visitor('GET', unsolicited.location, undefined, HERE)).headers.location ?? '')).toBe('flow_unknown');
    const { headers } = await fetch(`${world().address}/api/v1/sso/${idp}/metadata`);
    expect(headers.get('content-type')).toContain('samlmetadata');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('a form is taken by no other path', async () => {
    const body = new URLSearchParams({ email: 'a@b.test' });
    const answer = await fetch(`${world().address}/api/v1/session/sign-in`, { method: 'POST', body });
    expect(answer.status).toBe(415);
  });
});

test('a provider that tells of a sign-out ends what it has shown of that session, and nothing else', async () => {
  const [tenant, other] = [await makeTenant(world()), await makeTenant(world())];
  const [browser, second, elsewhere] = [browse(world()), browse(world()), browse(world())];
  await arrive(browser, tenant.idp, { subject: 'a', email: `a@${tenant.domain}`, sid: 'sid1' });
  await arrive(second, tenant.idp, { subject: 'a', sid: 'sid2' });
  await arrive(elsewhere, other.idp, { subject: 'a', email: `a@${other.domain}`, sid: 'sid1' });
  const post = () =>
    fetch(`${world().address}/api/v1/sso/${tenant.idp}/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'x' }),
    });
  told = { is: 'refused', words: 'No such token.' };
  expect((await post()).status).toBe(400);
  told = { is: 'signed_out', sid: 'sid1', subject: null };
  expect(await (await post()).json()).toEqual({ sessions_ended: 1 });
  const places = async (one: typeof browser) => must(await one('GET', '/session', undefined, HERE)).places.length;
  expect([await places(browser), await places(second), await places(elsewhere)]).toEqual([1, 0, 0]);
});

test('which providers there are is told for a verified domain or a slug, and nothing about accounts', async () => {
  const tenant = await makeTenant(world());
  await arrive(browse(world()), tenant.idp, { subject: 'a', email: `known@${tenant.domain}` });
  const { slug, name } = must(await world().root('GET', `/organizations/${tenant.id}`));
  const ask = async (query: string) => (await browse(world())('GET', `/session/providers?${query}`, undefined, HERE)).body;
  const expected = { organization: { id: tenant.id, name, slug }, required: false, data: [{ id: tenant.idp, name: 'Okta' }] };
  expect(await ask(`email=known@${tenant.domain}`)).toEqual(expected);
  expect(await ask(`email=unknown@${tenant.domain}`)).toEqual(expected);
  expect(await ask(`organization=${slug}`)).toEqual(expected);
  const none = { organization: null, required: false, data: [] };
  expect([await ask('email=a@elsewhere.test'), await ask('organization=no-such-slug')]).toEqual([none, none]);
});

test('without a public URL each address says so in one line', async () => {
  const deps = world().deps as { publicUrl: string | null };
  const tenant = await makeTenant(world());
  deps.publicUrl = null;
  try {
    const answer = await browse(world())('GET', `/sso/${tenant.idp}/start`);
    expect(answer).toMatchObject({
      status: 409,
      body: { detail: 'Set HEADGATE_PUBLIC_URL: identity providers send people back to it.' },
    });
  } finally {
    deps.publicUrl = PUBLIC_URL;
  }
});
