import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudSite, cloudCredential, json, openCloudSite } from '../../test/support/cloud-site.ts';
import { testTransport, upstream } from '../../test/support/upstream.ts';
import type { DeploymentConfig, DeploymentMode, ProviderName } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { systemClock } from '../lib/timing/clock.ts';
import { createAnthropicProvider } from './anthropic/anthropic-provider.ts';
import { createCohereProvider } from './cohere/cohere-provider.ts';
import { checkDeployment, listUpstreamModels } from './credential-check.ts';
import { createFakeProvider } from './fake/fake-provider.ts';
import { createGeminiProvider } from './gemini/gemini-provider.ts';
import { createOpenAiProvider } from './openai/openai-provider.ts';
import type { Provider } from './provider.ts';
import { createVoyageProvider } from './voyage/voyage-provider.ts';

const SECRET = 'sk-PROVIDER-SECRET';

function credential(provider: ProviderName, baseUrl: string): CredentialConfig {
  return { id: 'cred_1', provider, baseUrl, apiKey: SECRET };
}

function deployment(
  used: CredentialConfig | null,
  change: { mode?: DeploymentMode; upstreamModel?: string; timeoutMs?: number } = {},
): DeploymentConfig {
  return {
    ...{
      id: 'dep_1',
      model: 'm',
      provider: used?.provider ?? 'fake',
      upstreamModel: 'up',
      mode: 'chat',
      credential: used,
      prices: [],
    },
    ...{
      limits: { rpm: null, tpm: null },
      weight: 1,
      priority: 0,
      tags: [],
      maxOutputTokens: null,
      timeoutMs: 5_000,
      enabled: true,
    },
    ...change,
  };
}

type Seen = { url: string | undefined; body: Record<string, unknown> };

/** Returns a provider that answers with status and body, and records its requests. */
async function answering(answer: (seen: Seen) => readonly [number, unknown]) {
  const asked: Seen[] = [];
  const there = await upstream((request, response, bytes) => {
    const seen = { url: request.url, body: bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as Record<string, unknown>) };
    asked.push(seen);
    const [status, body] = answer(seen);
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { ...there, asked };
}

describe('a live check of a deployment', () => {
  it('asks for one token and says how it went', async () => {
    const there = await answering(() => [200, { choices: [] }]);
    const provider = createOpenAiProvider({ transport: testTransport() });
    const check = await checkDeployment(provider, deployment(credential('openai', `${there.origin}/v1`)), systemClock);
    expect(check).toMatchObject({ ok: true, status: 200 });
    expect(check.latencyMs).toBeGreaterThanOrEqual(0);
    expect(there.asked).toEqual([
      { url: '/v1/chat/completions', body: { model: 'up', messages: [{ role: 'user', content: 'ping' }], max_tokens: 1 } },
    ]);
  });

  it('asks again by the newer name of the cap where the model wants that', async () => {
    const refusal = { error: { message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." } };
    const there = await answering(({ body }) => ('max_tokens' in body ? [400, refusal] : [200, {}]));
    const provider = createOpenAiProvider({ transport: testTransport() });
    expect(await checkDeployment(provider, deployment(credential('openai', there.origin)), systemClock)).toMatchObject({
      ok: true,
    });
    expect(there.asked[1]?.body).toMatchObject({ max_completion_tokens: 1 });
  });

  it('counts a model that spent its token on thinking as reached', async () => {
    const message = 'Could not finish the message because max_tokens or model output limit was reached.';
    const there = await answering(() => [400, { error: { message } }]);
    const provider = createOpenAiProvider({ transport: testTransport() });
    expect(await checkDeployment(provider, deployment(credential('openai', there.origin)), systemClock)).toMatchObject({
      ok: true,
      status: 400,
    });
  });

  it('speaks each vendor’s wire and mode', async () => {
    const there = await answering(() => [200, {}]);
    const transport = testTransport();
    await checkDeployment(createAnthropicProvider({ transport }), deployment(credential('anthropic', there.origin)), systemClock);
    await checkDeployment(
      createOpenAiProvider({ transport }),
      deployment(credential('openai', there.origin), { mode: 'embedding' }),
      systemClock,
    );
    await checkDeployment(
      createOpenAiProvider({ transport }),
      deployment(credential('openai', there.origin), { mode: 'completion' }),
      systemClock,
    );
    expect(there.asked.map((seen) => seen.url)).toEqual(['/v1/messages', '/embeddings', '/completions']);
    expect(there.asked[1]?.body).toEqual({ model: 'up', input: 'ping' });
    expect(there.asked[2]?.body).toEqual({ model: 'up', prompt: 'ping', max_tokens: 1 });
    const unserved = deployment(credential('anthropic', there.origin), { mode: 'embedding' });
    expect(await checkDeployment(createAnthropicProvider({ transport }), unserved, systemClock)).toMatchObject({
      ok: false,
      status: null,
    });
  });

  it('tells what the provider said, without the key it quoted', async () => {
    const there = await answering(() => [401, { error: { message: `Incorrect API key provided: ${SECRET}.` } }]);
    const provider = createOpenAiProvider({ transport: testTransport() });
    const check = await checkDeployment(provider, deployment(credential('openai', there.origin)), systemClock);
    expect(check).toMatchObject({ ok: false, status: 401 });
    expect(check.message).toMatch(/^Incorrect API key provided/);
    expect(JSON.stringify(check)).not.toContain('SECRET');
  });

  it('has no status where nobody answered', async () => {
    const provider = createOpenAiProvider({ transport: testTransport() });
    expect(await checkDeployment(provider, deployment(credential('openai', 'http://127.0.0.1:9')), systemClock)).toMatchObject({
      ok: false,
      status: null,
    });
    expect(
      await checkDeployment(provider, deployment(credential('openai', 'http://169.254.169.254')), systemClock),
    ).toMatchObject({
      ok: false,
      message: "the provider's address is not allowed",
    });
  });

  it('works on the fake', async () => {
    const fake = createFakeProvider();
    expect(await checkDeployment(fake, deployment(null, { upstreamModel: 'fake-small' }), systemClock)).toMatchObject({
      ok: true,
      status: 200,
    });
    expect(await checkDeployment(fake, deployment(null, { upstreamModel: 'fake-500' }), systemClock)).toMatchObject({
      ok: false,
      status: 500,
    });
    expect(
      await checkDeployment(fake, deployment(null, { upstreamModel: 'fake-hangs', timeoutMs: 50 }), systemClock),
    ).toMatchObject({ ok: false, status: null });
  });
});

describe('the list of a credential’s models', () => {
  it('is asked of each vendor where it keeps it', async () => {
    const there = await answering(() => [200, { data: [{ id: 'b' }, { id: 'a' }, { id: 5 }, null] }]);
    const transport = testTransport();
    expect(await listUpstreamModels(createOpenAiProvider({ transport }), credential('openai', `${there.origin}/v1`))).toEqual({
      ok: true,
      models: ['a', 'b'],
    });
    expect(await listUpstreamModels(createAnthropicProvider({ transport }), credential('anthropic', there.origin))).toMatchObject(
      { ok: true },
    );
    expect(there.asked.map((seen) => seen.url)).toEqual(['/v1/models', '/v1/models?limit=1000']);
  });

  it.each<[number, unknown]>([
    [401, { error: { message: `bad key ${SECRET}` } }],
    [200, '<html>'],
    [200, { data: 'x' }],
    [200, 'null'],
    [307, ''],
  ])('is a reason where there is none: %i %j', async (status, body) => {
    const there = await answering(() => [status, body]);
    const listed = await listUpstreamModels(
      createOpenAiProvider({ transport: testTransport() }),
      credential('openai', there.origin),
    );
    expect(listed).toMatchObject({ ok: false, status });
    expect(JSON.stringify(listed)).not.toContain('SECRET');
  });

  it('is a reason where the vendor keeps none, or nobody answers, or the answer has no end', async () => {
    expect(await listUpstreamModels(createFakeProvider(), credential('fake', ''))).toMatchObject({ ok: false, status: null });
    const provider = createOpenAiProvider({ transport: testTransport() });
    expect(await listUpstreamModels(provider, credential('openai', 'http://127.0.0.1:9'))).toMatchObject({
      ok: false,
      status: null,
    });
    const there = await answering(() => [200, 'x'.repeat(5 * 1024 * 1024)]);
    expect(await listUpstreamModels(provider, credential('openai', there.origin))).toMatchObject({ ok: false });
  });
});

describe('Gemini', () => {
  const make = () => createGeminiProvider({ transport: testTransport() });

  it('is asked for one token in its own format', async () => {
    const there = await answering(() => [200, { candidates: [] }]);
    const used = deployment(credential('gemini', `${there.origin}/v1beta`));
    expect(await checkDeployment(make(), used, systemClock)).toMatchObject({ ok: true, status: 200 });
    expect(there.asked).toEqual([
      {
        url: '/v1beta/models/up:generateContent',
        body: { contents: [{ role: 'user', parts: [{ text: 'ping' }] }], generationConfig: { maxOutputTokens: 1 } },
      },
    ]);
  });

  it('lists its models by the names that deployments use', async () => {
    const there = await answering(() => [200, { models: [{ name: 'models/b' }, { name: 'models/a' }, {}, null] }]);
    expect(await listUpstreamModels(make(), credential('gemini', there.origin))).toEqual({ ok: true, models: ['a', 'b'] });
    expect(there.asked[0]?.url).toBe('/models?pageSize=1000');
  });

  it('refuses a wrong key with 400, which counts as 401', async () => {
    const error = {
      code: 400,
      message: 'API key not valid.',
      status: 'INVALID_ARGUMENT',
      details: [{ reason: 'API_KEY_INVALID' }],
    };
    const there = await answering(() => [400, { error }]);
    expect(await listUpstreamModels(make(), credential('gemini', there.origin))).toEqual({
      ok: false,
      status: 401,
      message: 'API key not valid.',
    });
  });
});

describe('Cohere, Voyage and Gemini’s embeddings', () => {
  it('are asked for one token or one text in their own formats', async () => {
    const there = await answering(() => [200, {}]);
    const transport = testTransport();
    const check = (provider: Provider, at: string, mode: DeploymentMode) =>
      checkDeployment(provider, deployment(credential(provider.name, there.origin + at), { mode }), systemClock);
    const checks = [
      await check(createCohereProvider({ transport }), '/v2', 'chat'),
      await check(createCohereProvider({ transport }), '/v2', 'embedding'),
      await check(createVoyageProvider({ transport }), '/v1', 'embedding'),
      await check(createGeminiProvider({ transport }), '/v1beta', 'embedding'),
    ];
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(there.asked).toEqual([
      { url: '/v2/chat', body: { model: 'up', messages: [{ role: 'user', content: 'ping' }], max_tokens: 1 } },
      {
        url: '/v2/embed',
        body: { model: 'up', texts: ['ping'], input_type: 'search_document', embedding_types: ['float'] },
      },
      { url: '/v1/embeddings', body: { model: 'up', input: 'ping' } },
      {
        url: '/v1beta/models/up:batchEmbedContents',
        body: { requests: [{ model: 'models/up', content: { parts: [{ text: 'ping' }] } }] },
      },
    ]);
    expect(await check(createVoyageProvider({ transport }), '/v1', 'chat')).toMatchObject({ ok: false, status: null });
  });

  it('have a list of models at Cohere, in the version before, and none at Voyage', async () => {
    const there = await answering(() => [200, { models: [{ name: 'embed-v4.0' }, { name: 'command-a-03-2025' }] }]);
    const cohere = createCohereProvider({ transport: testTransport() });
    const want = { ok: true, models: ['command-a-03-2025', 'embed-v4.0'] };
    expect(await listUpstreamModels(cohere, credential('cohere', `${there.origin}/v2`))).toEqual(want);
    expect(await listUpstreamModels(cohere, credential('cohere', `${there.origin}/proxy`))).toEqual(want);
    expect(there.asked.map(({ url }) => url)).toEqual(['/v1/models?page_size=1000', '/proxy/models?page_size=1000']);
    const voyage = createVoyageProvider({ transport: testTransport() });
    expect(await listUpstreamModels(voyage, credential('voyage', there.origin))).toMatchObject({ ok: false, status: null });
  });
});

describe('at Azure and Vertex AI', () => {
  let site: CloudSite;
  beforeEach(async () => {
    site = await openCloudSite();
  });
  afterEach(() => site.close());

  it.each([
    ['azure', 'azure_entra', 'my-gpt', '/openai/v1/chat/completions', { model: 'my-gpt', max_tokens: 1 }],
    ['vertex', 'ambient', 'claude-x', ':rawPredict', { anthropic_version: 'vertex-2023-10-16', max_tokens: 1 }],
    ['vertex', 'gcp_service_account', 'gemini-x', ':generateContent', { generationConfig: { maxOutputTokens: 1 } }],
    ['vertex', 'gcp_service_account', 'meta/llama', '/openapi/chat/completions', { model: 'meta/llama', max_tokens: 1 }],
  ] as const)('a live check with %s and %s of %s has the form of the call', async (name, kind, upstreamModel, end, body) => {
    const [azure, vertex] = site.providers;
    const used = cloudCredential(name, kind, { baseUrl: site.origin });
    const check = await checkDeployment(name === 'azure' ? azure : vertex, deployment(used, { upstreamModel }), systemClock);
    expect(check).toMatchObject({ ok: true, status: 200 });
    const sent = JSON.parse(site.called[0]?.body ?? '') as Record<string, unknown>;
    expect(site.called[0]?.url.endsWith(end)).toBe(true);
    expect(sent).toMatchObject(body);
    expect('model' in sent).toBe('model' in body);
  });

  it.each([
    ['azure', {}, '/openai/v1/models', { data: [{ id: 'gpt-5' }] }, 'gpt-5'],
    ['azure', { apiVersion: '2024-10-21' }, '/openai/models?api-version=2024-10-21', { data: [{ id: 'gpt-5' }] }, 'gpt-5'],
    [
      'vertex',
      { project: 'p', location: 'eu' },
      '/v1beta1/publishers/google/models?pageSize=300',
      { publisherModels: [{ name: 'publishers/google/models/gemini-x' }] },
      'gemini-x',
    ],
  ] as const)(
    'the models of a credential at %s with %j are listed by their names',
    async (name, settings, url, answer, model) => {
      site.answer = (_, response) => json(response, answer);
      const [azure, vertex] = site.providers;
      const used = cloudCredential(name, 'ambient', { baseUrl: site.origin, settings });
      expect(await listUpstreamModels(name === 'azure' ? azure : vertex, used)).toEqual({ ok: true, models: [model] });
      expect(site.called[0]?.url).toBe(url);
    },
  );

  it('a check says why there is no token, and nothing of the secret', async () => {
    site.issue = (request, response) =>
      json(response, { error: 'invalid_client', error_codes: [7000222], hint: request.body }, 401);
    const [azure] = site.providers;
    const used = cloudCredential('azure', 'azure_entra', { baseUrl: site.origin });
    const said = [await checkDeployment(azure, deployment(used), systemClock), await listUpstreamModels(azure, used)];
    for (const { message } of said as { message: string }[])
      expect(message).toBe(
        'there is no token for the provider: the server of tokens answered 401 (invalid_client, AADSTS7000222)',
      );
  });
});
