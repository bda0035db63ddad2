/** Own credentials of presets: where the secret goes, and where it never does when the platform changes the preset. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  askModel,
  makeOwner,
  type NotingProvider,
  type OwnTenant,
  openSite,
  PLATFORM_SECRET,
  type Site,
  startNoting,
} from './site.ts';

const CANARY = 'canary-preset-secret-0123456789abcdef';
const PRESET = 'house-llm';

let site: Site | null = null;
let other: NotingProvider | null = null;
let acme: OwnTenant | null = null;
beforeAll(async () => {
  site = await openSite();
  other = await startNoting();
  acme = await makeOwner(site, 'acme', { own: false });
}, 180_000);
beforeEach(() => {
  for (const provider of [here().provider, elsewhere()]) provider.presented.length = 0;
});
afterAll(async () => {
  other?.close();
  await site?.close();
});
const here = () => site as Site;
const elsewhere = () => other as NotingProvider;
const tenant = () => acme as OwnTenant;
const at = () => `/organizations/${tenant().organizationId}`;
const ask = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  here().gateway.ask<T>(method, path, body);
const presets = async () =>
  (await here().gateway.admin<{ data: { id: string; base_url: string }[] }>('GET', `${at()}/own-presets`)).data;

let credentialId = '';

test('an own credential of a preset presents its secret to the address of the preset alone', async () => {
  const base_url = `${here().provider.base}/v1`;
  const definition = { id: PRESET, name: 'House', base_url, auth: 'bearer', wires: { 'openai-chat': '/chat/completions' } };
  await here().gateway.admin('POST', '/presets', definition);
  expect(await presets()).toContainEqual(expect.objectContaining({ id: PRESET, base_url }));
  // Local servers are not for tenants: their hosts are not listed.
  expect((await presets()).map(({ id }) => id)).not.toContain('ollama');
  const body = { name: 'ours', provider: PRESET, api_key: CANARY };
  expect((await ask('POST', `${at()}/own-credentials`, { ...body, base_url: 'https://llm.example.com/v1' })).status).toBe(400);
  expect((await ask('POST', `${at()}/own-credentials`, { ...body, provider: 'ollama' })).status).toBe(400);
  const made = await here().gateway.admin<{ id: string }>('POST', `${at()}/own-credentials`, body);
  expect(made).toMatchObject({ base_url, new_base_url: null });
  credentialId = made.id;
  await here().gateway.admin('POST', `${at()}/own-deployments`, {
    ...{ model: 'fast', provider: PRESET, upstream_model: 'x', credential_id: credentialId, prices: { input_per_million: '1' } },
  });
  const checked = await here().gateway.admin('POST', `${at()}/own-credentials/check`, {
    provider: PRESET,
    credential_id: credentialId,
  });
  expect(JSON.stringify(checked)).not.toContain(CANARY);
  expect((await askModel(here(), tenant().key)).status).toBe(200);
  expect(new Set(here().provider.presented)).toEqual(new Set([CANARY]));
});

test('when the platform moves the preset, the secret reaches neither address, and the owner reads what to do', async () => {
  const moved = `${elsewhere().base}/v1`;
  const answer = await ask('PATCH', `/presets/${PRESET}`, { base_url: moved });
  expect([answer.status, answer.body.own_credential_count, answer.body.credential_count]).toEqual([200, 1, 0]);
  // The platform's deployment serves instead.
  expect((await askModel(here(), tenant().key)).status).toBe(200);
  expect(here().provider.presented).toEqual([PLATFORM_SECRET]);
  expect(elsewhere().presented).toEqual([]);
  await here().gateway.admin('PATCH', `${at()}/own-providers`, { own_deployments: 'own_only' });
  expect(await askModel(here(), tenant().key)).toMatchObject({ status: 503, body: { error: { param: 'own_deployments' } } });

  const own = `/own-credentials/${credentialId}`;
  expect(await here().gateway.admin('GET', own)).toMatchObject({ new_base_url: moved });
  const tried = { provider: PRESET, credential_id: credentialId };
  expect(await here().gateway.admin('POST', `${at()}/own-credentials/check`, tried)).toMatchObject({
    ok: false,
    message: expect.stringContaining('changed the address'),
  });
  expect((await ask('POST', `${at()}/own-credentials/check`, { ...tried, base_url: null })).status).toBe(400);
  const [deployment] = (await here().gateway.admin<{ data: { id: string }[] }>('GET', `${at()}/own-deployments`)).data;
  expect(await here().gateway.admin('POST', `/own-deployments/${deployment?.id}/check`)).toMatchObject({ ok: false });
  // Neither without the secret, nor by a rotation that does not say where the secret goes.
  expect((await ask('PATCH', own, { base_url: null })).status).toBe(400);
  // Who names an address that the preset no longer has is told so.
  const seenBefore = { api_key: `${CANARY}2`, base_url: `${here().provider.base}/v1` };
  expect((await ask('PATCH', own, seenBefore)).status).toBe(400);
  const rotated = await ask<{ errors: { pointer: string; detail?: string }[] }>('PATCH', own, { api_key: `${CANARY}2` });
  expect([rotated.status, rotated.body.errors[0]?.pointer]).toEqual([400, '/base_url']);
  expect(elsewhere().presented).toEqual([]);
  expect(here().provider.presented.filter((secret) => secret.includes('canary'))).toEqual([]);
});

test('with the secret given again for the new address, it goes there, and the one before goes nowhere', async () => {
  const fresh = 'second-preset-secret-0123456789abcdef';
  const own = `/own-credentials/${credentialId}`;
  expect((await ask('PATCH', own, { api_key: fresh, base_url: null, keep_previous_hours: 24 })).status).toBe(400);
  const changed = await here().gateway.admin('PATCH', own, { api_key: fresh, base_url: `${elsewhere().base}/v1` });
  expect(changed).toMatchObject({ base_url: `${elsewhere().base}/v1`, new_base_url: null, previous_secret: null });
  expect((await askModel(here(), tenant().key)).status).toBe(200);
  expect(elsewhere().presented).toEqual([fresh]);
  expect(here().provider.presented).toEqual([]);
});

test('a deleted preset puts own deployments out of service, and one with its id at another address does not take the secret', async () => {
  expect((await ask('DELETE', `/presets/${PRESET}`)).status).toBe(204);
  expect((await askModel(here(), tenant().key)).status).toBe(503);
  const base_url = `${here().provider.base}/v1`;
  const definition = { id: PRESET, name: 'Another', base_url, auth: 'bearer', wires: { 'openai-chat': '/chat/completions' } };
  await here().gateway.admin('POST', '/presets', definition);
  expect((await askModel(here(), tenant().key)).status).toBe(503);
  expect([...here().provider.presented, ...elsewhere().presented]).toEqual([]);
  await here().gateway.admin('PATCH', `/presets/${PRESET}`, { base_url: `${elsewhere().base}/v1` });
  expect((await askModel(here(), tenant().key)).status).toBe(200);
});

test('the hourly check tells the owner alone', async () => {
  elsewhere().refused.add('second-preset-secret-0123456789abcdef');
  await here().gateway.admin('POST', '/jobs/credential-health/run');
  const own = `/own-credentials/${credentialId}`;
  const seen = () => here().gateway.admin<{ last_check: { refused_since: string | null } | null }>('GET', own);
  await expect.poll(async () => (await seen()).last_check?.refused_since ?? null, { timeout: 30_000 }).not.toBeNull();
  expect(JSON.stringify(await seen())).not.toContain('second-preset-secret');
  const listed = await here().gateway.admin<{ data: { id: string; last_check: unknown }[] }>(
    'GET',
    '/credentials?owner=organizations',
  );
  expect(listed.data).toMatchObject([{ id: credentialId, last_check: null }]);
  const jobs = async () => JSON.stringify(await here().gateway.admin('GET', '/jobs'));
  await expect.poll(jobs, { timeout: 30_000 }).toContain('Checked 1 own credentials; providers refused 1.');
  const alerts = await here().gateway.admin<{ data: { type: string }[] }>('GET', '/alerts');
  expect(alerts.data.filter(({ type }) => type.startsWith('credential.'))).toEqual([]);
});
