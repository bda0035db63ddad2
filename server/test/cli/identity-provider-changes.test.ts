/** Changes of identity providers from the command line, at providers that answer: what waits for a test, certificates, and our signing key. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { endOf } from '../prove/identity-sso-site.ts';
import { createBrowser, type RunningProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import * as saml from '../support/saml-provider.ts';
import { makeTenant, type Tenant } from '../support/tenants.ts';
import { type Caller, callerWithRole } from './support.ts';

const MS_MAX = 180_000;
const SECRET = 'a secret that only the two of them know';

let gateway: Gateway;
let origin: string;
let provider: RunningProvider;
let tenant: Tenant;
/** The commands of an owner of the organization, of one of its admins, and of an owner of another one. */
let mine: Caller;
let admins: Caller;
let others: Caller;
const directory = temporaryDirectory();

beforeAll(async () => {
  const port = await freePort();
  origin = `http://localhost:${port}`;
  gateway = await startGateway({
    env: {
      HEADGATE_PORT: String(port),
      HEADGATE_PUBLIC_URL: origin,
      HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1',
    },
  });
  tenant = await makeTenant(gateway.admin);
  const other = await makeTenant(gateway.admin);
  provider = await startOidcProvider({
    clients: [],
    people: { ada: { email: 'ada@elsewhere.test', email_verified: true, name: 'Ada' } },
  });
  mine = await callerWithRole(gateway, 'org_owner', tenant);
  admins = await callerWithRole(gateway, 'org_admin', tenant);
  others = await callerWithRole(gateway, 'org_owner', other);
}, MS_MAX);
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
}, MS_MAX);

function fileOf(name: string, text: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
}

/** Returns the id of the provider of a protocol. */
function idIn(data: readonly { readonly id: string; readonly protocol: string }[], wanted: string): string {
  const found = data.find(({ protocol }) => protocol === wanted);
  if (found === undefined) throw new Error(`there is no provider by ${wanted}`);
  return found.id;
}

const change = (id: string, ...flags: readonly string[]) => mine.run('identity-providers', 'change', tenant.slug, id, ...flags);
const show = (id: string) => mine.json('identity-providers', 'show', tenant.slug, id);

/** Tests a provider in a browser, and returns what its result says. */
async function testOf(id: string) {
  const { id: testId, open_url } = await mine.json('identity-providers', 'test', tenant.slug, id);
  await endOf(createBrowser(), open_url, origin);
  return mine.run('identity-providers', 'test', tenant.slug, id, `--result=${testId}`);
}

test('a draft without a client id gets it by a change, and what an active provider gets waits for a test', {
  timeout: MS_MAX,
}, async () => {
  const { slug } = tenant;
  const made = await mine.run('identity-providers', 'create', slug, '--name', 'Okta', '--issuer', provider.issuer);
  expect(made.code).toBe(0);
  const [, id = ''] = /^id +(idp_\w+)$/m.exec(made.out) ?? [];
  const [, redirect = ''] = /^redirect URI +(\S+)$/m.exec(made.out) ?? [];
  const entering = `headgate identity-providers change ${slug} ${id} --client-id <id> --client-secret-file <file>`;
  expect(made.err).toBe(`Enter the redirect URI at the provider. It gives a client id; enter that here: ${entering}\n`);
  expect(await mine.run('identity-providers', 'activate', slug, id)).toMatchObject({
    code: 1,
    err: expect.stringContaining('Okta has no client ID yet'),
  });
  // A change of something else says again what is missing.
  expect(await change(id, '--groups-claim', 'groups')).toMatchObject({ code: 0, err: expect.stringContaining(entering) });

  await provider.setClients([
    { client_id: 'headgate', client_secret: SECRET, redirect_uris: [redirect] },
    { client_id: 'second', client_secret: SECRET, redirect_uris: [redirect], token_endpoint_auth_method: 'client_secret_post' },
  ]);
  const entered = await change(id, '--client-id', 'headgate', '--client-secret-file', fileOf('secret', `${SECRET}\n`));
  expect(entered).toMatchObject({
    code: 0,
    err: `It is a draft until a test passes. Next: headgate identity-providers test ${slug} ${id}\n`,
  });
  expect(entered.out).toMatch(/^client id +headgate\nclient secret +yes$/m);
  expect(entered.out).not.toContain(SECRET);
  expect(await show(id)).toMatchObject({ groups_claim: 'groups', config: { issuer: provider.issuer, client_id: 'headgate' } });
  expect(await testOf(id)).toMatchObject({ code: 0 });
  await mine.json('identity-providers', 'activate', slug, id);

  // What the provider gives counts at once, and nothing waits.
  const atOnce = ['--name', 'Okta EU', '--creates-accounts', 'yes', '--default-role', 'org_auditor', '--position', '3'];
  const settings = await change(id, ...atOnce, '--groups-claim=', '--second-factor-values', 'mfa,hwk');
  expect([settings.code, settings.err]).toEqual([0, '']);
  expect(await show(id)).toMatchObject({
    ...{ name: 'Okta EU', creates_accounts: true, default_role: 'org_auditor', position: 3, groups_claim: null },
    ...{ second_factor_values: ['mfa', 'hwk'], state: 'active', next_config: null },
  });

  // A new connection waits. What was not named is as before, also in a second change before the test.
  const waits = await change(id, '--client-id', 'second', '--prompt', 'consent', '--client-authentication', 'client_secret_post');
  expect(waits.err).toBe(
    `People sign in by the configuration of before until a test of the new one passes. New: client_id, prompt, client_authentication. Next: headgate identity-providers test ${slug} ${id}\n`,
  );
  expect(waits.out).toMatch(/^waits for a test +client_id,prompt,client_authentication$/m);
  await change(id, '--scopes', 'openid,email');
  await change(id, '--prompt=');
  expect(await show(id)).toMatchObject({
    state: 'active',
    config: { client_id: 'headgate', scopes: ['openid', 'email', 'profile'] },
  });
  expect((await show(id)).next_config).toEqual({
    ...{ issuer: provider.issuer, client_id: 'second', scopes: ['openid', 'email'] },
    client_authentication: 'client_secret_post',
  });
  expect(await testOf(id)).toMatchObject({ code: 0 });
  const tested = await mine.run('identity-providers', 'show', slug, id);
  expect(tested.out).toMatch(/^client id +second$/m);
  expect(tested.out).toMatch(/^prompt +-\nclient authentication +client_secret_post$/m);
  expect(tested.out).toMatch(/^waits for a test +-$/m);

  // Without its secret the client is public, which waits too; only the secret differs.
  const publicly = await change(id, '--client-secret-file=');
  expect(publicly.err).toContain(' New: client secret. ');
  expect((await testOf(id)).code).toBe(1);
  expect(await show(id)).toMatchObject({ state: 'active', has_client_secret: true });
});

test('the keys of a provider by OpenID Connect are listed and removed, and none is added', { timeout: MS_MAX }, async () => {
  const { slug } = tenant;
  const [{ id }] = (await mine.json('identity-providers', 'list', slug)).data;
  const listed = await mine.run('identity-providers', 'keys', 'list', slug, id);
  expect(listed.out).toMatch(/^id +state +expires +last seen\nfirst +trusted +- +20\d\d-/);
  const removed = await mine.run('identity-providers', 'keys', 'remove', slug, id, 'first');
  expect(removed).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^first +gone /m) });
  expect((await testOf(id)).code).toBe(1);
  expect((await mine.run('identity-providers', 'keys', 'accept', slug, id, 'first')).out).toMatch(/^first +trusted /m);
  const file = fileOf('cert.pem', saml.newSigner().pem);
  expect(await mine.run('identity-providers', 'keys', 'add', slug, id, '--file', file)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('Okta EU speaks OpenID Connect'),
  });
  expect(await mine.run('identity-providers', 'keys', 'remove', slug, id, 'other')).toMatchObject({ code: 3, out: '' });
});

test('a provider by SAML: by hand, by metadata and back, and a removed certificate stays removed', {
  timeout: MS_MAX,
}, async () => {
  const { slug } = tenant;
  const [first, second] = [saml.newSigner(), saml.newSigner()];
  const idp = await saml.startSamlProvider(first, (acs) => acs.replace(/acs$/, 'metadata'));
  try {
    const create = ['identity-providers', 'create', slug, '--name', 'Entra', '--entity-id', idp.entityId];
    const byHand = ['--sso-url', `${idp.url}/sso`, '--certificates-file', fileOf('first.pem', first.pem)];
    const { id, config } = await mine.json(...create, ...byHand, '--email-attribute', 'mail');
    expect(config).toMatchObject({ metadata_url: null, certificates: [first.pem], attributes: { email: 'mail', name: null } });
    const keys = (...words: readonly string[]) => {
      const [word = '', ...rest] = words;
      return mine.run('identity-providers', 'keys', word, slug, id, ...rest);
    };
    const states = async () => {
      const { data } = await mine.json('identity-providers', 'keys', 'list', slug, id);
      return Object.fromEntries(data.map((key: { id: string; state: string }) => [key.id, key.state]));
    };

    const added = await keys('add', '--file', fileOf('second.pem', `# the next one\n${second.pem}`));
    expect(added).toMatchObject({ code: 0, err: expect.stringContaining('It is a draft until a test passes') });
    expect(await states()).toEqual({ [first.id]: 'trusted', [second.id]: 'trusted' });
    // As openssl shows it.
    const fingerprint = (first.id.match(/../g) ?? []).join(':').toUpperCase();
    expect(await keys('remove', fingerprint)).toMatchObject({ code: 0, err: '' });
    expect((await change(id, '--name-id', 'emailAddress', '--email-attribute=', '--name-attribute', 'cn')).code).toBe(0);
    expect((await show(id)).config).toMatchObject({
      ...{ name_id: 'emailAddress', attributes: { email: null, name: 'cn' }, sso_url: `${idp.url}/sso` },
      certificates: [second.pem],
    });
    expect(await states()).toEqual({ [first.id]: 'gone', [second.id]: 'trusted' });
    expect((await keys('remove', second.id)).err).toBe(
      'No certificate is trusted any more, so nobody can sign in through this provider.\n',
    );
    expect((await keys('accept', second.id)).err).toBe('');

    // From the address of its metadata, which lists the first alone, and back.
    expect((await change(id, '--metadata-url', idp.metadataUrl)).code).toBe(0);
    expect((await show(id)).config).toMatchObject({
      ...{ metadata_url: idp.metadataUrl, entity_id: idp.entityId, name_id: 'emailAddress' },
      certificates: [first.pem],
    });
    expect(await states()).toEqual({ [first.id]: 'trusted', [second.id]: 'trusted' });
    expect(await keys('add', '--file', path.join(directory, 'second.pem'))).toMatchObject({
      code: 1,
      err: expect.stringContaining(`are read from ${idp.metadataUrl}`),
    });
    expect(await change(id, '--sso-url', 'https://idp.example/')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--metadata-url= first'),
    });
    expect((await change(id, '--metadata-url=', '--sso-url', `${idp.url}/other`)).code).toBe(0);
    expect((await show(id)).config).toMatchObject({ metadata_url: null, sso_url: `${idp.url}/other`, entity_id: idp.entityId });
    const xml = await (await fetch(idp.metadataUrl)).text();
    expect((await change(id, '--metadata-file', fileOf('metadata.xml', xml))).code).toBe(0);
    expect((await show(id)).config).toMatchObject({ metadata_url: null, sso_url: `${idp.url}/sso` });

    // Our own key, in two steps.
    const signing = (word: string) => mine.run('identity-providers', 'signing-key', word, slug, id);
    const [, present = ''] = /^([0-9a-f]{64}) +20\S+ +yes$/m.exec((await signing('show')).out) ?? [];
    expect(present).not.toBe('');
    expect(await signing('switch')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('There is no next key') });
    const next = await signing('add');
    expect(next).toMatchObject({ code: 0, err: expect.stringContaining('read our metadata') });
    const [, following = ''] = /^([0-9a-f]{64}) +20\S+ +no$/m.exec(next.out) ?? [];
    const switched = await signing('switch');
    expect(switched).toMatchObject({ code: 0, err: expect.stringContaining('Test the connection') });
    expect(switched.out).toMatch(new RegExp(`^${following} +20\\S+ +yes$`, 'm'));
    expect(switched.out).not.toContain(present);
    expect(switched.out).not.toContain('PRIVATE');
  } finally {
    await idp.stop();
  }
});

test('a change that is wrong is refused with words, and changes nothing', { timeout: MS_MAX }, async () => {
  const { data } = await mine.json('identity-providers', 'list', tenant.slug);
  const [oidc, byMetadata] = [idIn(data, 'oidc'), idIn(data, 'saml')];
  const at = ['identity-providers', 'change', tenant.slug];
  const add = ['identity-providers', 'keys', 'add', tenant.slug, byMetadata];
  const table: readonly (readonly [readonly string[], number, string])[] = [
    [[...at, oidc], 2, 'Nothing to change'],
    [[...at, oidc, '--client-secret', SECRET], 2, '--client-secret'],
    [[...at, oidc, '--metadata-url', 'https://idp.example/'], 2, '--metadata-url is of SAML, and Okta EU speaks OpenID Connect.'],
    [[...at, byMetadata, '--client-id', 'x'], 2, '--client-id is of OpenID Connect, and Entra speaks SAML.'],
    [[...at, byMetadata, '--metadata-url', 'https://idp.example/', '--metadata-file', '/dev/null'], 2, 'cannot be combined'],
    [[...at, oidc, '--creates-accounts', 'perhaps'], 2, '--creates-accounts must be yes or no.'],
    [[...at, oidc, '--position', 'first'], 2, '--position'],
    [[...at, oidc, '--client-secret-file', '/dev/null'], 2, 'is empty'],
    [[...at, oidc, '--name='], 1, 'name'],
    [[...at, oidc, '--prompt', 'none'], 1, 'must be one of login, select_account, consent'],
    [[...at, oidc, '--client-authentication', 'private_key_jwt'], 1, 'client_secret_basic'],
    [[...at, oidc, '--scopes', 'email'], 1, 'openid'],
    [[...at, oidc, '--issuer', 'http://127.0.0.1:9'], 1, '127.0.0.1:9'],
    [[...at, oidc, '--default-role', 'platform_admin'], 1, 'default_role'],
    [[...at, byMetadata, '--name-id', 'transient'], 1, 'name_id'],
    [add, 2, '--file is needed.'],
    [[...add, '--file', '/dev/null'], 2, '--file has no certificate.'],
    [[...add, '--file', fileOf('weak.pem', saml.newSigner({ bits: 1_024 }).pem)], 1, '1024 bits'],
    [['identity-providers', 'signing-key', 'add', tenant.slug, oidc], 1, 'Only SAML providers'],
  ];
  for (const [argv, expected, words] of table) {
    const { code, out, err } = await mine.run(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: expected, out: '' });
    expect(err).toContain(words);
    expect(err).not.toContain(SECRET);
  }
  expect((await mine.json('identity-providers', 'list', tenant.slug)).data).toEqual(data);
});

test('who may not, and another tenant, change nothing, and are told so with exit code 3', { timeout: MS_MAX }, async () => {
  const { slug, organizationId } = tenant;
  const { data } = await mine.json('identity-providers', 'list', slug);
  const [oidc, entra] = [idIn(data, 'oidc'), idIn(data, 'saml')];
  const file = fileOf('other.pem', saml.newSigner().pem);
  const all = (place: string) => [
    ['change', place, oidc, '--name', 'Theirs'],
    ['change', place, oidc, '--client-id', 'theirs'],
    ['keys', 'list', place, entra],
    ['keys', 'add', place, entra, '--file', file],
    ['keys', 'accept', place, oidc, 'first'],
    ['keys', 'remove', place, oidc, 'first'],
    ['signing-key', 'show', place, entra],
    ['signing-key', 'add', place, entra],
    ['signing-key', 'switch', place, entra],
  ];
  for (const words of all(slug))
    expect([words, await admins.run('identity-providers', ...words)]).toEqual([
      words,
      { code: 3, out: '', err: expect.stringContaining('identity.manage') },
    ]);
  for (const words of [...all(slug), ...all(organizationId)]) {
    const { code, out, err } = await others.run('identity-providers', ...words);
    expect([words, code, out]).toEqual([words, 3, '']);
    expect(err).toMatch(/There is no (such )?(organization|object)/);
  }
  expect((await mine.json('identity-providers', 'list', slug)).data).toEqual(data);
});
