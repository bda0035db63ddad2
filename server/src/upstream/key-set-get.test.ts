import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AddressPolicy, createAddressPolicy } from './address-policy.ts';
import { createTextGet } from './key-set-get.ts';

const policyOf = (allowedUpstreams: string) => createAddressPolicy({ mode: 'production', allowedUpstreams }) as AddressPolicy;
const client = createTextGet({ policy: policyOf('127.0.0.1'), timeoutMs: 400 });
const strict = createTextGet({ policy: policyOf(''), timeoutMs: 400 });
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    switch (request.url) {
      case '/good':
        return response.end('{"keys":[]}');
      case '/moved':
        return response.writeHead(302, { location: `${base}/good` }).end();
      case '/failed':
        return response.writeHead(503).end('x'.repeat(100_000));
      case '/large':
        return response.end('x'.repeat(10_000));
      case '/slow':
        return response.write('{');
      default:
        return request.socket.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await Promise.all([client.close(), strict.close()]);
  server.closeAllConnections();
  server.close();
});

test('a 200 is its text', async () => {
  expect(await client.get(`${base}/good`, 1_024)).toBe('{"keys":[]}');
});

test.each([
  ['/moved', 'it answered with status 302'],
  ['/failed', 'it answered with status 503'],
  ['/large', 'its answer is larger than 1 kB'],
  ['/slow', 'it did not answer within 0.4 s'],
  ['/cut', 'the connection was lost'],
])('%s fails with words, and nothing is left to throw', async (at, words) => {
  await expect(client.get(base + at, 1_024)).rejects.toThrow(words);
  // An error that nobody takes would end the process in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('an address that is not listed fails as an unknown name does', async () => {
  await expect(strict.get(`${base}/good`, 1_024)).rejects.toThrow('its host name has no address that may be called');
});
