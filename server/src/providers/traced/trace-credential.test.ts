import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CANARIES,
  type CloudSite,
  cloudCredential,
  ENTRA_SECRET,
  openCloudSite,
  SERVICE_ACCOUNT,
} from '../../../test/support/cloud-site.ts';
import { testTransport } from '../../../test/support/upstream.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { systemClock } from '../../lib/timing/clock.ts';
import { createAddressPolicy } from '../../upstream/address-policy.ts';
import { createTransport } from '../../upstream/transport.ts';
import { createAzureProvider } from '../azure/azure-provider.ts';
import { createBedrockProvider } from '../bedrock/bedrock-provider.ts';
import { createGeminiProvider } from '../gemini/gemini-provider.ts';
import { createOpenAiProvider } from '../openai/openai-provider.ts';
import type { CredentialTrace } from '../provider.ts';
import { createTokens } from '../tokens/tokens.ts';
import { createVertexProvider } from '../vertex/vertex-provider.ts';
import { createVoyageProvider } from '../voyage/voyage-provider.ts';
import type { Recorder } from './recorder.ts';
import { type TracedProvider, traceCredential } from './trace-credential.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const KEY = 'hk-Zq81kWm4Xe7Rt2Vb9Np3';
/** Time passes this much faster for whoever waits for a token. */
const FASTER = 20;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function vendor(answer: Answer): Promise<string> {
  const server = createServer((request, response) => void request.resume().on('end', () => answer(request, response)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns the providers as a process opens them for one test. `origin`: the servers of tokens. */
function opened(origin = 'http://127.0.0.1:1') {
  return (credential: CredentialConfig, transport = testTransport()) =>
    (recorder: Recorder): TracedProvider => {
      const after = (ms: number, callback: () => void) => {
        const timer = setTimeout(callback, ms / FASTER);
        return () => clearTimeout(timer);
      };
      const [call, token] = [recorder.over(transport, 'call'), recorder.over(transport, 'token')];
      const tokens = createTokens({
        ...{ transport: token, metadataTransport: () => token, ambientClouds: new Set(['azure', 'gcp']) },
        ...{ clock: systemClock, after, origins: { entra: origin, google: origin, metadata: origin } },
      });
      const keys = { transport: call, keysTransport: token, clock: systemClock, after, tokenService: () => origin };
      const all = [
        createOpenAiProvider({ transport: call, responsesHosts: [] }),
        createGeminiProvider({ transport: call }),
        createVoyageProvider({ transport: call }),
        createAzureProvider({ transport: call, tokens }),
        createVertexProvider({ transport: call, tokens }),
        createBedrockProvider({ ...keys, isAmbientAllowed: false }),
      ];
      return { provider: all.find(({ name }) => name === credential.provider), close: () => {} };
    };
}

const keyed = (baseUrl: string, more: Partial<CredentialConfig> = {}): CredentialConfig => ({
  ...{ id: 'cred_1', provider: 'openai', baseUrl, apiKey: KEY },
  ...more,
});

function traced(credential: CredentialConfig, origin?: string, testMsMax?: number): Promise<CredentialTrace> {
  return traceCredential(credential, opened(origin)(credential), systemClock, testMsMax);
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** Fails if any of the texts, or a part of one, is in what a person sees. */
function expectNone(trace: CredentialTrace, secrets: readonly string[]): void {
  const shown = JSON.stringify(trace);
  for (const secret of secrets)
    for (let at = 0; at + 6 <= secret.length; at += 1)
      expect(shown).not.toContain(JSON.stringify(secret.slice(at, at + 6)).slice(1, -1));
}

describe('a test of a credential', () => {
  test('shows the call, the answer and what it means', async () => {
    const base = await vendor((_, response) =>
      json(
        response,
        200,
        { data: [{ id: 'b' }, { id: 'a' }] },
        { 'x-request-id': 'req-7', 'x-ratelimit-limit-requests': '60', 'set-cookie': 'a=b' },
      ),
    );
    const trace = await traced(keyed(`${base}/v1`));
    expect(trace).toMatchObject({
      result: { ok: true, models: ['a', 'b'] },
      meaning: 'The vendor accepts this credential, and lists 2 models.',
      calls: [{ purpose: 'call', method: 'GET', url: `${base}/v1/models`, status: 200, failure: null }],
    });
    const [call] = trace.calls;
    expect(call?.requestHeaders).toContainEqual(['authorization', 'Bearer [redacted]']);
    expect(call?.requestHeaders).toContainEqual(['user-agent', 'headgate']);
    const told = new Map(call?.answerHeaders);
    expect([told.get('x-request-id'), told.get('x-ratelimit-limit-requests'), told.has('set-cookie')]).toEqual([
      'req-7',
      '60',
      false,
    ]);
    expect(call?.body).toContain('"id":"a"');
    expect(call?.ms).toBeGreaterThanOrEqual(0);
    expectNone(trace, [KEY]);
  });

  test.each([
    ['as it is', (key: string) => `Wrong key ${key}.`],
    ['in part, with asterisks', (key: string) => `Incorrect API key provided: ${key.slice(0, 7)}*****${key.slice(-4)}.`],
    ['its first half', (key: string) => `The key that begins with ${key.slice(0, 12)} is unknown`],
    ['its end', (key: string) => `…${key.slice(-10)}`],
    ['in base64', (key: string) => Buffer.from(`user:${key}`).toString('base64')],
    ['in hex', (key: string) => Buffer.from(key).toString('hex')],
    ['in capitals', (key: string) => key.toUpperCase()],
    ['backwards', (key: string) => [...key].reverse().join('')],
    ['within a word', (key: string) => `id=${key}&page=2`],
    ['many times, over the end of what is kept', (key: string) => `${key} `.repeat(5_000)],
  ])('takes out a key that the vendor repeats %s', async (_, echo) => {
    const base = await vendor((_request, response) =>
      json(response, 401, { error: { message: echo(KEY) } }, { 'x-request-id': KEY }),
    );
    const trace = await traced(keyed(`${base}/v1`));
    expect(trace.meaning).toBe('The vendor does not know this key. It is wrong, was revoked, or has ended.');
    expectNone(trace, [KEY, KEY.toUpperCase(), Buffer.from(KEY).toString('hex'), [...KEY].reverse().join('')]);
    expect(JSON.stringify(trace)).not.toContain(KEY.slice(-4));
    expect(trace.calls[0]?.body).toContain('[redacted]');
    expect(trace.calls[0]?.body?.length).toBeLessThanOrEqual(2_000);
  });

  test('shows a key in a header of its own as a mark', async () => {
    const base = await vendor((_, response) => json(response, 403, {}));
    const trace = await traced(keyed(base, { provider: 'gemini' }));
    expect(trace.calls[0]?.requestHeaders).toContainEqual(['x-goog-api-key', '[redacted]']);
    expect(trace.meaning).toMatch(/does not let this credential list models/);
  });

  test('says that there is no list, that a clock is wrong, and that an address is refused', async () => {
    const none = await traced(keyed('http://127.0.0.1:1', { provider: 'voyage' }));
    expect(none).toMatchObject({ result: { ok: false, isUnasked: true }, calls: [] });
    expect(none.meaning).toMatch(/^This vendor has no list of models/);
    const gone = await traced(keyed('http://127.0.0.1:1'));
    expect(gone.meaning).toMatch(/^127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)\. Check the base URL/);
    const date = new Date(Date.now() - 7 * 60_000).toUTCString();
    const late = await vendor((_, response) => json(response, 403, {}, { date }));
    expect((await traced(keyed(late))).meaning).toContain('The clock of this machine is 7 minutes ahead of the vendor’s');
    const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '' });
    if ('problem' in policy) throw new Error(policy.problem);
    const credential = keyed('http://169.254.169.254/latest');
    const refused = await traceCredential(credential, opened()(credential, createTransport({ policy })), systemClock);
    expect(refused.meaning).toMatch(/^The address policy refuses the address of 169\.254\.169\.254, so nothing was sent\./);
    expect(refused.calls[0]).toMatchObject({ status: null, body: null, failure: "the provider's address is not allowed" });
  });

  test('ends in bounded time, whatever the vendor does', async () => {
    const silent = await vendor(() => {});
    const trickling = await vendor((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    for (const base of [silent, trickling]) {
      const startedMs = Date.now();
      const trace = await traced(keyed(base), undefined, 300);
      expect(Date.now() - startedMs).toBeLessThan(3_000);
      expect(trace.result.ok).toBe(false);
      expect(trace.meaning).toMatch(/did not answer in time/);
    }
  });
});

describe('a test of a credential with a token', () => {
  async function site(): Promise<CloudSite> {
    const made = await openCloudSite();
    closing.push(() => made.close());
    made.answer = (_, response) => void json(response, 200, { data: [{ id: 'm' }], publisherModels: [{ name: 'm' }] });
    return made;
  }

  test.each([
    ['azure', 'azure_entra'],
    ['vertex', 'gcp_service_account'],
    ['azure', 'ambient'],
    ['vertex', 'ambient'],
  ] as const)('of %s, %s: shows the request for the token, and no token', async (provider, kind) => {
    const at = await site();
    const trace = await traced(cloudCredential(provider, kind, { baseUrl: at.origin }), at.origin);
    expect(trace.calls.map(({ purpose, status }) => [purpose, status])).toEqual([
      ['token', 200],
      ['call', 200],
    ]);
    expect(trace.calls[0]?.body).toBeNull();
    expect(trace.calls[1]?.requestHeaders).toContainEqual(['authorization', 'Bearer [redacted]']);
    expectNone(trace, [CANARIES.token, CANARIES.secret, ...SERVICE_ACCOUNT.privateKey.split('\n').slice(1, 3)]);
    // Another test asks for another token.
    await traced(cloudCredential(provider, kind, { baseUrl: at.origin }), at.origin);
    expect(at.asked).toHaveLength(2);
  });

  test('says which secret is wrong, and repeats neither it nor the proof that was sent', async () => {
    const at = await site();
    const secret = { ...ENTRA_SECRET, clientSecret: 'Zq8~kWm4Xe7Rt2Vb9Np3' };
    at.issue = ({ body }, response) =>
      void json(response, 401, { error: 'invalid_client', error_description: `${body} ${secret.clientSecret}` });
    const entra = await traced(cloudCredential('azure', 'azure_entra', { baseUrl: at.origin, secret }), at.origin);
    expect(entra.meaning).toMatch(/^Microsoft Entra issues no token for this tenant, client and secret\./);
    expect(entra.calls).toHaveLength(1);
    expect(entra.calls[0]?.body).toContain('invalid_client');
    expectNone(entra, [secret.clientSecret]);
    const google = await traced(cloudCredential('vertex', 'gcp_service_account', { baseUrl: at.origin }), at.origin);
    expect(google.meaning).toMatch(/^Google issues no token/);
    expect(JSON.stringify(google)).not.toMatch(/eyJ[\w-]{8}/);
  });

  test('takes out a token that the vendor repeats', async () => {
    const at = await site();
    at.answer = ({ headers }, response) => void json(response, 401, { error: { message: `no: ${headers.authorization}` } });
    const trace = await traced(cloudCredential('azure', 'azure_entra', { baseUrl: at.origin }), at.origin);
    expectNone(trace, [CANARIES.token]);
    expect(trace.calls[1]?.body).toContain('[redacted]');
  });

  test('ends when the server of tokens hangs, and says so', async () => {
    const at = await site();
    at.issue = () => {};
    const startedMs = Date.now();
    const trace = await traced(cloudCredential('azure', 'azure_entra', { baseUrl: at.origin }), at.origin);
    expect(Date.now() - startedMs).toBeLessThan(3_000);
    expect(trace.calls.map(({ purpose, status }) => [purpose, status])).toEqual([['token', null]]);
    expect(trace.meaning).toMatch(/^The server that issues tokens \(127\.0\.0\.1:\d+\) did not answer in time\./);
  });
});

test('a signed call shows the scope of its signature, and neither the keys nor the signature', async () => {
  const keys = {
    accessKeyId: 'AKIACANARY7EXAMPLE',
    secretAccessKey: 'sCanary/k+Zq81kWm4Xe7Rt2Vb9Np3',
    sessionToken: 'tokenCanary+Lm5Np8Rt2Vb',
  };
  let authorization = '';
  const base = await vendor((request, response) => {
    authorization = request.headers.authorization ?? '';
    const message = `signature ${authorization} of ${request.headers['x-amz-security-token']} does not match`;
    json(response, 403, { message }, { 'x-amzn-requestid': 'aws-1', 'x-amzn-errortype': 'InvalidSignatureException' });
  });
  const credential = keyed(base, {
    ...{ provider: 'bedrock', kind: 'aws_static', apiKey: '', settings: { region: 'eu-central-1' } },
    secret: { kind: 'aws_static', ...keys, roleArn: null, externalId: null },
  });
  const trace = await traced(credential);
  const signature = /Signature=(\w+)/.exec(authorization)?.[1] ?? '';
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  expectNone(trace, [...Object.values(keys), signature]);
  const [call] = trace.calls;
  const sent = new Map(call?.requestHeaders);
  expect(sent.get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=\[redacted\]\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=[\w;-]+, Signature=\[redacted\]$/,
  );
  expect(sent.get('x-amz-security-token')).toBe('[redacted]');
  expect(call?.answerHeaders).toContainEqual(['x-amzn-errortype', 'InvalidSignatureException']);
});
