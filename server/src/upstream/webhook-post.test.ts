import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { createAddressPolicy } from './address-policy.ts';
import { createWebhookPost } from './webhook-post.ts';

let server: Server | null = null;
afterEach(() => server?.close());

async function serve(listener: RequestListener): Promise<string> {
  const opened = createServer(listener);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

function postFrom(mode: 'development' | 'production', allowedUpstreams = '') {
  const policy = createAddressPolicy({ mode, allowedUpstreams });
  if ('problem' in policy) throw new Error(policy.problem);
  const resolve = (_name: string, callback: (error: Error | null, all: { address: string; family: 4 }[]) => void) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  return createWebhookPost({ policy, clock, resolve, timeoutMs: 300 });
}

const message = (url: string) => ({ url, headers: { 'webhook-id': 'evt_1' }, body: '{}' });

test('sends a message and says how it was answered, following no redirect', async () => {
  let calls = 0;
  const url = await serve((request, response) => {
    calls += 1;
    expect([request.method, request.headers['webhook-id']]).toEqual(['POST', 'evt_1']);
    response.writeHead(307, { location: '/elsewhere' }).end('x'.repeat(200_000));
  });
  expect(await postFrom('development').send(message(url))).toEqual({ is: 'answered', status: 307 });
  expect(calls).toBe(1);
});

test('opens no socket to an address that is not allowed, whatever name leads there', async () => {
  let connections = 0;
  const url = await serve(() => {});
  server?.on('connection', () => {
    connections += 1;
  });
  const port = new URL(url).port;
  const refused = { is: 'failed', reason: 'the host name has no address that webhooks may be sent to' };
  expect(await postFrom('production').send(message(url))).toEqual(refused);
  expect(await postFrom('production').send(message(`http://looks-public.example:${port}`))).toEqual(refused);
  expect(connections).toBe(0);
});

// Otherwise anyone who may set an address could list the names of the inner network.
test('a name inside reads like a name that nobody knows', async () => {
  const unknown = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '' });
  if ('problem' in policy) throw new Error(policy.problem);
  const missing = createWebhookPost({ policy, clock, resolve: (_name, callback) => callback(unknown, []), timeoutMs: 300 });
  const answers = [
    await missing.send(message('https://a.example')),
    await postFrom('production').send(message('https://a.example')),
  ];
  expect(answers[0]).toEqual(answers[1]);
  await missing.close();
});

test('gives up on a receiver that does not answer, and says when there is none', async () => {
  const url = await serve(() => {});
  expect(await postFrom('development').send(message(url))).toEqual({
    is: 'failed',
    reason: 'the receiver did not answer within 0.3 s',
  });
  server?.closeAllConnections();
  server?.close();
  expect(await postFrom('development').send(message(url))).toEqual({ is: 'failed', reason: 'the connection was refused' });
});
