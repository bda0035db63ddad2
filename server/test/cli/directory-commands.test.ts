/** SCIM tokens and what a directory told, logins and who may make them, and the keys that people hold, from the command line. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoginSite, loginByDevice, openLoginSite, withToken } from '../logins/site.ts';
import { temporaryDirectory } from '../prove/gateway.ts';
import { directoryOf, GROUP, mustScim, personBody } from '../scim/support.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { signUp } from '../support/tenants.ts';
import { type Caller, callerWithRole } from './support.ts';

const MS_MAX = 180_000;
let site: LoginSite;
let dns: DnsServer;
/** The commands of an admin of the organization, of somebody who only looks, and of an owner of another organization. */
let mine: Caller;
let auditor: Caller;
let others: Caller;

beforeAll(async () => {
  dns = await startDnsServer();
  site = await openLoginSite({ HEADGATE_DNS_SERVERS: dns.address });
  const { gateway, tenant, other } = site;
  mine = await callerWithRole(gateway, 'org_admin', tenant);
  auditor = await callerWithRole(gateway, 'org_auditor', tenant);
  others = await callerWithRole(gateway, 'org_owner', other);
  const at = `/organizations/${tenant.organizationId}/domains`;
  const { record_name, record_value } = await gateway.admin<Record<string, string>>('POST', at, { domain: 'corp.example' });
  dns.set(record_name ?? '', [record_value ?? '']);
  await gateway.admin('POST', `${at}/corp.example/check`);
}, MS_MAX);
afterAll(async () => {
  await site?.stop();
  await dns?.close();
}, MS_MAX);

test('a SCIM token is printed once, works, and is revoked', { timeout: MS_MAX }, async () => {
  const { gateway, tenant } = site;
  expect(await mine.run('scim', 'tokens', 'create', tenant.slug)).toMatchObject({
    code: 2,
    err: expect.stringContaining('--name'),
  });
  const made = await mine.run('scim', 'tokens', 'create', tenant.slug, '--name', 'Okta', '--expires-at', '2099-01-31T00:00:00Z');
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('is not shown again') });
  const [, id = ''] = /^id +(\S+)$/m.exec(made.out) ?? [];
  const [, token = ''] = /^token +(hgscim_\S+)$/m.exec(made.out) ?? [];
  const scim = directoryOf(gateway.base, token);
  expect((await scim('GET', '/Users')).status).toBe(200);
  const second = await mine.json('scim', 'tokens', 'create', tenant.slug, '--name', 'Next');
  expect(await mine.run('scim', 'tokens', 'create', tenant.slug, '--name', 'Third')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('2 active SCIM tokens'),
  });
  const listed = await mine.run('scim', 'tokens', 'list', tenant.slug);
  expect(listed.out).toMatch(new RegExp(`^${id} +Okta +${token.slice(-4)} +active +2099-01-31T`, 'm'));
  for (const secret of [token, second.token]) expect(listed.out + listed.err).not.toContain(secret);
  expect((await mine.run('scim', 'tokens', 'list', tenant.slug, '--limit', '1')).err).toBe('1 of 2; more with --limit\n');
  expect(await mine.run('scim', 'tokens', 'revoke', tenant.slug, second.id)).toMatchObject({ code: 0, out: '' });
  expect((await directoryOf(gateway.base, second.token)('GET', '/Users')).status).toBe(401);
});

test('people, groups and refused changes of a directory', { timeout: MS_MAX }, async () => {
  const { gateway, tenant } = site;
  const { token } = await mine.json('scim', 'tokens', 'create', tenant.slug, '--name', 'Directory');
  const scim = directoryOf(gateway.base, token);
  const grace = mustScim(await scim('POST', '/Users', personBody('grace@corp.example', { externalId: 'ext-1' })));
  mustScim(await scim('POST', '/Users', personBody('hedy@corp.example', { active: false })));
  const group = mustScim(
    await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'Support', members: [{ value: grace.id }] }),
  );
  expect((await scim('POST', '/Users', personBody('eve@elsewhere.example'))).status).toBe(400);

  const people = await mine.run('scim', 'people', 'list', tenant.slug, '--search', 'grace');
  expect(people).toMatchObject({ code: 0, err: '' });
  expect(people.out).toMatch(/ +grace@corp\.example +grace@corp\.example +active +acct_\w+ +ext-1$/m);
  expect(people.out).not.toContain('hedy');
  expect((await mine.json('scim', 'people', 'list', tenant.slug, '--state', 'inactive')).data).toMatchObject([
    { user_name: 'hedy@corp.example' },
  ]);
  const { teamId, teamName } = tenant.teams[0];
  const mapping = ['--source', 'scim', '--group', group.id, '--role', 'team_developer', '--team', teamId];
  expect((await mine.run('group-mappings', 'add', tenant.slug, ...mapping)).code).toBe(0);
  // A mapping is shown by the group's name, and has the id for programs.
  const mappings = await mine.run('group-mappings', 'list', tenant.slug, '--source', 'scim');
  expect(mappings.out).toMatch(new RegExp(`^map_\\w+ +scim +Support +team_developer +${teamName} `, 'm'));
  expect((await mine.json('group-mappings', 'list', tenant.slug, '--source', 'scim')).data).toMatchObject([
    { value: group.id, group_name: 'Support' },
  ]);
  const groups = await mine.run('scim', 'groups', 'list', tenant.slug);
  expect(groups.out).toMatch(new RegExp(`^${group.id} +Support +1 +team_developer in ${teamName}`, 'm'));
  expect((await mine.run('scim', 'refused', 'list', tenant.slug)).out).toMatch(
    / 1 +POST Users +eve@elsewhere\.example +400 +The address eve@elsewhere\.example is not in a domain/,
  );
  const shown = await mine.run('scim', 'show', tenant.slug);
  expect(shown.out).toMatch(new RegExp(`^address +${gateway.base}/scim/v2$`, 'm'));
  expect(shown.out).toMatch(/^people +2\ngroups +1\n/m);
  expect(shown.out).toMatch(/^verified domains +corp\.example$/m);
});

test('logins of an organization and of a team: listed, and ended at once', { timeout: MS_MAX }, async () => {
  const { gateway, tenant, ada } = site;
  const [first, second] = tenant.teams;
  const { access_token: token } = await loginByDevice(gateway, ada, first.teamId, 'laptop');
  const ofTeam = await mine.run('logins', 'list', '--team', first.teamId);
  expect(ofTeam).toMatchObject({ code: 0, err: '' });
  const [, id = ''] =
    new RegExp(`^(key_\\w+) +${ada.email} +${tenant.slug} +${first.teamName} +laptop +claude_code `, 'm').exec(ofTeam.out) ?? [];
  expect(id).not.toBe('');
  expect(ofTeam.out).not.toContain(token);
  expect((await mine.json('logins', 'list', '--organization', tenant.slug)).data).toMatchObject([{ id, status: 'active' }]);
  expect((await mine.json('logins', 'list', '--team', second.teamId)).data).toEqual([]);
  // Another tenant sees nothing of it, and cannot end it.
  expect((await others.json('logins', 'list')).data).toEqual([]);
  expect(await others.run('logins', 'list', '--organization', tenant.slug)).toMatchObject({ code: 3, out: '' });
  expect(await others.run('logins', 'end', id)).toMatchObject({ code: 3, out: '' });
  expect((await withToken(gateway, token)).status).toBe(200);
  expect(await mine.run('logins', 'end', first.key.id)).toMatchObject({ code: 3, err: expect.stringContaining('no such login') });
  expect((await auditor.json('logins', 'list')).data).toEqual([]);
  expect(await auditor.run('logins', 'end', id)).toMatchObject({ code: 3, out: '', err: expect.stringContaining('keys.manage') });
  expect(await mine.run('logins', 'end', id)).toEqual({ code: 0, out: '', err: `The login ${id} was ended.\n` });
  expect((await withToken(gateway, token)).status).toBe(401);
});

test('keys list finds the people who hold a long-lived key, and the keys of logins', { timeout: MS_MAX }, async () => {
  const { gateway, tenant, ada } = site;
  const [first] = tenant.teams;
  await loginByDevice(gateway, ada, first.teamId, 'desk');
  const held = ['keys', 'list', '--team', first.teamId, '--kind', 'api', '--owned-by', 'person', '--status', 'active'];
  const { data } = await mine.json(...held);
  expect(data).toMatchObject([{ id: first.developer.key.id, owner: { account_id: first.developer.accountId } }]);
  const services = await mine.json('keys', 'list', '--team', first.teamId, '--owned-by', 'service_account');
  expect(services.data).toMatchObject([{ id: first.key.id }]);
  const logins = await mine.json('keys', 'list', '--team', first.teamId, '--kind', 'login', '--status', 'active');
  expect(logins.data).toMatchObject([{ kind: 'login', owner: { account_id: ada.accountId } }]);
  expect(await mine.run('keys', 'list', '--kind', 'hand')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('kind'),
  });
  expect((await mine.json('keys', 'list', '--team', first.teamId, '--unused-days', '1')).data).toEqual([]);
});

test('an organization and a team say who may log in', { timeout: MS_MAX }, async () => {
  const { gateway, tenant } = site;
  const [first] = tenant.teams;
  // Each person may look up a few codes in a while.
  const grace = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', first);
  const owner = await callerWithRole(gateway, 'org_owner', tenant);
  const login = () => loginByDevice(gateway, grace, first.teamId);
  expect((await mine.run('login-policy', 'show', tenant.slug)).out).toBe('allowed logins  any\n');
  expect((await owner.run('login-policy', 'set', tenant.slug, '--logins', 'loopback')).out).toBe('allowed logins  loopback\n');
  await expect(login()).rejects.toThrow('only in a browser on the same machine');
  await owner.json('login-policy', 'set', tenant.organizationId, '--logins', 'any');
  await login();

  const before = await mine.json('self-service', 'show', first.teamId);
  const limits = ['--keys-max', '500', '--expiry-days-max', '60', '--budget', '20.00'];
  const only = await mine.run('self-service', 'set', first.teamId, '--developers-can', 'logins', ...limits);
  expect(only).toEqual({
    code: 0,
    out: expect.stringMatching(
      /^developers can +log in, but create no keys\nmost keys or logins of each +500\ndays until each must end +60\nmost that each may spend +20\.00 USD per month$/m,
    ),
    err: '',
  });
  const quarterly = ['--developers-can', 'nothing', '--keys-max=', '--budget', '90', '--budget-period', 'quarter'];
  expect((await mine.json('self-service', 'set', first.teamId, ...quarterly)).self_service).toEqual({
    ...{ enabled: false, logins_only: false, max_keys_per_member: null, max_expiry_days: 60 },
    max_budget: { amount: '90.00', period: 'quarter' },
  });
  await expect(login()).rejects.toThrow('does not allow logins');
  const { self_service } = await mine.json(
    ...['self-service', 'set', first.teamId, '--developers-can', 'keys', '--budget=', '--expiry-days-max='],
    ...['--keys-max', String(before.self_service.max_keys_per_member)],
  );
  expect(self_service).toEqual(before.self_service);
  await login();
});

test('managed settings are shown, tried, replaced and deleted', { timeout: MS_MAX }, async () => {
  const { gateway, tenant } = site;
  const [first] = tenant.teams;
  // Each person may look up a few codes in a while.
  const grace = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', first);
  const owner = await callerWithRole(gateway, 'org_owner', tenant);
  const { access_token: token } = await loginByDevice(gateway, grace, first.teamId);
  const fetched = async () => (await withToken(gateway, token, '/managed/settings')).body.settings;
  const ofTeam = ['--team', first.teamId];
  expect(await mine.run('managed-settings', 'show', ...ofTeam)).toEqual({
    code: 0,
    out: '',
    err: 'No managed settings are set here.\n',
  });
  const settings = { apiKeyHelper: 'print-a-key', model: 'team\u009b31m' };
  const file = path.join(temporaryDirectory(), 'managed-settings.json');
  writeFileSync(file, JSON.stringify(settings));
  expect(await mine.run('managed-settings', 'set', ...ofTeam, '--file', file, '--dry-run')).toEqual({
    code: 0,
    out: 'part          it\napiKeyHelper  runs programs on people’s machines\n',
    err: 'These fields would change: apiKeyHelper, model.\n',
  });
  expect((await mine.json('managed-settings', 'show', ...ofTeam)).settings).toBeNull();
  expect((await mine.run('managed-settings', 'set', ...ofTeam, '--file', file)).out).toMatch(
    /^fields +apiKeyHelper,model\nlook twice at +apiKeyHelper \(runs programs on people’s machines\)$/m,
  );
  const shown = await mine.run('managed-settings', 'show', ...ofTeam);
  expect(shown.err).toBe('Look twice at apiKeyHelper (runs programs on people’s machines).\n');
  // No character reaches a terminal that obeys it, and the text is a file that can be set again.
  expect(shown.out).toContain('\\u009b');
  expect(JSON.parse(shown.out)).toEqual(settings);
  writeFileSync(file, JSON.stringify({ model: 'organization' }));
  await owner.json('managed-settings', 'set', '--organization', tenant.slug, '--file', file);
  expect(await fetched()).toEqual({ ...settings, model: 'organization' });
  expect(await owner.run('managed-settings', 'delete', '--organization', tenant.slug)).toEqual({
    code: 0,
    out: '',
    err: 'The managed settings were deleted.\n',
  });
  expect(await fetched()).toEqual(settings);
  expect((await mine.run('managed-settings', 'delete', ...ofTeam)).code).toBe(0);
});

test('a policy or settings that are wrong are refused with words', async () => {
  const { tenant } = site;
  const [{ teamId }] = tenant.teams;
  const file = path.join(temporaryDirectory(), 'list.json');
  writeFileSync(file, '[]');
  const selfService = ['self-service', 'set', teamId];
  const table: readonly (readonly [readonly string[], number, string])[] = [
    [['login-policy', 'set', tenant.slug], 2, '--logins is needed.'],
    [['login-policy', 'set', tenant.slug, '--logins', 'some'], 1, 'logins'],
    [selfService, 2, 'Nothing to change'],
    [[...selfService, '--developers-can', 'everything'], 2, '--developers-can must be keys, logins or nothing.'],
    [[...selfService, '--developers-can', 'toString'], 2, '--developers-can must be keys, logins or nothing.'],
    [[...selfService, '--budget-period', 'day'], 2, '--budget-period needs --budget.'],
    [[...selfService, '--keys-max', 'few'], 2, '--keys-max'],
    [[...selfService, '--budget', 'a lot'], 1, 'max_budget'],
    [['managed-settings', 'show'], 2, 'Name --organization or --team, and not both.'],
    [['managed-settings', 'show', '--team', teamId, '--organization', tenant.slug], 2, 'and not both.'],
    [['managed-settings', 'set', '--team', teamId], 2, '--file is needed.'],
    [['managed-settings', 'set', '--team', teamId, '--file', file], 2, 'one JSON object'],
  ];
  const owner = await callerWithRole(site.gateway, 'org_owner', tenant);
  for (const [argv, expected, words] of table) {
    const { code, out, err } = await owner.run(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: expected, out: '' });
    expect(err).toContain(words);
  }
});

test('who may not, and another tenant, neither see nor change who logs in', async () => {
  const { slug, organizationId, teams } = site.tenant;
  const [{ teamId }] = teams;
  const file = path.join(temporaryDirectory(), 'settings.json');
  writeFileSync(file, '{"model": "theirs"}');
  const changes = (place: string) => [
    ['login-policy', 'set', place, '--logins', 'off'],
    ['self-service', 'set', teamId, '--developers-can', 'nothing'],
    ['managed-settings', 'set', '--organization', place, '--file', file],
    ['managed-settings', 'set', '--team', teamId, '--file', file],
    ['managed-settings', 'delete', '--organization', place],
    ['managed-settings', 'delete', '--team', teamId],
  ];
  const reads = (place: string) => [
    ['login-policy', 'show', place],
    ['self-service', 'show', teamId],
    ['managed-settings', 'show', '--organization', place],
    ['managed-settings', 'show', '--team', teamId],
  ];
  for (const argv of changes(slug))
    expect([argv, await auditor.run(...argv)]).toEqual([
      argv,
      { code: 3, out: '', err: expect.stringMatching(/identity\.manage|teams\.manage/) },
    ]);
  for (const place of [slug, organizationId])
    for (const argv of [...changes(place), ...reads(place)])
      expect([argv, await others.run(...argv)]).toMatchObject([argv, { code: 3, out: '' }]);
  expect(await mine.json('login-policy', 'show', slug)).toMatchObject({ logins: 'any' });
  expect((await mine.json('self-service', 'show', teamId)).self_service.enabled).toBe(true);
  expect((await mine.json('managed-settings', 'show', '--team', teamId)).settings).toBeNull();
});

test('who may not, and another tenant, are told so with exit code 3', async () => {
  const { slug, organizationId } = site.tenant;
  for (const [group, ...rest] of [
    ['show'],
    ['tokens', 'list'],
    ['people', 'list'],
    ['groups', 'list'],
    ['refused', 'list'],
  ] as const) {
    const at = (place: string) => ['scim', group, ...rest, place];
    expect([group, await auditor.run(...at(organizationId))]).toEqual([
      group,
      { code: 3, out: '', err: expect.stringContaining('directory.manage') },
    ]);
    for (const place of [slug, organizationId]) expect(await others.run(...at(place))).toMatchObject({ code: 3, out: '' });
  }
  const [{ id }] = (await mine.json('scim', 'tokens', 'list', slug)).data;
  for (const words of [
    ['create', slug, '--name', 'x'],
    ['revoke', organizationId, id],
    ['revoke', slug, id],
  ])
    expect(await others.run('scim', 'tokens', ...words)).toMatchObject({ code: 3, out: '' });
  expect((await mine.json('scim', 'tokens', 'list', slug)).data).toContainEqual(expect.objectContaining({ id, state: 'active' }));
});
