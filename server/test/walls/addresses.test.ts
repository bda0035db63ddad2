/** Addresses that people give and addresses that requests come from, as an attacker would use them, over HTTP against the program itself. */
import { expect, onTestFinished, test } from 'vitest';
import { openReceiver } from '../jobs/receiver.ts';
import { until } from '../jobs/support.ts';
import { type Gateway, type Settings, startGateway } from '../prove/gateway.ts';
import { makeTenant } from '../prove/tenant.ts';

const START_MS_MAX = 60_000;
const METRICS_TOKEN = 'metrics-0123456789-0123456789';

async function started(env: Settings, kept?: Gateway): Promise<Gateway> {
  const gateway = await startGateway({ env, ...(kept === undefined ? {} : { dataDir: kept.dataDir, adminToken: kept.adminToken }) });
  onTestFinished(() => gateway.kill());
  return gateway;
}

/** The token of somebody who owns an organization and nothing else. */
async function ownerOf(gateway: Gateway, organization_id: string): Promise<string> {
  const body = { name: 'owner', role: 'org_owner', organization_id };
  return (await gateway.admin<{ token: string }>('POST', '/admin-tokens', body)).token;
}

async function call(gateway: Gateway, token: string, method: string, at: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${gateway.base}/api/v1${at}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
}

// promise: **Addresses that tenants give are public ones, in every mode**
test('a tenant’s webhook reaches no loopback in development mode, neither a new one nor one that was stored before', {
  timeout: 3 * START_MS_MAX,
}, async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.down());
  const allowing = await started({ HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1' });
  const { organizationId } = await makeTenant(allowing);
  const token = await ownerOf(allowing, organizationId);
  const hook = { organization_id: organizationId, name: 'Probe', url: receiver.url, events: ['budget.threshold'] };
  // Where a setting names it, it is meant.
  const stored = await call(allowing, token, 'POST', '/webhooks', hook);
  expect(stored.status).toBe(201);
  const { id } = stored.body;
  expect((await call(allowing, token, 'POST', `/webhooks/${id}/test`)).status).toBe(201);
  await until(() => receiver.received.length === 1, 30_000);
  await allowing.stop();

  const gateway = await started({}, allowing);
  const ports = [new URL(receiver.url).port, '1'];
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.0.0.2', 'hook.localhost'])
    for (const port of ports)
      for (const scheme of ['http', 'https']) {
        const refused = await call(gateway, token, 'POST', '/webhooks', { ...hook, url: `${scheme}://${host}:${port}/` });
        expect([host, refused.status]).toEqual([host, 400]);
      }
  const moved = await call(gateway, token, 'PATCH', `/webhooks/${id}`, { url: `http://127.0.0.1:${gateway.port}/health/live` });
  expect(moved.status).toBe(400);
  expect((await call(gateway, token, 'POST', `/webhooks/${id}/test`)).status).toBe(201);
  const newest = async () => (await gateway.admin<{ data: Record<string, unknown>[] }>('GET', `/webhooks/${id}/deliveries?limit=1`)).data[0];
  await until(async () => Number((await newest())?.attempts) > 0, 30_000);
  // No status tells what listens there.
  expect(await newest()).toMatchObject({ status: 'pending', http_status: null, problem: 'the host has no address that may be called' });
  expect(receiver.received).toHaveLength(1);
});

// promise: Metrics are for programs on the same machine, the metrics
test('metrics are read by programs on this machine and with a token, and not through a proxy on it', { timeout: 2 * START_MS_MAX }, async () => {
  const read = async (gateway: Gateway, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${gateway.base}/metrics`, { headers });
    const isMetrics = (await answer.text()).includes('headgate_');
    expect(isMetrics).toBe(answer.status === 200);
    return answer.status;
  };
  const plain = await started({ HEADGATE_METRICS_TOKEN: METRICS_TOKEN });
  expect(await read(plain)).toBe(200);
  const foreign = { 'x-forwarded-for': '203.0.113.9' };
  for (const headers of [foreign, { 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }, { via: '1.1 proxy' }]) {
    expect(await read(plain, headers)).toBe(404);
    expect(await read(plain, { ...headers, authorization: `Bearer ${METRICS_TOKEN}` })).toBe(200);
    expect(await read(plain, { ...headers, authorization: `Bearer ${plain.adminToken}` })).toBe(200);
    expect(await read(plain, { ...headers, authorization: `Bearer ${METRICS_TOKEN}x` })).toBe(404);
  }
  // It reads the metrics and nothing else.
  expect((await call(plain, METRICS_TOKEN, 'GET', '/health')).status).toBe(401);
  await plain.stop();

  const behind = await started({ HEADGATE_TRUSTED_PROXIES: '127.0.0.1' }, plain);
  expect(await read(behind)).toBe(200);
  expect(await read(behind, foreign)).toBe(404);
  expect(await read(behind, { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' })).toBe(404);
  expect(await read(behind, { 'x-forwarded-for': '127.0.0.1' })).toBe(200);
});
