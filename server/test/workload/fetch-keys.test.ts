/** Key sets are fetched from servers of strangers: every odd answer has words, and none reaches what may not be called. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { fetchKeySet } from '../../src/identity/workload/fetch-key-set.ts';
import { checkWebhookUrl, createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createBoundedFetch } from '../../src/upstream/bounded-fetch.ts';
import { createTransport } from '../../src/upstream/transport.ts';

const SETTING = 'HEADGATE_ALLOWED_OWN_UPSTREAMS';
const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1', setting: SETTING });
if ('problem' in policy) throw new Error(policy.problem);
const transport = createTransport({ policy, hidesInnerNames: true });
const fetch = createBoundedFetch({ transport, setting: SETTING, timeoutMs: 300, answerBytesMax: 4_096 });
const fetching = { fetch, checkUrl: (url: string) => checkWebhookUrl(url, policy) };
afterAll(() => transport.close());

/** Answers the discovery document and the key set with what the test wants. */
async function served(listener: RequestListener): Promise<{ readonly issuer: string; close(): void }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

const text = (body: string, status = 200) =>
  ((_, response) => response.writeHead(status, { location: '/keys' }).end(body)) satisfies RequestListener;

test('the key set is the one that the configuration of the issuer names', async () => {
  const { issuer, close } = await served((request, response) =>
    response.end(request.url === '/keys' ? '{"keys":[]}' : JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` })),
  );
  try {
    expect(await fetchKeySet({ issuer, keySource: 'discovery', keysUrl: null }, fetching)).toBe('{"keys":[]}');
    expect(await fetchKeySet({ issuer, keySource: 'url', keysUrl: `${issuer}/keys` }, fetching)).toBe('{"keys":[]}');
  } finally {
    close();
  }
});

test.each([
  ['a redirect', text('', 302), 'its server answered with status 302'],
  ['an error', text('x'.repeat(3_000), 503), 'its server answered with status 503'],
  ['a long answer', text('x'.repeat(10_000)), 'one of more than 4 KiB'],
  ['silence', () => {}, 'its server did not answer within 0.3 s'],
  ['a cut', (request) => request.socket.destroy(), 'its server closed the connection'],
  ['text', text('hello'), 'its configuration is of another issuer than'],
  ['the configuration of somebody else', text('{"issuer":"https://other.test"}'), 'its configuration is of another issuer than'],
] as const satisfies readonly (readonly [string, RequestListener, string])[])(
  '%s is refused with words',
  async (_, listener, words) => {
    const { issuer, close } = await served(listener);
    try {
      await expect(fetchKeySet({ issuer, keySource: 'discovery', keysUrl: null }, fetching)).rejects.toThrow(words);
    } finally {
      close();
    }
  },
);

test('a configuration cannot lead to an address that may not be called', async () => {
  let asked = '';
  const { issuer, close } = await served((_, response) => response.end(JSON.stringify({ issuer, jwks_uri: asked })));
  try {
    for (const [to, words] of [
      ['https://169.254.169.254/keys', 'the address of the key set'],
      ['file:///etc/passwd', 'the address of the key set must begin with'],
      ['https://looks-public.invalid/keys', 'its server could not be reached'],
    ] as const) {
      asked = to;
      await expect(fetchKeySet({ issuer, keySource: 'discovery', keysUrl: null }, fetching)).rejects.toThrow(words);
    }
  } finally {
    close();
  }
});
