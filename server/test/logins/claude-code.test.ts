/** The contract of Claude Code with a gateway of its own: managed settings, budgets, telemetry. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asPerson, type LoginSite, loginByDevice, message, must, openLoginSite, said, withToken } from './site.ts';

const MS_MAX = 180_000;
let site: LoginSite;
let token = '';

beforeAll(async () => {
  site = await openLoginSite();
  token = (await loginByDevice(site.gateway, site.ada, site.tenant.teams[0].teamId)).access_token;
}, MS_MAX);
afterAll(() => site?.stop(), MS_MAX);

test('managed settings are 404 without a policy, and then the team’s under the organization’s, with their checksum', async () => {
  const { gateway, tenant } = site;
  const settings = () => withToken(gateway, token, '/managed/settings');
  const none = await settings();
  expect([none.status, none.body.type, none.body.error.type]).toEqual([404, 'error', 'not_found_error']);
  const organization = { permissions: { deny: ['WebFetch'] }, model: 'fast' };
  const put = (path: string, body: object) => gateway.admin('PUT', `/${path}/managed-settings`, { settings: body });
  await put(`organizations/${tenant.organizationId}`, organization);
  await put(`teams/${tenant.teams[0].teamId}`, { model: 'slow', permissions: { allow: ['Read'] }, env: { A: '1' } });
  const given = await settings();
  const joined = { env: { A: '1' }, model: 'fast', permissions: { allow: ['Read'], deny: ['WebFetch'] } };
  expect(given.body.settings).toEqual(joined);
  // Their names are in order here, as the client sorts them.
  const checksum = `sha256:${createHash('sha256').update(JSON.stringify(joined)).digest('hex')}`;
  expect([given.body.checksum, given.headers.get('etag')]).toEqual([checksum, `"${checksum}"`]);
  const again = await withToken(gateway, token, '/managed/settings', { 'if-none-match': `"${checksum}"` });
  expect([again.status, again.body]).toEqual([304, null]);
  expect((await withToken(gateway, token, '/managed/settings', { 'if-none-match': '*' })).status).toBe(200);
});

test('managed settings of another tenant are never seen', async () => {
  const { gateway, other, ada } = site;
  await gateway.admin('PUT', `/organizations/${other.organizationId}/managed-settings`, { settings: { theirs: 'CANARY' } });
  expect(JSON.stringify((await withToken(gateway, token, '/managed/settings')).body)).not.toContain('CANARY');
  expect((await asPerson(gateway, ada, 'GET', `/organizations/${other.organizationId}/managed-settings`)).status).toBe(404);
  const own = `/organizations/${site.tenant.organizationId}/managed-settings`;
  expect((await asPerson(gateway, ada, 'PUT', own, { settings: {} })).status).toBe(403);
});

test('a rehearsal of managed settings flags what runs programs, and stores nothing', async () => {
  const { gateway, tenant } = site;
  const at = `/teams/${tenant.teams[1].teamId}/managed-settings`;
  const settings = {
    hooks: { PreToolUse: [{ hooks: [{ type: 'command', command: 'curl evil' }] }] },
    apiKeyHelper: 'x',
    model: 'y',
  };
  const { effect } = await gateway.admin<{ effect: { risky_added: { path: string; why: string }[]; fields_changed: string[] } }>(
    'PUT',
    `${at}?dry_run=true`,
    { settings },
  );
  expect(effect.risky_added).toEqual([
    { path: 'hooks.PreToolUse', why: 'runs_command' },
    { path: 'apiKeyHelper', why: 'runs_command' },
  ]);
  expect(effect.fields_changed).toEqual(['hooks', 'apiKeyHelper', 'model']);
  expect(await gateway.admin('GET', at)).toMatchObject({ settings: null, version: 0 });
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`);
  expect((await gateway.ask('PUT', at, { settings: deep })).status).toBe(400);
  expect((await gateway.ask('PUT', at, { settings: { a: 'x'.repeat(300_000) } })).status).toBe(400);
});

test.each(['/v1/metrics', '/v1/logs', '/v1/traces'])('%s answers 200 and reads nothing', async (path) => {
  const body = Buffer.alloc(2_000_000, 'x');
  const answer = await said(
    await fetch(`${site.gateway.base}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/x-protobuf' } }),
  );
  expect(answer.status).toBe(200);
});

test('a login sees how much of its budget is used, in headers and in cents, and a key does not', async () => {
  const { gateway, tenant, ada } = site;
  const [team] = tenant.teams;
  const free = await message(gateway, token);
  expect([free.status, free.headers.get('anthropic-ratelimit-unified-status'), free.body]).toEqual([
    200,
    null,
    expect.anything(),
  ]);
  const members = await gateway.admin<{ data: { id: string; account_id: string }[] }>(
    'GET',
    `/organizations/${tenant.organizationId}/members?limit=200`,
  );
  const member = members.data.find(({ account_id }) => account_id === ada.accountId);
  const budgets = [{ amount: '1.00', period: 'month', action: 'block' }];
  await gateway.admin('PATCH', `/organizations/${tenant.organizationId}/members/${member?.id}`, { budgets });
  let refused = await message(gateway, token);
  expect([refused.status, refused.body]).toEqual([200, expect.anything()]);
  const seen: (string | null)[] = [];
  for (let calls = 0; calls < 80 && refused.status === 200; calls += 1) {
    seen.push(refused.headers.get('anthropic-ratelimit-unified-overage-utilization'));
    refused = await message(gateway, token);
  }
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.every((value) => value !== null && Number(value) < 1)).toBe(true);
  expect([refused.status, refused.body.error.type]).toEqual([429, 'billing_error']);
  expect(refused.body.error.message).toMatch(/budget.*resets at/i);
  const header = (name: string) => refused.headers.get(`anthropic-ratelimit-unified-${name}`);
  expect([header('status'), header('overage-period'), header('overage-disabled-reason'), header('representative-claim')]).toEqual(
    [...['rejected', 'monthly', 'org_spend_cap_reached', null]],
  );
  expect([refused.headers.get('x-should-retry'), Number(refused.headers.get('retry-after')) > 0]).toEqual(['false', true]);
  const usage = must(await withToken(gateway, token, '/api/oauth/usage?skip_spend=1'));
  expect(usage.extra_usage).toMatchObject({ is_enabled: true, monthly_limit: 100, currency: 'USD' });
  expect(usage.limits).toMatchObject([{ kind: 'spend', group: 'monthly', is_active: true }]);
  expect(Math.floor(Date.parse(usage.limits[0].resets_at) / 1_000)).toBe(Number(header('overage-reset')));
  expect(usage.headgate.rules[0]).toMatchObject({ scope: 'user', limit: '1.00' });
  const ofKey = await message(gateway, team.developer.key.secret);
  expect([...ofKey.headers.keys()].filter((name) => name.includes('unified'))).toEqual([]);
});

test('what only a bearer may read is 401 without one, in the form of Anthropic, and ends at once with the login', async () => {
  const { gateway, ada, tenant } = site;
  for (const path of ['/managed/settings', '/api/oauth/usage']) {
    const answer = await withToken(gateway, 'sk-hg-nobody', path);
    expect([answer.status, answer.body.error.type, answer.headers.get('x-should-retry')]).toEqual([
      401,
      'authentication_error',
      'false',
    ]);
  }
  const tokens = await loginByDevice(gateway, ada, tenant.teams[0].teamId, 'gone');
  must(await asPerson(gateway, ada, 'DELETE', `/logins/${tokens.key_id}`));
  const answer = await message(gateway, tokens.access_token);
  expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([401, 'false']);
});
