/** Trying a credential and a deployment before they are stored, against a small provider on this machine. */
import { describe, expect, test } from 'vitest';
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { checkDeployment, listUpstreamModels } from '../../src/providers/credential-check.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import { PRICE_LIST, PRICE_LIST_EDITION, priceFor } from '../../src/providers/price-table.ts';
import { publishedModels } from '../../src/providers/published-models.ts';
import { must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { upstream as provider, testTransport } from '../support/upstream.ts';

const GOOD = 'sk-good-0123456789-abcd';
const BAD = 'sk-bad-0123456789-canary';

const upstream: AdminDeps['upstream'] = {
  checkOwnBaseUrl: () => null,
  checkBaseUrl: (url) => (url.includes('169.254') ? 'is a metadata address' : null),
  isPlainOnNetwork: () => false,
  isListed: () => false,
  ambientClouds: new Set(),
  priceFor,
  contextWindowOf: () => null,
  priceListEdition: PRICE_LIST_EDITION,
  publishedList: { ...PRICE_LIST, models: publishedModels },
  shippedPresets: [],
  provenPresets: new Set(),
  checkDeployment: (deployment) =>
    checkDeployment(
      deployment.provider === 'fake' ? createFakeProvider() : createOpenAiProvider({ transport: testTransport() }),
      deployment,
      systemClock,
    ),
  listModels: (credential) => listUpstreamModels(createOpenAiProvider({ transport: testTransport() }), credential),
  readModels: () => Promise.reject(new Error('no test of this suite reads a whole list')),
  traceCredential: () => Promise.reject(new Error('no test of this suite shows calls')),
};

/** Knows one key, has two models, and keeps what it was shown. */
async function smallProvider() {
  const shown: string[] = [];
  const there = await provider((request, response) => {
    shown.push(request.headers.authorization ?? '');
    const isKnown = request.headers.authorization === `Bearer ${GOOD}`;
    const body = isKnown ? { data: [{ id: 'up-b' }, { id: 'up-a' }] } : { error: { message: `no such key: ${BAD}` } };
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return { baseUrl: `${there.origin}/v1`, shown };
}

describe('before saving', () => {
  const given = withDatabase();
  const world = withAdmin(given, { upstream });
  const stored = async () => (await given().pool.query('select * from credentials')).rows.length;
  const events = async () => (await given().pool.query('select * from audit_events')).rows.length;

  test('a credential that works says which models it may call, and leaves nothing behind but an event', async () => {
    const { baseUrl } = await smallProvider();
    const before = [await stored(), await events()];
    const body = { provider: 'openai', api_key: GOOD, base_url: baseUrl };
    const answer = must(await world().root('POST', '/credentials/check', body));
    expect(answer).toEqual({ ok: true, latency_ms: expect.any(Number), message: null, models: ['up-a', 'up-b'] });
    expect([await stored(), await events()]).toEqual([before[0], (before[1] as number) + 1]);
  });

  test('one that does not says why, in the provider’s words without the key', async () => {
    const { baseUrl } = await smallProvider();
    const answer = await world().root('POST', '/credentials/check', { provider: 'openai', api_key: BAD, base_url: baseUrl });
    expect(answer.body).toMatchObject({ ok: false, models: null });
    expect(answer.body.message).toContain('no such key');
    expect(answer.text + world().logged.join()).not.toContain(BAD);
  });

  test('nobody there, and an address that may not be, are told apart', async () => {
    const { root } = world();
    const nobody = { provider: 'openai', api_key: GOOD, base_url: 'http://127.0.0.1:9/v1' };
    expect(must(await root('POST', '/credentials/check', nobody))).toMatchObject({ ok: false, models: null });
    const forbidden = await root('POST', '/credentials/check', { ...nobody, base_url: 'http://169.254.169.254/v1' });
    expect([forbidden.status, forbidden.body.errors[0].pointer]).toEqual([400, '/base_url']);
  });

  test('a stored key is used where it is stored, and never sent to another address', async () => {
    const { root } = world();
    const { baseUrl, shown } = await smallProvider();
    const elsewhere = await smallProvider();
    const body = { name: 'stored', provider: 'openai', api_key: GOOD, base_url: baseUrl };
    const { id: credential_id } = must(await root('POST', '/credentials', body));
    expect(must(await root('POST', '/credentials/check', { provider: 'openai', credential_id })).ok).toBe(true);
    expect(must(await root('GET', `/credentials/${credential_id}/models`))).toEqual({ models: ['up-a', 'up-b'], message: null });
    expect(shown).toHaveLength(2);
    const asked = { provider: 'openai', credential_id, base_url: elsewhere.baseUrl };
    const refused = await root('POST', '/credentials/check', asked);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/api_key']);
    expect(elsewhere.shown).toEqual([]);
    expect((await root('POST', '/credentials/check', { provider: 'openai' })).status).toBe(400);
  });

  test('a check by hand is the last check of a stored credential; a first refusal is left to the hourly check, which announces it', async () => {
    const { root } = world();
    const { baseUrl } = await smallProvider();
    const [good, bad] = await Promise.all(
      [GOOD, BAD].map(async (api_key) =>
        must(await root('POST', '/credentials', { name: `by hand ${api_key}`, provider: 'openai', api_key, base_url: baseUrl })),
      ),
    );
    const lastCheck = async ({ id }: { id: string }) => must(await root('GET', `/credentials/${id}`)).last_check;
    for (const { id: credential_id } of [good, bad])
      must(await root('POST', '/credentials/check', { provider: 'openai', credential_id }));
    expect(await lastCheck(good)).toMatchObject({ ok: true, message: null, refused_since: null });
    expect(await lastCheck(bad)).toBeNull();
    const { rows } = await given().pool.query("select after from audit_events where action = 'provider.call'");
    const named = rows.map(({ after }) => after.credential_id);
    expect(named).toEqual(expect.arrayContaining([good.id, bad.id]));

    const since = new Date('2026-01-01T00:00:00Z');
    await given().pool.query('insert into credential_checks values ($1, $2, false, $3, $2)', [bad.id, since, 'no']);
    must(await root('POST', '/credentials/check', { provider: 'openai', credential_id: bad.id }));
    const again = await lastCheck(bad);
    expect(again).toMatchObject({
      ok: false,
      message: expect.stringContaining('no such key'),
      refused_since: since.toISOString(),
    });
    expect(Date.parse(again.at)).toBeGreaterThan(since.getTime());
  });

  // The attack as it was: a new address for a stored key, then anything that makes a call with it.
  // promise: A row that was changed behind the API gives no key
  test('a stored key goes to no other address, neither by a change of the API nor by one behind it', async () => {
    const { root } = world();
    const [own, evil] = [await smallProvider(), await smallProvider()];
    const made = must(
      await root('POST', '/credentials', { name: 'kept', provider: 'openai', api_key: GOOD, base_url: own.baseUrl }),
    );
    const deployment = { model: 'kept', provider: 'openai', upstream_model: 'up-a', credential_id: made.id };
    must(await root('POST', '/deployments', deployment));
    const calls = async () => [
      await root('GET', `/credentials/${made.id}/models`),
      await root('POST', '/credentials/check', { provider: 'openai', credential_id: made.id }),
      await root('POST', '/deployments/check', deployment),
    ];
    const refused = await root('PATCH', `/credentials/${made.id}`, { base_url: evil.baseUrl });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/api_key']);
    for (const { status } of await calls()) expect(status).toBe(200);
    await given().pool.query('update credentials set base_url = $1 where id = $2', [evil.baseUrl, made.id]);
    for (const { status, body } of await calls())
      expect([status, body.detail]).toEqual([409, expect.stringContaining('enter the secret of the credential again')]);
    expect(evil.shown).toEqual([]);
    expect(own.shown.every((key) => key === `Bearer ${GOOD}`)).toBe(true);
    // Given again, it is a key for that address.
    must(await root('PATCH', `/credentials/${made.id}`, { base_url: evil.baseUrl, api_key: BAD }));
    await calls();
    expect(new Set(evil.shown)).toEqual(new Set([`Bearer ${BAD}`]));
  });

  test('a deployment is tried as it would be, and is not made', async () => {
    const { root } = world();
    const fake = { model: 'tried', provider: 'fake', upstream_model: 'fake-small' };
    expect(must(await root('POST', '/deployments/check', fake))).toMatchObject({ ok: true, status: 200 });
    expect(must(await root('POST', '/deployments/check', { ...fake, upstream_model: 'fake-500' }))).toMatchObject({ ok: false });
    expect((await root('POST', '/deployments/check', { ...fake, provider: 'openai' })).body.errors[0].pointer).toBe(
      '/credential_id',
    );
    expect((await root('GET', '/models/tried')).status).toBe(404);
  });

  test('list prices are suggested where the table knows them', async () => {
    const { root } = world();
    const known = must(await root('GET', '/prices/suggest?provider=fake&upstream_model=fake-large'));
    const from = { source: 'published list prices', source_version: PRICE_LIST_EDITION };
    expect(known).toEqual({ prices: expect.objectContaining({ input_per_million: '1.25' }), ...from });
    const unknown = must(await root('GET', '/prices/suggest?provider=openai&upstream_model=no-such-model-here'));
    expect(unknown).toEqual({ prices: null, source: null, source_version: null });
  });

  test.each(['platform_auditor', 'org_owner'] as const)('as %s nothing is tried', async (role) => {
    const client = world().as([role === 'org_owner' ? { role, organizationId: 'org_x' } : { role }]);
    expect((await client('POST', '/credentials/check', { provider: 'openai', api_key: GOOD })).status).toBe(403);
    expect((await client('POST', '/deployments/check', {})).status).toBe(403);
  });
});
