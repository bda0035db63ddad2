/** Addresses that people give and addresses that requests come from, as an attacker would use them, over HTTP against the program itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReceiver, type Receiver } from '../jobs/receiver.ts';
import { until } from '../jobs/support.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { makeTenant } from '../prove/tenant.ts';
import { checkHeaders } from './headers.ts';

const START_MS_MAX = 60_000;
const METRICS_TOKEN = 'metrics-0123456789-0123456789';
const FOREIGN = { 'x-forwarded-for': '203.0.113.9' };

/** The token of somebody who owns an organization and nothing else. */
async function ownerOf(gateway: Gateway, organization_id: string): Promise<string> {
  const body = { name: 'owner', role: 'org_owner', organization_id };
  return (await gateway.admin<{ token: string }>('POST', '/admin-tokens', body)).token;
}

async function call(gateway: Gateway, token: string, method: string, at: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${gateway.base}/api/v1${at}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
}

async function read(gateway: Gateway, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const answer = await fetch(`${gateway.base}/metrics`, { headers });
  expect((await answer.text()).includes('headgate_')).toBe(answer.status === 200);
  return answer.status;
}

/** Waits for the queue of jobs. What is to be delivered before it is open waits for the next minute's `requeue`. */
async function queueIsOpen(gateway: Gateway): Promise<void> {
  await until(async () => (await gateway.admin<{ trouble: string | null }>('GET', '/jobs')).trouble === null, 30_000);
}

/** One installation: first with a setting that names loopback and no proxy, then without the setting and with a proxy that is trusted. */
describe('addresses', () => {
  let gateway: Gateway;
  let receiver: Receiver;
  let owner: string;
  let hook: { readonly organization_id: string; readonly name: string; readonly url: string; readonly events: readonly string[] };
  let hookId: string;

  beforeAll(async () => {
    receiver = await openReceiver();
    gateway = await startGateway({ env: { HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1', HEADGATE_METRICS_TOKEN: METRICS_TOKEN } });
    const { organizationId } = await makeTenant(gateway);
    owner = await ownerOf(gateway, organizationId);
    hook = { organization_id: organizationId, name: 'Probe', url: receiver.url, events: ['budget.threshold'] };
    await queueIsOpen(gateway);
  }, START_MS_MAX);
  afterAll(async () => {
    await gateway?.kill();
    await receiver?.down();
  });

  test('a webhook reaches loopback where a setting names it', async () => {
    const stored = await call(gateway, owner, 'POST', '/webhooks', hook);
    expect(stored.status).toBe(201);
    hookId = stored.body.id as unknown as string;
    expect((await call(gateway, owner, 'POST', `/webhooks/${hookId}/test`)).status).toBe(201);
    await until(() => receiver.received.length === 1, 30_000);
  });

  // promise: Metrics are for programs on the same machine, the metrics
  test('metrics are read by programs on this machine and with a token, and not through a proxy on it', async () => {
    expect(await read(gateway)).toBe(200);
    for (const headers of [FOREIGN, { 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }, { via: '1.1 proxy' }]) {
      expect(await read(gateway, headers)).toBe(404);
      expect(await read(gateway, { ...headers, authorization: `Bearer ${METRICS_TOKEN}` })).toBe(200);
      expect(await read(gateway, { ...headers, authorization: `Bearer ${gateway.adminToken}` })).toBe(200);
      expect(await read(gateway, { ...headers, authorization: `Bearer ${METRICS_TOKEN}x` })).toBe(404);
    }
    // It reads the metrics and nothing else.
    expect((await call(gateway, METRICS_TOKEN, 'GET', '/health')).status).toBe(401);
  });

  // promise: **Addresses that tenants give are public ones, in every mode**
  test('a tenant’s webhook reaches no loopback in development mode, neither a new one nor one that was stored before', {
    timeout: START_MS_MAX + 60_000,
  }, async () => {
    await gateway.stop();
    const { dataDir, adminToken } = gateway;
    gateway = await startGateway({ dataDir, adminToken, env: { HEADGATE_TRUSTED_PROXIES: '127.0.0.1' } });
    await queueIsOpen(gateway);
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.0.0.2', 'hook.localhost'])
      for (const scheme of ['http', 'https']) {
        const refused = await call(gateway, owner, 'POST', '/webhooks', { ...hook, url: `${scheme}://${host}:${gateway.port}/` });
        expect([host, refused.status]).toEqual([host, 400]);
      }
    const moved = await call(gateway, owner, 'PATCH', `/webhooks/${hookId}`, {
      url: `http://127.0.0.1:${gateway.port}/health/live`,
    });
    expect(moved.status).toBe(400);
    expect((await call(gateway, owner, 'POST', `/webhooks/${hookId}/test`)).status).toBe(201);
    const at = `/webhooks/${hookId}/deliveries?limit=1`;
    const newest = async () => (await gateway.admin<{ data: Record<string, unknown>[] }>('GET', at)).data[0];
    await until(async () => Number((await newest())?.attempts) > 0, 30_000);
    // No status tells what listens there.
    const problem = 'the host name has no address that webhooks may be sent to';
    expect(await newest()).toMatchObject({ status: 'pending', http_status: null, problem });
    expect(receiver.received).toHaveLength(1);
  });

  test('metrics are read through a trusted proxy by a client on this machine alone', async () => {
    expect(await read(gateway)).toBe(200);
    expect(await read(gateway, FOREIGN)).toBe(404);
    expect(await read(gateway, { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' })).toBe(404);
    expect(await read(gateway, { 'x-forwarded-for': '127.0.0.1' })).toBe(200);
  });

  test('pages and whatever else a browser may open have the headers that keep them what they are', () => checkHeaders(gateway));
});
