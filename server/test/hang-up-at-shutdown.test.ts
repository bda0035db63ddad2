import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BillingProvider, startBillingProvider } from './prove/billing-provider.ts';
import { type Gateway, startGateway } from './prove/gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './prove/tenant.ts';

const TEST_MS_MAX = 120_000;
const MAX_TOKENS = 4_000;

let provider: BillingProvider;
let gateway: Gateway | null = null;
beforeAll(async () => {
  provider = await startBillingProvider();
});
afterAll(() => provider.stop());
afterEach(async () => {
  await gateway?.kill();
  gateway = null;
});

interface Ledger {
  readonly status: string;
  readonly code: string | null;
  readonly http_status: number;
  readonly ledger: readonly {
    readonly kind: string;
    readonly spend: string;
    readonly output_tokens: number;
    readonly reasoning_tokens: number;
  }[];
}

describe('a whole answer that is read on for a client that hung up', { timeout: TEST_MS_MAX }, () => {
  // promise: An answer that is not streamed is made in full whether or not somebody waits
  test('may come to its end while the process drains, and is charged as reported', async () => {
    const left = await askAndLeave('drained', 400, '55');
    const startedMs = performance.now();
    expect(await left.gateway.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(45_000);
    const { status, ledger } = await rowAfter(left);
    expect([status, ledger]).toMatchObject(['cancelled', [{ kind: 'usage', output_tokens: 390, reasoning_tokens: 10 }]]);
  });

  // promise: An answer that is not streamed is made in full whether or not somebody waits
  test('is let go of when the drain is over, and its hold charged', async () => {
    const left = await askAndLeave('cut', 20_000, '1');
    const startedMs = performance.now();
    expect(await left.gateway.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(45_000);
    const { status, ledger } = await rowAfter(left);
    const held = (left.bodyBytes + 512) * 1_000 + MAX_TOKENS * 10_000;
    expect([status, ledger.length, ledger[0]?.kind]).toEqual(['cancelled', 1, 'estimated']);
    expect(Math.round(Number(ledger[0]?.spend) * 1e9)).toBe(held);
  });

  test('is estimated at the next start where the process was killed', async () => {
    const left = await askAndLeave('killed', 20_000, '1');
    await left.gateway.kill();
    const { status, ledger } = await rowAfter(left);
    expect([status, ledger]).toMatchObject(['estimated', [{ kind: 'estimated' }]]);
    expect(Number(ledger[0]?.spend)).toBeGreaterThan(0);
  });
});

describe('a request whose client still waits when the drain is over', { timeout: TEST_MS_MAX }, () => {
  test.each([
    ['whole', false],
    ['streamed', true],
  ])('(%s) is answered that the gateway restarts, and charged as if it had hung up', async (id, stream) => {
    const asked = await ask(`waits-${id}`, 20_000, '1', stream);
    expect(await asked.gateway.stop()).toBe(0);
    const { status, text } = await asked.answer;
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'service_unavailable', message: expect.stringContaining('restarting') },
    });
    const row = await rowAfter(asked);
    expect(row).toMatchObject({ status: 'failed', code: 'service_unavailable', http_status: 503 });
    expect([row.ledger.length, row.ledger[0]?.kind]).toEqual([1, 'estimated']);
    expect(Number(row.ledger[0]?.spend)).toBeGreaterThan(0);
  });
});

interface Left {
  readonly gateway: Gateway;
  readonly organizationId: string;
  readonly bodyBytes: number;
}

/** Asks under a budget, hangs up when the provider has the request, and returns a moment later. */
async function askAndLeave(id: string, tokens: number, drainSeconds: string): Promise<Left> {
  const { client, ...left } = await ask(id, tokens, drainSeconds, false);
  client.destroy();
  await sleep(200);
  return left;
}

/** Asks under a budget, and returns when the provider has the request. */
async function ask(id: string, tokens: number, drainSeconds: string, stream: boolean) {
  const opened = await startGateway({ env: { HEADGATE_DRAIN_SECONDS: drainSeconds } });
  gateway = opened;
  const silent = stream ? await startSilent() : null;
  const credentialId = await makeCredential(opened, 'openai', silent?.base ?? `${provider.base}/v1`);
  await makeModel(opened, { model: 'steady', provider: 'openai', upstreamModel: 'steady', credentialId });
  const tenant = await makeTenant(opened);
  const { secret } = await makeKey(opened, tenant, { budgets: [{ amount: '1000', period: 'month', action: 'block' }] });
  const messages = [{ role: 'user', content: `tokens=${tokens} hidden=10 usage=0` }];
  const body = JSON.stringify({ model: 'steady', max_tokens: MAX_TOKENS, messages, user: id, ...(stream ? { stream } : {}) });
  const client = request({ port: opened.port, path: '/v1/chat/completions', method: 'POST', agent: false });
  const answer = new Promise<{ readonly status: number; readonly text: string }>((resolve) => {
    client.on('error', () => resolve({ status: 0, text: '' })); // It hangs up.
    client.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
  });
  client.setHeader('authorization', `Bearer ${secret}`).setHeader('content-type', 'application/json').end(body);
  await (silent === null ? provider.call(id) : silent.called);
  await sleep(200);
  return { gateway: opened, organizationId: tenant.organizationId, bodyBytes: Buffer.byteLength(body), client, answer };
}

/** A provider that takes a request and says nothing. */
async function startSilent(): Promise<{ readonly base: string; readonly called: Promise<unknown> }> {
  const server = createServer((request) => request.resume().on('end', () => server.emit('called')));
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, called: once(server, 'called') };
}

/** What the next process says of the only request there was. */
async function rowAfter({ gateway: before, organizationId }: Left): Promise<Ledger> {
  gateway = await startGateway({ dataDir: before.dataDir, adminToken: before.adminToken });
  const at = `/requests?organization_id=${organizationId}`;
  for (let tries = 0; tries < 200; tries += 1) {
    const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', at);
    if (data[0] !== undefined) return await gateway.admin<Ledger>('GET', `/requests/${data[0].id}`);
    await sleep(50);
  }
  throw new Error('the request left no row');
}
