import { describe, expect, it } from 'vitest';
import type { InboundWire, Wire } from '../dialects/dialect.ts';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { UpstreamFailure, UpstreamSink } from '../upstream/call.ts';
import type { Transport } from '../upstream/transport.ts';
import type { TransportRequest } from '../upstream/transport-request.ts';
import { createAnthropicProvider } from './anthropic/anthropic-provider.ts';
import { createCohereProvider } from './cohere/cohere-provider.ts';
import { createFakeProvider } from './fake/fake-provider.ts';
import { createGeminiProvider } from './gemini/gemini-provider.ts';
import { createOpenAiProvider } from './openai/openai-provider.ts';
import type { Provider, ProviderRequest } from './provider.ts';
import { createVoyageProvider } from './voyage/voyage-provider.ts';

function deployment(credential: Partial<CredentialConfig> | null, change: Partial<DeploymentConfig> = {}): DeploymentConfig {
  return {
    ...{
      id: 'dep_1',
      model: 'm',
      provider: 'openai',
      upstreamModel: 'up',
      mode: 'chat',
      prices: [],
      weight: 1,
      priority: 0,
      tags: [],
    },
    credential:
      credential === null ? null : { id: 'cred_1', provider: 'openai', baseUrl: null, apiKey: 'sk-test', ...credential },
    ...{ limits: { rpm: null, tpm: null }, maxOutputTokens: null, timeoutMs: 1_000, enabled: true },
    ...change,
  };
}

/** Returns a transport that records its requests. */
function recorder(): Transport & { readonly sent: TransportRequest[] } {
  const sent: TransportRequest[] = [];
  const send = (request: TransportRequest) => {
    sent.push(request);
    return { sent: true, abort: () => {}, resume: () => {} };
  };
  return { sent, send, stats: () => new Map(), close: () => {} };
}

const silent: UpstreamSink = { head: () => {}, data: () => true, end: () => {}, failed: () => {} };

function send(make: (deps: { transport: Transport }) => Provider, change: Partial<ProviderRequest>) {
  const transport = recorder();
  const request = {
    deployment: deployment({}),
    wire: 'openai-chat' as Wire,
    body: Buffer.from('{}'),
    stream: false,
    forward: [],
    query: '',
    ...change,
  };
  make({ transport }).open(request, silent);
  const sent = transport.sent[0] as TransportRequest;
  const headers = Object.fromEntries(sent.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, sent.headers[i + 1]]] : [])));
  return { ...sent, url: sent.origin + sent.path, headers, flat: sent.headers };
}

describe('the address of a call', () => {
  it.each<[Wire, string | null, string]>([
    ['cohere-chat', null, 'https://api.cohere.com/v2/chat'],
    ['cohere-embed', null, 'https://api.cohere.com/v2/embed'],
    ['cohere-chat', 'http://127.0.0.1:9999/cohere/v2/', 'http://127.0.0.1:9999/cohere/v2/chat'],
  ])('for %s at a Cohere base URL of %s is %s, with the key as a bearer', (wire, baseUrl, url) => {
    const { url: sent, headers } = send(createCohereProvider, { wire, deployment: deployment({ baseUrl }) });
    expect([sent, headers.authorization]).toEqual([url, 'Bearer sk-test']);
  });

  it('of Voyage is that of its embeddings, with the key as a bearer', () => {
    const { url, headers } = send(createVoyageProvider, { wire: 'voyage-embed' });
    expect([url, headers.authorization]).toEqual(['https://api.voyageai.com/v1/embeddings', 'Bearer sk-test']);
  });

  it('for documents in order has a path of its own at Cohere and Voyage', () => {
    expect(send(createCohereProvider, { wire: 'cohere-rerank' }).url).toBe('https://api.cohere.com/v2/rerank');
    expect(send(createVoyageProvider, { wire: 'voyage-rerank' }).url).toBe('https://api.voyageai.com/v1/rerank');
  });

  it('of a form says its boundary, and accepts sound and subtitles', () => {
    const contentType = 'multipart/form-data; boundary=b';
    const { headers } = send(createOpenAiProvider, { wire: 'openai-transcriptions', contentType });
    expect([headers['content-type'], headers.accept]).toEqual([contentType, '*/*']);
    const plain = send(createOpenAiProvider, { wire: 'openai-chat' });
    expect([plain.headers['content-type'], plain.headers.accept]).toEqual(['application/json', 'application/json']);
    expect(send(createOpenAiProvider, { wire: 'openai-speech' }).headers.accept).toBe('*/*');
  });

  it.each<[Wire, string | null, string]>([
    ['openai-chat', null, 'https://api.openai.com/v1/chat/completions'],
    ['openai-embeddings', null, 'https://api.openai.com/v1/embeddings'],
    ['openai-responses', null, 'https://api.openai.com/v1/responses'],
    ['openai-completions', null, 'https://api.openai.com/v1/completions'],
    ['openai-moderations', null, 'https://api.openai.com/v1/moderations'],
    ['openai-images', 'https://api.x.ai/v1', 'https://api.x.ai/v1/images/generations'],
    ['openai-image-edits', null, 'https://api.openai.com/v1/images/edits'],
    ['openai-image-variations', null, 'https://api.openai.com/v1/images/variations'],
    ['openai-speech', null, 'https://api.openai.com/v1/audio/speech'],
    ['openai-transcriptions', null, 'https://api.openai.com/v1/audio/transcriptions'],
    ['openai-translations', null, 'https://api.openai.com/v1/audio/translations'],
    ['cohere-rerank', 'https://api.jina.ai/v1', 'https://api.jina.ai/v1/rerank'],
    ['openai-chat', 'http://127.0.0.1:9999/v1', 'http://127.0.0.1:9999/v1/chat/completions'],
    ['openai-chat', 'https://example.com/openai/deployments/v1//', 'https://example.com/openai/deployments/v1/chat/completions'],
    ['openai-chat', 'https://example.com', 'https://example.com/chat/completions'],
  ])('for %s at an OpenAI base URL of %s is %s', (wire, baseUrl, url) => {
    expect(send(createOpenAiProvider, { wire, deployment: deployment({ baseUrl }) }).url).toBe(url);
  });

  it.each<[Wire, string | null, string]>([
    ['anthropic-messages', null, 'https://api.anthropic.com/v1/messages'],
    ['anthropic-count-tokens', null, 'https://api.anthropic.com/v1/messages/count_tokens'],
    ['anthropic-messages', 'http://127.0.0.1:9999', 'http://127.0.0.1:9999/v1/messages'],
    ['anthropic-messages', 'http://127.0.0.1:9999/proxy/', 'http://127.0.0.1:9999/proxy/v1/messages'],
  ])('for %s at an Anthropic base URL of %s is %s', (wire, baseUrl, url) => {
    expect(send(createAnthropicProvider, { wire, deployment: deployment({ baseUrl }) }).url).toBe(url);
  });

  it.each<[Wire, string, boolean, string | null, string]>([
    [
      'gemini',
      'gemini-3-pro',
      false,
      null,
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent',
    ],
    [
      'gemini',
      'gemini-3-pro',
      true,
      null,
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
    ],
    [
      'gemini-count-tokens',
      'gemini-3-pro',
      false,
      null,
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:countTokens',
    ],
    [
      'gemini-embed',
      'gemini-embedding-001',
      false,
      null,
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:batchEmbedContents',
    ],
    [
      'gemini',
      'models/gemini-3-pro',
      false,
      'http://127.0.0.1:9/v1/',
      'http://127.0.0.1:9/v1/models/gemini-3-pro:generateContent',
    ],
    ['gemini', 'tunedModels/mine', false, 'http://127.0.0.1:9', 'http://127.0.0.1:9/tunedModels/mine:generateContent'],
    [
      'gemini',
      'a/../b:c?d#e%',
      true,
      'http://127.0.0.1:9',
      'http://127.0.0.1:9/models/a%2F..%2Fb%3Ac%3Fd%23e%25:streamGenerateContent?alt=sse',
    ],
  ])('for %s of %s (streamed: %s) at a Gemini base URL of %s is %s', (wire, upstreamModel, stream, baseUrl, url) => {
    const { url: sent, headers } = send(createGeminiProvider, {
      wire,
      stream,
      query: 'alt=json&key=x',
      deployment: { ...deployment({ baseUrl }), upstreamModel },
    });
    expect(sent).toBe(url);
    expect(headers).toMatchObject({ 'x-goog-api-key': 'sk-test' });
    expect(headers).not.toHaveProperty('authorization');
  });

  it('carries the query to Anthropic only, and only a plain one', () => {
    expect(send(createAnthropicProvider, { wire: 'anthropic-messages', query: 'beta=true' }).path).toBe('/v1/messages?beta=true');
    expect(send(createAnthropicProvider, { wire: 'anthropic-messages', query: 'a b' }).path).toBe('/v1/messages');
    expect(send(createOpenAiProvider, { query: 'beta=true' }).path).toBe('/v1/chat/completions');
  });
});

describe('the headers of a call', () => {
  it('carry the credential the vendor’s way, and ask for an answer without compression', () => {
    const openai = send(createOpenAiProvider, {}).headers;
    expect(openai).toMatchObject({
      authorization: 'Bearer sk-test',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    expect(openai).not.toHaveProperty('x-api-key');
    const anthropic = send(createAnthropicProvider, { wire: 'anthropic-messages' }).headers;
    expect(anthropic).toMatchObject({ 'x-api-key': 'sk-test', 'anthropic-version': '2023-06-01' });
    expect(anthropic).not.toHaveProperty('authorization');
  });

  it('of a server that wants no key carry none', () => {
    expect(send(createOpenAiProvider, { deployment: deployment({ apiKey: '' }) }).headers).not.toHaveProperty('authorization');
  });

  it('of the client pass only as the vendor knows them, once each', () => {
    const forward = [
      ...[
        'anthropic-beta',
        'a',
        'anthropic-beta',
        'b',
        'anthropic-version',
        '2024-01-01',
        'x-client-request-id',
        'c1',
        'traceparent',
        't',
      ],
      ...['authorization', 'Bearer caller', 'x-api-key', 'caller', 'cookie', 'x', 'host', 'evil'],
    ];
    const anthropic = send(createAnthropicProvider, { wire: 'anthropic-messages', forward });
    expect(anthropic.headers).toMatchObject({
      'anthropic-beta': 'a,b',
      'anthropic-version': '2024-01-01',
      'x-client-request-id': 'c1',
      traceparent: 't',
    });
    expect(anthropic.flat.filter((text) => text === 'anthropic-version')).toHaveLength(1);
    const openai = send(createOpenAiProvider, { forward });
    expect(openai.headers).toMatchObject({ 'x-client-request-id': 'c1', traceparent: 't', authorization: 'Bearer sk-test' });
    for (const { flat } of [anthropic, openai]) {
      expect(flat.filter((text) => ['Bearer caller', 'caller', 'cookie', 'host'].includes(text))).toEqual([]);
    }
    expect(openai.flat).not.toContain('anthropic-beta');
  });

  it('are worked out once per deployment, and anew for a changed one', () => {
    const transport = recorder();
    const provider = createOpenAiProvider({ transport });
    const first = deployment({ apiKey: 'sk-1' });
    const request = { wire: 'openai-chat' as Wire, body: Buffer.from('{}'), stream: false, forward: [], query: '' };
    provider.open({ ...request, deployment: first }, silent);
    provider.open({ ...request, deployment: first }, silent);
    provider.open({ ...request, deployment: deployment({ apiKey: 'sk-2' }) }, silent);
    expect(transport.sent[0]?.headers).toBe(transport.sent[1]?.headers);
    expect(transport.sent[2]?.headers).toContain('Bearer sk-2');
  });
});

describe('a call without a credential', () => {
  it('fails as not sent, after its handle was given, and not at all when aborted', async () => {
    const failures: UpstreamFailure[] = [];
    const sink = { ...silent, failed: (failure: UpstreamFailure) => void failures.push(failure) };
    const provider = createOpenAiProvider({ transport: recorder() });
    const request = {
      deployment: deployment(null),
      wire: 'openai-chat' as Wire,
      body: Buffer.from('{}'),
      stream: false,
      forward: [],
      query: '',
    };
    provider.open(request, sink).abort();
    const call = provider.open(request, sink);
    expect(failures).toEqual([]);
    await Promise.resolve();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ kind: 'not_connected', sent: false });
    expect(call.sent).toBe(false);
  });
});

describe('the wire in which a vendor serves', () => {
  const wires: InboundWire[] = [
    'openai-chat',
    'anthropic-messages',
    'openai-responses',
    'openai-embeddings',
    'anthropic-count-tokens',
  ];
  it.each<[string, Provider, (Wire | null)[]]>([
    [
      'openai',
      createOpenAiProvider({ transport: recorder() }),
      ['openai-chat', 'openai-chat', 'openai-responses', 'openai-embeddings', null],
    ],
    [
      'anthropic',
      createAnthropicProvider({ transport: recorder() }),
      ['anthropic-messages', 'anthropic-messages', 'anthropic-messages', null, 'anthropic-count-tokens'],
    ],
    [
      'cohere',
      createCohereProvider({ transport: recorder() }),
      ['cohere-chat', 'cohere-chat', 'cohere-chat', 'cohere-embed', null],
    ],
    ['fake', createFakeProvider(), ['openai-chat', 'openai-chat', 'openai-chat', 'openai-embeddings', 'anthropic-count-tokens']],
  ])('is fixed for %s', (name, provider, served) => {
    expect(provider.name).toBe(name);
    expect(wires.map((wire) => provider.wireFor(wire, deployment({})))).toEqual(served);
  });

  it.each<[string, Provider, Wire | null, Wire | null, Wire | null]>([
    ['openai', createOpenAiProvider({ transport: recorder() }), 'openai-completions', 'openai-chat', 'openai-responses'],
    ['anthropic', createAnthropicProvider({ transport: recorder() }), null, 'anthropic-messages', 'anthropic-messages'],
    ['gemini', createGeminiProvider({ transport: recorder() }), null, 'gemini', 'gemini'],
    ['cohere', createCohereProvider({ transport: recorder() }), null, 'cohere-chat', 'cohere-chat'],
    ['fake', createFakeProvider(), 'openai-completions', 'openai-chat', 'openai-chat'],
  ])('of %s for texts depends on the mode, and for Cursor is that of responses', (_name, provider, own, chat, cursor) => {
    expect(provider.wireFor('openai-completions', deployment({}, { mode: 'completion' }))).toBe(own);
    expect(provider.wireFor('openai-completions', deployment({}))).toBe(chat);
    expect(provider.wireFor('cursor-responses', deployment({}))).toBe(cursor);
  });

  it('of Voyage is only that of its embeddings, and of Gemini’s embeddings its own', () => {
    const embedding = deployment({}, { mode: 'embedding' });
    const voyage = createVoyageProvider({ transport: recorder() });
    expect([voyage.name, voyage.wireFor('openai-embeddings', embedding)]).toEqual(['voyage', 'voyage-embed']);
    expect(wires.map((wire) => voyage.wireFor(wire, deployment({})))).toEqual([null, null, null, null, null]);
    expect(createGeminiProvider({ transport: recorder() }).wireFor('openai-embeddings', embedding)).toBe('gemini-embed');
  });

  it.each([
    [null, 'openai-responses'],
    ['https://api.openai.com/v1', 'openai-responses'],
    ['https://api.x.ai/v1', 'openai-responses'],
    ['http://127.0.0.1:9999/v1', 'openai-responses'],
    ['http://127.0.0.1:9998/v1', 'openai-chat'],
    ['https://api.openai.com.example.com/v1', 'openai-chat'],
  ])('is for responses at %s %s, where api.x.ai and one port are listed', (baseUrl, wire) => {
    const responsesHosts = ['API.x.ai', '127.0.0.1:9999'];
    const provider = createOpenAiProvider({ transport: recorder(), responsesHosts });
    expect(provider.wireFor('openai-responses', deployment({ baseUrl }))).toBe(wire);
    expect(provider.wireFor('anthropic-messages', deployment({ baseUrl }))).toBe('openai-chat');
  });
});
