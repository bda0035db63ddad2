/** The configurations of `deploy/proxies` in the proxies that Debian has, before a gateway. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HEAD_BYTES_MAX } from '../../src/http/node/last-answer.ts';
import { FORM_MS_MAX, KEEP_ALIVE_MS, PATIENCE } from '../../src/http/node/listener.ts';
import { checkYaml } from '../deploy/files.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import {
  hasProxy,
  type ProxyKind,
  type ProxyOptions,
  proxyConfiguration,
  type RealProxy,
  startProxy,
} from '../support/real-proxies.ts';
import { testCertificate } from '../support/tls-certificate.ts';

const MS_MAX = 120_000;
const CHUNKS = 10;
const PAUSE_MS = 200;
const BODY_BYTES_MAX = 4 * 1_048_576;
/** An address of this machine that is not the proxies'. */
const CLIENT = '127.0.0.2';
const KINDS: readonly ProxyKind[] = ['nginx', 'HAProxy'];
for (const kind of KINDS) if (!hasProxy(kind)) console.warn(`${kind} is not installed on this machine: its tests are skipped.`);

let gateway: Gateway;
let key: Key;
let provider: http.Server;
beforeAll(async () => {
  provider = http.createServer(answerSlowly);
  await once(provider.listen(0, '127.0.0.1'), 'listening');
  gateway = await startGateway({
    env: { HEADGATE_TRUSTED_PROXIES: '127.0.0.1/32', HEADGATE_BODY_BYTES_MAX: String(BODY_BYTES_MAX) },
  });
  const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`);
  await makeModel(gateway, { model: 'slow', provider: 'openai', upstreamModel: 'slow', credentialId });
  await makeModel(gateway, { model: 'silent', provider: 'openai', upstreamModel: 'silent', credentialId });
  key = await makeKey(gateway, await makeTenant(gateway));
}, MS_MAX);
afterAll(async () => {
  await gateway?.stop();
  provider.closeAllConnections();
  provider.close();
}, MS_MAX);

describe.each(KINDS)('behind %s', (kind) => {
  describe.skipIf(!hasProxy(kind))('as it is configured in deploy/proxies', { timeout: MS_MAX }, () => {
    let proxy: RealProxy;
    beforeAll(async () => {
      proxy = await startProxy(kind, { behind: gateway.port });
    }, MS_MAX);
    afterAll(() => proxy?.stop());

    test('each part of a stream arrives when the provider sends it', async () => {
      const { status, gapsMs } = await stream(proxy.port, 'slow');
      expect(status).toBe(200);
      expect(gapsMs.filter((ms) => ms > PAUSE_MS / 2).length).toBeGreaterThanOrEqual(CHUNKS - 1);
    });

    test('a body as large as Headgate allows passes, and a larger one gets Headgate’s own answer', async () => {
      const [fits, isTooLarge] = [await sendBody(proxy.port, BODY_BYTES_MAX), await sendBody(proxy.port, BODY_BYTES_MAX + 1)];
      expect(fits.status).toBe(200);
      expect(isTooLarge.status).toBe(413);
      expect(isTooLarge.text).toContain(`larger than ${BODY_BYTES_MAX} bytes`);
    });

    test('the address of the client is the one that the proxy saw, whatever the client says', async () => {
      const forged = { 'x-forwarded-for': '203.0.113.9' };
      expect(await addressOfChange((options, body) => call(proxy.port, { ...options, localAddress: CLIENT }, body), forged)).toBe(
        CLIENT,
      );
      const direct: typeof callPlain = (options, body) => callPlain({ ...options, localAddress: CLIENT }, body);
      expect(await addressOfChange(direct, forged)).toBe(CLIENT);
    });

    test('connections that were idle, and many at once, meet no 502', async () => {
      const agent = new https.Agent({ keepAlive: true, ca: testCertificate.cert });
      const statuses: number[] = [];
      for (const pauseMs of [0, 1_000, 3_000]) {
        await sleep(pauseMs);
        const calls = Array.from({ length: 20 }, () => call(proxy.port, { agent, path: '/health/ready' }));
        statuses.push(...(await Promise.all(calls)).map(({ status }) => status));
      }
      agent.destroy();
      expect(new Set(statuses)).toEqual(new Set([200]));
    });

    test('it speaks HTTP/2 to clients, and passes on no metrics', async () => {
      const session = http2.connect(`https://127.0.0.1:${proxy.port}`, { ca: testCertificate.cert });
      expect(await over2(session, '/health/ready')).toBe(200);
      expect(await over2(session, '/metrics')).toBe(404);
      session.close();
    });
  });

  describe.skipIf(!hasProxy(kind))('changed as its file says', { timeout: MS_MAX }, () => {
    test('a client needs its certificate', async () => {
      await withProxy(kind, { behind: gateway.port, wantsCertificate: true }, async ({ port }) => {
        const without = await call(port, { path: '/health/ready' }).catch(() => null);
        // nginx answers 400; HAProxy ends the handshake.
        expect(without?.status ?? 400).toBe(400);
        const { cert, key: privateKey } = testCertificate;
        expect(await call(port, { path: '/health/ready', cert, key: privateKey })).toMatchObject({ status: 200 });
      });
    });

    test('a read timeout bounds the silence between two parts of a stream, not its length', async () => {
      await withProxy(kind, { behind: gateway.port, readTimeoutS: 1 }, async ({ port }) => {
        const { status, gapsMs } = await stream(port, 'slow');
        expect(status).toBe(200);
        expect(gapsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(1_500);
        expect((await stream(port, 'silent')).status).toBe(504);
      });
    });
  });
});

describe('the timeouts in deploy/proxies', () => {
  const seconds = (kind: ProxyKind, name: RegExp): number => Number(name.exec(proxyConfiguration(kind))?.[1]);

  test('for a stream are longer than a deployment’s, and idle connections are closed before Headgate closes them', async () => {
    const deployments = await gateway.admin<{ data: readonly { timeout_ms: number }[] }>('GET', '/deployments');
    const timeoutS = (deployments.data[0]?.timeout_ms ?? Number.NaN) / 1_000;
    for (const read of [
      seconds('nginx', /proxy_read_timeout (\d+)s/),
      seconds('HAProxy', /timeout server (\d+)s/),
      seconds('HAProxy', /timeout client (\d+)s/),
    ])
      expect(read).toBeGreaterThan(timeoutS);
    for (const idle of [seconds('nginx', /keepalive_timeout (\d+)s/), seconds('HAProxy', /pool-purge-delay (\d+)s/)])
      expect(idle).toBeLessThan(KEEP_ALIVE_MS / 1_000 - 5);
  });
});

describe('docs/proxies.md', () => {
  const root = resolve(import.meta.dirname, '../../..');
  const chapter = readFileSync(resolve(root, 'docs/proxies.md'), 'utf8');

  test.each(['envoy.yaml', 'traefik.yaml'])('%s, which is not run, is YAML and says so', (file) => {
    const text = readFileSync(resolve(root, 'deploy/proxies', file), 'utf8');
    expect(() => checkYaml(text)).not.toThrow();
    expect(text).toContain('Not run by us.');
  });

  test('gives the bounds that are in force, and links every configuration', () => {
    for (const row of [
      `| closes an idle connection after | ${KEEP_ALIVE_MS / 1_000} s |`,
      `| wants the head of a request within | ${PATIENCE.headMsMax / 1_000} s |`,
      `| wants the whole request within | ${PATIENCE.requestMsMax / 1_000} s |`,
      `| wants a large form within | ${FORM_MS_MAX / 1_000} s |`,
      `| reads a head of up to | ${HEAD_BYTES_MAX / 1_024} kB |`,
      'proxy-read-timeout: "660"',
    ])
      expect(chapter).toContain(row);
    for (const file of readdirSync(resolve(root, 'deploy/proxies'))) expect(chapter).toContain(`](../deploy/proxies/${file})`);
  });
});

async function withProxy(kind: ProxyKind, options: ProxyOptions, work: (proxy: RealProxy) => Promise<void>): Promise<void> {
  const proxy = await startProxy(kind, options);
  await work(proxy).finally(() => proxy.stop());
}

/** Sends ten parts with pauses; says nothing for some seconds to `silent`. */
async function answerSlowly(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const { model, stream: isStream } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
    model: string;
    stream?: boolean;
  };
  if (model === 'silent') await sleep(3_000);
  const shared = { id: 'chatcmpl-1', created: 1, model };
  const usage = { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 };
  if (isStream !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...shared, object: 'chat.completion', choices, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object) =>
    response.write(`data: ${JSON.stringify({ ...shared, object: 'chat.completion.chunk', ...fields })}\n\n`);
  for (let part = 0; part < CHUNKS; part += 1) {
    event({ choices: [{ index: 0, delta: { content: 'part ' }, finish_reason: null }] });
    await sleep(PAUSE_MS);
  }
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  event({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** When each part arrived. */
  readonly atMs: readonly number[];
}

function call(port: number, options: https.RequestOptions, body?: string | Buffer): Promise<Answer> {
  return answerTo(https.request({ host: '127.0.0.1', port, ca: testCertificate.cert, ...options }), body);
}

function callPlain(options: http.RequestOptions, body?: string | Buffer): Promise<Answer> {
  return answerTo(http.request({ host: '127.0.0.1', port: gateway.port, ...options }), body);
}

async function answerTo(request: http.ClientRequest, body?: string | Buffer): Promise<Answer> {
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const atMs: number[] = [];
  let text = '';
  for await (const part of response) {
    atMs.push(performance.now());
    text += String(part);
  }
  return { status: response.statusCode ?? 0, text, atMs };
}

function chat(port: number, fields: object | Buffer): Promise<Answer> {
  const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' };
  const body = Buffer.isBuffer(fields) ? fields : Buffer.from(JSON.stringify(fields));
  const options = { path: '/v1/chat/completions', method: 'POST', headers: { ...headers, 'content-length': body.length } };
  return call(port, options, body);
}

async function stream(port: number, model: string): Promise<{ status: number; gapsMs: readonly number[] }> {
  const { status, atMs } = await chat(port, { model, stream: true, messages: [{ role: 'user', content: 'Hello' }] });
  return { status, gapsMs: atMs.slice(1).map((ms, index) => ms - (atMs[index] as number)) };
}

/** A chat of exactly so many bytes. */
function sendBody(port: number, bytes: number): Promise<Answer> {
  const plain = JSON.stringify({ model: 'slow', messages: [{ role: 'user', content: '' }] });
  const filled = plain.replace('"content":""', `"content":"${'a'.repeat(bytes - plain.length)}"`);
  return chat(port, Buffer.from(filled));
}

let changes = 0;

/** Makes a change and returns the address that its audit event names. */
async function addressOfChange(send: typeof callPlain, headers: Readonly<Record<string, string>>): Promise<string | null> {
  changes += 1;
  const slug = `changed-${changes}`;
  const body = JSON.stringify({ slug, name: slug });
  const sent = { authorization: `Bearer ${gateway.adminToken}`, 'content-type': 'application/json', ...headers };
  const answer = await send({ method: 'POST', path: '/api/v1/organizations', headers: sent }, body);
  expect(answer.status).toBe(201);
  const id = (JSON.parse(answer.text) as { id: string }).id;
  const events = await gateway.admin<{ data: readonly { ip: string | null }[] }>(
    'GET',
    `/audit-events/all?organization_id=${id}`,
  );
  return events.data.at(-1)?.ip ?? null;
}

async function over2(session: http2.ClientHttp2Session, path: string): Promise<number> {
  const request = session.request({ ':path': path });
  const [headers] = (await once(request, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader];
  request.resume();
  await once(request, 'end');
  return Number(headers[':status']);
}
