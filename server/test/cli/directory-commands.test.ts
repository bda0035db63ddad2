/** SCIM tokens and what a directory told, logins, and the keys that people hold, from the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoginSite, loginByDevice, openLoginSite, withToken } from '../logins/site.ts';
import { directoryOf, GROUP, mustScim, personBody } from '../scim/support.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
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
