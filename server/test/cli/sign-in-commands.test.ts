/** Single sign-on from the command line: domains, identity providers, the sign-in policy, group mappings and links, with real parts. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAuthenticator } from '../identity/authenticator.ts';
import { must, said } from '../logins/site.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { endOf } from '../prove/identity-sso-site.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { createBrowser, type RunningProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import { newSigner, startSamlProvider } from '../support/saml-provider.ts';
import { makeTenant, type Person, signUp, type Tenant } from '../support/tenants.ts';
import { type Caller, callerWithRole, headgateWithInput } from './support.ts';

const MS_MAX = 180_000;
const SECRET = 'a secret that only the two of them know';
const PASSWORD = 'correct horse battery 7';

let gateway: Gateway;
let origin: string;
let dns: DnsServer;
let provider: RunningProvider;
let tenant: Tenant;
let owner: Person;
/** The commands of an owner of the organization, of one of its admins, and of an owner of another one. */
let mine: Awaited<ReturnType<typeof callerWithRole>>;
let admins: Caller;
let others: Caller;
let secretFile: string;

beforeAll(async () => {
  dns = await startDnsServer();
  // Passkeys need a host with a name.
  const port = await freePort();
  origin = `http://localhost:${port}`;
  gateway = await startGateway({
    env: {
      HEADGATE_PORT: String(port),
      HEADGATE_PUBLIC_URL: origin,
      HEADGATE_DNS_SERVERS: dns.address,
      HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1',
    },
  });
  tenant = await makeTenant(gateway.admin);
  const other = await makeTenant(gateway.admin);
  owner = await signUp({ base: origin, root: gateway.admin }, 'org_owner', tenant.teams[0]);
  provider = await startOidcProvider({
    clients: [],
    people: { owner: { email: owner.email, email_verified: true, name: 'Olga Owner', groups: ['support'] } },
  });
  mine = await callerWithRole(gateway, 'org_owner', tenant);
  admins = await callerWithRole(gateway, 'org_admin', tenant);
  others = await callerWithRole(gateway, 'org_owner', other);
  secretFile = path.join(temporaryDirectory(), 'secret');
  writeFileSync(secretFile, `${SECRET}\n`);
}, MS_MAX);
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  await dns?.close();
}, MS_MAX);

/** Gives the owner a passkey, as their browser does. */
async function addPasskey(): Promise<void> {
  const browser = createBrowser({ origin, 'content-type': 'application/json' });
  const post = async (at: string, body: object) =>
    must(await said(await browser.open(`${origin}/api/v1${at}`, { method: 'POST', body: JSON.stringify(body) })));
  await post('/session/sign-in', { email: owner.email, password: PASSWORD });
  const device = makeAuthenticator({ rpId: 'localhost', origin });
  const options = await post('/session/passkeys/options', { password: PASSWORD });
  await post('/session/passkeys', { name: 'Phone', response: device.create(options) });
}

test('domains: add prints the record to make, check says what the DNS answered, list, remove', { timeout: MS_MAX }, async () => {
  const added = await mine.run('domains', 'add', tenant.slug, 'HeadGate.Test.');
  expect(added.code).toBe(0);
  expect(added.out).toMatch(
    /^record type +TXT\nrecord name +_headgate\.headgate\.test\nrecord value +headgate-verify=[0-9a-f]{32}$/m,
  );
  expect(added.err).toBe(`Create this record, then: headgate domains check ${tenant.slug} headgate.test\n`);
  const [, value = ''] = /^record value +(\S+)$/m.exec(added.out) ?? [];

  const check = () => mine.run('domains', 'check', tenant.slug, 'headgate.test');
  expect(await check()).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/^headgate: headgate\.test is pending\. There is no TXT record at _headgate\.headgate\.test\. /),
  });
  dns.set('_headgate.headgate.test', ['something else']);
  expect((await check()).err).toContain(`says "something else". Expected is ${value}.`);
  const asJson = await mine.run('domains', 'check', tenant.slug, 'headgate.test', '--json');
  expect([asJson.code, JSON.parse(asJson.out).state]).toEqual([1, 'pending']);
  dns.set('_headgate.headgate.test', [value]);
  const found = await check();
  expect(found).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^state +verified$/m) });
  expect(found.out).toMatch(/^DNS answered +the record at _headgate\.headgate\.test$/m);

  await mine.json('domains', 'add', tenant.slug, 'second.example');
  const listed = await mine.run('domains', 'list', tenant.slug, '--limit', '1');
  expect(listed).toMatchObject({ code: 0, err: '1 of 2; more with --limit\n' });
  expect(listed.out).toMatch(/^headgate\.test +verified .* found the record$/m);
  expect(await mine.run('domains', 'remove', tenant.slug, 'second.example')).toEqual({
    code: 0,
    out: '',
    err: 'second.example was removed.\n',
  });
  expect((await mine.json('domains', 'list', tenant.slug)).data).toHaveLength(1);
  expect(await mine.run('domains', 'remove', tenant.slug, 'second.example')).toMatchObject({ code: 3, out: '' });
  expect(await mine.run('domains', 'add', tenant.slug, 'com')).toMatchObject({ code: 1, out: '' });
});

test('identity providers: a wrong command line is refused before anything is sent', async () => {
  const create = ['identity-providers', 'create', tenant.slug, '--name', 'Okta'];
  const oidc = ['--issuer', provider.issuer, '--client-id', 'headgate'];
  const table: readonly (readonly [readonly string[], string])[] = [
    [create, '--issuer for OpenID Connect'],
    [[...create, '--client-id', 'headgate'], '--issuer is needed.'],
    [[...create, ...oidc, '--metadata-url', 'https://idp.example/'], '--issuer is of OpenID Connect, and --metadata-url of SAML'],
    [[...create, '--name-id', 'persistent'], '--metadata-url or --metadata-file'],
    [[...create, '--entity-id', 'https://idp.example', '--sso-url', 'https://idp.example/'], '--certificates-file is needed.'],
    [
      [...create, '--metadata-url', 'https://idp.example/', '--sso-url', 'https://idp.example/'],
      '--sso-url is for a provider without',
    ],
    [[...create, ...oidc, '--client-secret-file', '/nowhere'], '--client-secret-file: /nowhere cannot be read (ENOENT)'],
    [[...create, ...oidc, '--client-secret-file', '/dev/null'], 'is empty'],
    [[...create, ...oidc, '--client-secret-file', '/dev/zero'], 'has more than 1048576 bytes'],
    [[...create, ...oidc, '--client-secret', SECRET], '--client-secret'],
    [['identity-providers', 'create', tenant.slug, ...oidc], '--name is needed.'],
  ];
  for (const [argv, words] of table) {
    const { code, out, err } = await mine.run(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
    expect(err).toContain(words);
    expect(err).not.toContain(SECRET);
  }
  expect((await mine.json('identity-providers', 'list', tenant.slug)).data).toEqual([]);
  const away = ['--issuer', 'http://127.0.0.1:9', '--client-id', 'headgate'];
  expect(await mine.run(...create, ...away)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('127.0.0.1:9') });
});

test('a provider by OpenID Connect: created, tested in a browser, active, required, and the ways back', {
  timeout: MS_MAX,
}, async () => {
  const { slug } = tenant;
  const made = await headgateWithInput(
    `${SECRET}\n`,
    { HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: mine.token },
    ...['identity-providers', 'create', slug, '--name', 'Okta', '--issuer', provider.issuer, '--client-id', 'headgate'],
    ...['--client-secret-file', '-', '--groups-claim', 'groups', '--creates-accounts', '--default-role', 'org_member'],
  );
  expect(made.code).toBe(0);
  expect(made.out + made.err).not.toContain(SECRET);
  expect(made.out).toMatch(/^client secret +yes$/m);
  const [, id = ''] = /^id +(idp_\w+)$/m.exec(made.out) ?? [];
  const [, redirect = ''] = /^redirect URI +(\S+)$/m.exec(made.out) ?? [];
  expect([redirect, made.err]).toEqual([
    `${origin}/api/v1/sso/${id}/callback`,
    `Enter the redirect URI at the provider, then: headgate identity-providers test ${slug} ${id}\n`,
  ]);
  await provider.setClients([{ client_id: 'headgate', client_secret: SECRET, redirect_uris: [redirect] }]);
  expect(await mine.run('identity-providers', 'activate', slug, id)).toMatchObject({
    code: 1,
    err: expect.stringContaining('Test the configuration first'),
  });

  const mapping = await mine.run('group-mappings', 'add', slug, '--source', id, '--group', 'support', '--role', 'org_auditor');
  expect(mapping).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^group +support\nrole +org_auditor$/m) });

  // The test begins here, and a browser that has nothing of it takes it.
  const started = await mine.run('identity-providers', 'test', slug, id);
  const [, testId = ''] = /^test +(\S+)$/m.exec(started.out) ?? [];
  const [, open = ''] = /^open +(\S+)$/m.exec(started.out) ?? [];
  expect(started.err).toContain(`headgate identity-providers test ${slug} ${id} --result=${testId}\n`);
  const result = () => mine.run('identity-providers', 'test', slug, id, `--result=${testId}`);
  expect(await result()).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Nobody has come back') });
  expect(await endOf(createBrowser(), open, origin)).toBe(`/sign-in?sso=tested&test=${testId}`);
  const passed = await result();
  expect(passed.code).toBe(0);
  expect(passed.out).toMatch(/^check +ok +found\ndiscovery +yes +read at /);
  expect(passed.out).toMatch(/^signature +yes +signed by kid first with RS256$/m);
  expect(passed.err).toMatch(/^The test passed\. Olga Owner would /);
  expect(await mine.json('identity-providers', 'test', slug, id, `--result=${testId}`)).toMatchObject({
    state: 'passed',
    claims: { sub: 'owner' },
  });
  expect(await mine.run('identity-providers', 'activate', slug, id)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^state +active$/m),
  });

  // The owner comes in through it, and is linked.
  await gateway.admin('POST', `/accounts/${owner.accountId}/vouch`, { reason: 'Known to the platform.' });
  await addPasskey();
  const require = ['sign-in-policy', 'set', slug, '--sign-in', 'sso', '--break-glass', owner.email.toUpperCase()];
  expect(await mine.run(...require)).toMatchObject({ code: 1, err: expect.stringContaining('in the last 24 hours') });
  expect(await endOf(createBrowser(), `${origin}/api/v1/sso/${id}/start?return_to=/keys`, origin)).toBe('/keys');
  const links = await mine.run('identity-links', 'list', slug, '--provider', id);
  expect(links.out).toMatch(new RegExp(`^${id} +owner +${owner.accountId} `, 'm'));

  const shown = await mine.run('sign-in-policy', 'show', slug);
  expect(shown.out).toMatch(/^sign-in +any$/m);
  expect(shown.out).toMatch(/^an owner came through one +20\d\d-/m);
  const tried = await mine.run(...require, '--dry-run');
  expect(tried).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^members +\d+\nof these never came through a provider +\d+$/m),
  });
  expect(await mine.json('sign-in-policy', 'show', slug)).toMatchObject({ sign_in: 'any', version: 0 });
  const required = await mine.run(...require, '--idle-minutes', '30');
  expect(required.out).toMatch(/^sign-in +sso$/m);
  expect(required.out).toContain(`${owner.email} (1 passkey)`);
  expect(await mine.json('sign-in-policy', 'set', slug, '--second-factor', 'idp_or_own')).toMatchObject({
    sign_in: 'sso',
    second_factor: 'idp_or_own',
    idle_minutes: 30,
    break_glass: [{ account_id: owner.accountId }],
  });

  for (const word of ['switch-off', 'delete'])
    expect(await mine.run('identity-providers', word, slug, id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Set the sign-in policy to “any” first'),
    });
  await mine.json('sign-in-policy', 'set', slug, '--sign-in', 'any', '--break-glass', 'none', '--idle-minutes', 'off');
  const rehearsed = await mine.run('identity-providers', 'switch-off', slug, id, '--dry-run');
  expect(rehearsed).toMatchObject({ code: 0, err: '', out: 'browsers that must sign in again  1\n' });
  expect((await mine.json('identity-providers', 'show', slug, id)).state).toBe('active');
  expect((await mine.run('identity-providers', 'switch-off', slug, id)).out).toMatch(/^state +off$/m);

  expect((await mine.run('identity-links', 'remove', slug, '--provider', id)).code).toBe(2);
  const unlink = ['identity-links', 'remove', slug, '--provider', id, '--subject', 'owner'];
  expect(await mine.run(...unlink)).toEqual({ code: 0, out: '', err: 'The link of "owner" was removed.\n' });
  expect(await mine.run(...unlink)).toMatchObject({ code: 3 });

  const [{ id: mappingId }] = (await mine.json('group-mappings', 'list', slug, '--source', id)).data;
  expect((await mine.run('group-mappings', 'remove', slug, mappingId)).code).toBe(0);
  expect((await mine.json('group-mappings', 'list', slug)).data).toEqual([]);
  expect(await mine.run('identity-providers', 'delete', slug, id)).toMatchObject({ code: 0, err: `${id} was deleted.\n` });
  expect(await mine.run('identity-providers', 'show', slug, id)).toMatchObject({ code: 3, out: '' });
});

test('the address of a test is of no use without its key, at another provider, for a sign-in, or twice', {
  timeout: MS_MAX,
}, async () => {
  const create = (name: string) =>
    mine.json(
      ...['identity-providers', 'create', tenant.slug, '--name', name, '--issuer', provider.issuer],
      ...['--client-id', 'headgate', '--client-secret-file', secretFile],
    );
  const [one, two] = [await create('One'), await create('Two')];
  await provider.setClients([{ client_id: 'headgate', client_secret: SECRET, redirect_uris: [one.redirect_url] }]);
  const started = await mine.json('identity-providers', 'test', tenant.slug, one.id);
  const url = new URL(started.open_url);
  const changed = (change: (url: URL) => void) => {
    const other = new URL(url);
    change(other);
    return other.href;
  };
  const wrong = [
    changed(({ searchParams }) => searchParams.set('key', 'A'.repeat(43))),
    changed(({ searchParams }) => searchParams.set('key', `${searchParams.get('key')}x`)),
    changed(({ searchParams }) => searchParams.set('id', 'A'.repeat(43))),
    changed((at) => {
      at.pathname = at.pathname.replace(one.id, two.id);
    }),
  ];
  for (const address of wrong) {
    const answer = await createBrowser().open(address);
    expect([address, answer.status, answer.headers.getSetCookie()]).toEqual([address, 303, []]);
    expect(answer.headers.get('location')).toMatch(/^\/sign-in\?sso=flow_unknown/);
  }
  // A browser without the cookie still cannot come back, also with the address of the provider.
  const stranger = createBrowser();
  const back = await stranger.follow(started.location, one.redirect_url);
  expect((await stranger.open(back)).headers.get('location')).toMatch(/^\/sign-in\?sso=flow_unknown/);
  const browser = createBrowser();
  expect(await endOf(browser, url.href, origin)).toBe(`/sign-in?sso=tested&test=${started.id}`);
  expect((await browser.open(url.href)).headers.get('location')).toMatch(/^\/sign-in\?sso=flow_unknown/);
  expect([...browser.cookiesOf(url.href)]).toEqual([]);
});

test('a provider by SAML, from the address of its metadata and from a file', { timeout: MS_MAX }, async () => {
  const saml = await startSamlProvider(newSigner(), (acs) => acs.replace(/acs$/, 'metadata'));
  try {
    const create = ['identity-providers', 'create', tenant.slug, '--name', 'Entra'];
    const made = await mine.run(...create, '--metadata-url', saml.metadataUrl, '--name-id', 'emailAddress');
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('Enter our ACS URL and our entity id') });
    expect(made.out).toMatch(new RegExp(`^entity id of the provider +${saml.entityId}$`, 'm'));
    const [, id = ''] = /^id +(idp_\w+)$/m.exec(made.out) ?? [];
    expect(made.out).toMatch(new RegExp(`^our ACS URL +${origin}/api/v1/sso/${id}/acs$`, 'm'));
    const file = path.join(temporaryDirectory(), 'metadata.xml');
    writeFileSync(file, await (await fetch(saml.metadataUrl)).text());
    expect(await mine.json(...create, '--metadata-file', file)).toMatchObject({
      protocol: 'saml',
      config: { entity_id: saml.entityId, metadata_url: null, name_id: 'persistent' },
    });
    const both = await mine.run(...create, '--metadata-file', file, '--metadata-url', saml.metadataUrl);
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('and not both') });
    writeFileSync(file, '<html/>');
    expect(await mine.run(...create, '--metadata-file', file)).toMatchObject({ code: 1, out: '' });
  } finally {
    await saml.stop();
  }
});

test('a policy and a mapping that are wrong are refused with words', async () => {
  const set = ['sign-in-policy', 'set', tenant.slug];
  const add = ['group-mappings', 'add', tenant.slug, '--source', 'scim', '--group', 'x'];
  const table: readonly (readonly [readonly string[], number, string])[] = [
    [set, 2, 'Nothing to change'],
    [[...set, '--asks-again', 'maybe'], 2, '--asks-again must be yes or no.'],
    [[...set, '--idle-minutes', 'never'], 2, '--idle-minutes'],
    [[...set, '--break-glass', 'Olga'], 2, '--break-glass wants accounts'],
    [[...set, '--break-glass', 'nobody@headgate.test'], 1, 'nobody@headgate.test is no owner'],
    [[...set, '--sign-in', 'never'], 1, 'sign_in'],
    [[...set, '--sign-in', 'sso'], 1, 'one to 3 owners'],
    [add, 2, '--role is needed.'],
    [[...add, '--role', 'team_developer'], 2, 'needs --team'],
    [[...add, '--role', 'org_member', '--team', tenant.teams[0].teamId], 2, 'goes without it'],
    [[...add, '--role', 'platform_admin'], 1, 'role'],
  ];
  for (const [argv, expected, words] of table) {
    const { code, out, err } = await mine.run(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: expected, out: '' });
    expect(err).toContain(words);
  }
  const inTeam = [...add, '--role', 'team_developer', '--team', tenant.teams[0].teamId];
  expect((await mine.run(...inTeam)).out).toMatch(new RegExp(`^role +team_developer\nteam +${tenant.teams[0].teamName}$`, 'm'));
});

test('who may not, and another tenant, are told so with exit code 3, and nothing changes', async () => {
  const { slug, organizationId } = tenant;
  const { data } = await mine.json('identity-providers', 'list', slug);
  const [{ id }] = data;
  const ofOwners = [
    ['domains', 'list'],
    ['domains', 'add', 'x.example'],
    ['domains', 'check', 'headgate.test'],
    ['domains', 'remove', 'headgate.test'],
    ['identity-providers', 'list'],
    ['identity-providers', 'create', '--name', 'X', '--issuer', 'https://idp.example', '--client-id', 'x'],
    ['identity-providers', 'show', id],
    ['identity-providers', 'test', id],
    ['identity-providers', 'activate', id],
    ['identity-providers', 'switch-off', id],
    ['identity-providers', 'delete', id],
    ['sign-in-policy', 'show'],
    ['sign-in-policy', 'set', '--evidence-hours', '1'],
    ['identity-links', 'list'],
    ['identity-links', 'remove', '--provider', id, '--subject', 'owner'],
  ];
  const ofAdmins = [
    ['group-mappings', 'list'],
    ['group-mappings', 'add', '--source', 'scim', '--group', 'x', '--role', 'org_member'],
    ['group-mappings', 'remove', 'map_1'],
  ];
  const at = ([group = '', word = '', ...rest]: readonly string[], place: string) => [group, word, place, ...rest];
  for (const words of ofOwners)
    expect([words, await admins.run(...at(words, slug))]).toEqual([
      words,
      { code: 3, out: '', err: expect.stringMatching(/identity\.manage/) },
    ]);
  for (const words of [...ofOwners, ...ofAdmins]) {
    // By its slug it is not seen, and by its id it is the same as one that does not exist.
    for (const place of [slug, organizationId]) {
      const { code, out, err } = await others.run(...at(words, place));
      expect([words, code, out]).toEqual([words, 3, '']);
      expect(err).toMatch(/There is no (such )?(organization|object)/);
    }
  }
  expect((await admins.run('group-mappings', 'list', slug)).code).toBe(0);
  expect((await mine.json('identity-providers', 'list', slug)).data).toEqual(data);
  expect((await mine.json('domains', 'list', slug)).data).toHaveLength(1);
});
