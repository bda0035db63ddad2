import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { NotAnswered } from '../lib/bounded-fetch.ts';
import { createAddressPolicy } from './address-policy.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import type { ResolveAll } from './guarded-lookup.ts';
import { createTransport, type Transport } from './transport.ts';

let server: Server | null = null;
let transport: Transport | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  transport?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const opened = createServer(listener);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

function fetchWith(allowed = '127.0.0.1', resolve?: ResolveAll) {
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: allowed, setting: 'HEADGATE_ALLOWED_SOMETHING' });
  if ('problem' in policy) throw new Error(policy.problem);
  transport = createTransport({ policy, hidesInnerNames: true, ...(resolve === undefined ? {} : { resolve }) });
  return createBoundedFetch({ transport, setting: policy.setting, timeoutMs: 300, answerBytesMax: 10 * 1_024 });
}

const get = { method: 'GET', headers: { accept: 'application/json' }, body: null } as const;

test('sends a request as it is, and returns the answer with its headers', async () => {
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const seen = {
        method,
        path,
        form: headers['content-type'],
        encoding: headers['accept-encoding'],
        body: `${Buffer.concat(chunks)}`,
      };
      response.writeHead(201, { 'content-type': 'application/json', 'x-twice': ['a', 'b'] }).end(JSON.stringify(seen));
    });
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await fetchWith()(`${url}/token?x=1`, { method: 'POST', headers, body: 'a=1' });
  expect([answer.status, answer.headers.get('x-twice')]).toEqual([201, 'a, b']);
  expect(await answer.json()).toEqual({
    ...{ method: 'POST', path: '/token?x=1', form: 'application/x-www-form-urlencoded', encoding: 'identity', body: 'a=1' },
  });
});

test('follows no redirect', async () => {
  let calls = 0;
  const url = await serve((_request, response) => {
    calls += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect([(await fetchWith()(url, get)).status, calls]).toEqual([302, 1]);
});

test.each([
  ['nobody answers', () => {}, 'did not answer within 0.3 s'],
  ['the answer trickles', trickle, 'did not answer within 0.3 s'],
  [
    'the answer is too long',
    (_: unknown, response: Parameters<RequestListener>[1]) => response.end('x'.repeat(20_000)),
    'of more than 10 KiB',
  ],
  ['the connection is closed', (request: Parameters<RequestListener>[0]) => request.socket.destroy(), 'closed the connection'],
] as const)('%s: rejects with words, and in time', async (_what, listener, words) => {
  const url = await serve(listener as RequestListener);
  const startedMs = performance.now();
  const failed = await fetchWith()(url, get).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(NotAnswered);
  expect((failed as Error).message).toContain(words);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

function trickle(_request: unknown, response: Parameters<RequestListener>[1]): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 50);
  response.on('close', () => clearInterval(timer));
}

test('opens no socket to an address that is not allowed, and a name inside reads like one that nobody knows', async () => {
  let connections = 0;
  const url = await serve(() => {});
  server?.on('connection', () => {
    connections += 1;
  });
  const inside: ResolveAll = (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const port = new URL(url).port;
  await expect(fetchWith('')(url, get)).rejects.toThrow('list it in HEADGATE_ALLOWED_SOMETHING');
  await expect(fetchWith('', inside)(`http://looks-public.example:${port}`, get)).rejects.toThrow('could not be reached');
  expect(connections).toBe(0);
});

test('the caller can give up', async () => {
  const url = await serve(() => {});
  const aborted = AbortSignal.abort();
  await expect(fetchWith()(url, { ...get, signal: aborted })).rejects.toThrow(NotAnswered);
});
