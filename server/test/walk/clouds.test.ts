/** Requests through Azure and Vertex AI, over real HTTP: what they send, what is charged, and what happens without a token. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CredentialKind } from '../../src/domain/routing/credential.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { meaningOf } from '../answer-meaning.ts';
import { bytesOf, recordings } from '../recordings.ts';
import { CANARIES, type CloudSite, cloudCredential, json, openCloudSite } from '../support/cloud-site.ts';
import { until } from '../support/upstream.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();
let site: CloudSite;
beforeEach(async () => {
  site = await openCloudSite();
});
afterEach(() => site.close());

const down: CloudSite['issue'] = (request, response) => json(response, { error: request.body, hint: CANARIES.secret }, 503);

interface Place {
  readonly provider: 'azure' | 'vertex';
  readonly kind?: CredentialKind;
  readonly upstreamModel?: string;
  /** A candidate of another vendor after this one. */
  readonly hasFallback?: boolean;
  readonly mode?: 'chat' | 'completion' | 'embedding';
}

function house({ provider, kind, upstreamModel = 'my-gpt', hasFallback = false, mode = 'chat' }: Place): Promise<WalkHouse> {
  const credential = cloudCredential(provider, kind ?? (provider === 'azure' ? 'azure_entra' : 'gcp_service_account'), {
    baseUrl: site.origin,
  });
  const first = deployment({ provider, upstreamModel, credential, mode });
  const others = hasFallback ? [deployment({ id: 'dep_2', priority: 1 })] : [];
  const [azure, vertex] = site.providers;
  return open({
    provider: createFakeProvider(),
    moreProviders: [azure, vertex],
    targets: [model('fast', [first, ...others], { mode })],
  });
}

const ours = { input: 20, output: 6 };
const cost = (input: number, output: number) => input * 50 + output * 400;

describe('a request at Azure', () => {
  test('is sent with a token, and charged as Azure reports', async () => {
    const { ask, rows } = await house({ provider: 'azure' });
    expect((await ask(HELLO)).status).toBe(200);
    expect(site.called).toHaveLength(1);
    const [call] = site.called;
    expect([call?.url, call?.headers.authorization, call?.headers['api-key']]).toEqual([
      '/openai/v1/chat/completions',
      `Bearer ${CANARIES.token}`,
      undefined,
    ]);
    expect(JSON.parse(call?.body ?? '')).toEqual({ ...HELLO, model: 'my-gpt' });
    expect(rows).toMatchObject([
      { status: 'succeeded', provider: 'azure', entries: [{ kind: 'usage', usage: ours, nanoUsd: cost(20, 6) }] },
    ]);
    await ask(HELLO);
    expect([site.asked.length, site.called.length]).toEqual([1, 2]);
  });

  const recorded = recordings.filter(({ provider, status }) => provider === 'azure' && status === 200);
  test.each(recorded)('replays $response as it was recorded', async (recording) => {
    const kind = recording.kind as 'chat' | 'responses';
    site.answer = (_, response) => {
      response.writeHead(200, { 'content-type': recording.stream ? 'text/event-stream' : 'application/json' });
      response.end(bytesOf(recording));
    };
    const { ask, rows } = await house({ provider: 'azure', kind: 'api_key' });
    const body = recording.request === undefined ? { input: 'Hi' } : recordedJson(recording.request);
    const path = kind === 'chat' ? '/v1/chat/completions' : '/v1/responses';
    const said = await ask({ ...body, model: 'fast', stream: recording.stream }, { path });
    expect(said.status).toBe(200);
    expect(site.called.map(({ url, headers }) => [url, headers['api-key']])).toEqual([[`/openai${path}`, 'CANARYapiKey8Q']]);
    const was = meaningOf(kind, recording.stream, bytesOf(recording));
    expect(meaningOf(kind, recording.stream, Buffer.from(said.text))).toEqual(was);
    const usage = rows[0]?.entries[0]?.usage ?? {};
    expect([usage.input, (usage.output ?? 0) + (usage.reasoning ?? 0)]).toEqual([was.input, was.output]);
    expect(rows[0]).toMatchObject({ status: 'succeeded', entries: [{ kind: 'usage' }] });
  });

  test('streams, although Azure sends the filter’s results of the prompt before the first choice', async () => {
    const chunk = (more: object) =>
      `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [], ...more })}\n\n`;
    const choice = (delta: object, finish: string | null = null) => ({
      choices: [{ index: 0, delta, finish_reason: finish }],
      id: 'c',
      model: 'gpt',
    });
    site.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }));
      response.write(chunk(choice({ role: 'assistant', content: 'Hi.' })) + chunk(choice({}, 'stop')));
      response.end(`${chunk({ usage: { prompt_tokens: 20, completion_tokens: 6, total_tokens: 26 } })}data: [DONE]\n\n`);
    };
    const { ask, rows } = await house({ provider: 'azure' });
    const { text } = await ask({ ...HELLO, stream: true });
    expect(text).toContain('"Hi."');
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(rows).toMatchObject([{ status: 'succeeded', entries: [{ kind: 'usage', usage: ours }] }]);
  });

  test('that the content filter refuses is the caller’s fault: told with its categories, not tried elsewhere, not charged', async () => {
    site.answer = (_, response) => json(response, FILTERED, 400);
    const { ask, rows, upstreamCalls } = await house({ provider: 'azure', hasFallback: true });
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code, said.json().error.param]).toEqual([400, 'invalid_request', 'prompt']);
    expect(said.json().error.message).toBe(`${FILTERED.error.message} (content_filter: jailbreak, violence)`);
    expect(upstreamCalls()).toBe(1);
    expect(rows).toMatchObject([{ attempts: 1, entries: [] }]);
  });
});

const FILTERED = {
  error: {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    type: null,
    param: 'prompt',
    code: 'content_filter',
    status: 400,
    innererror: {
      code: 'ResponsibleAIPolicyViolation',
      content_filter_result: {
        hate: { filtered: false, severity: 'safe' },
        jailbreak: { filtered: true, detected: true },
        violence: { filtered: true, severity: 'high' },
      },
    },
  },
};

function recordedJson(name: string): object {
  return JSON.parse(readFileSync(new URL(`../recorded/cassettes/${name}`, import.meta.url), 'utf8'));
}

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 20, output_tokens: 6 },
};
const CONTENT = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hi.' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 6, totalTokenCount: 26 },
};

describe('a request at Vertex AI', () => {
  const SONNET = 'claude-sonnet-4-5@20250929';
  const AT = '/projects/acme-ai/locations/europe-west4';

  test.each(['/v1/messages', '/v1/chat/completions'])(
    'for Claude by %s names the model in the path, and is charged',
    async (path) => {
      site.answer = (_, response) => json(response, MESSAGE);
      const { ask, rows } = await house({ provider: 'vertex', upstreamModel: SONNET });
      expect((await ask(HELLO, { path })).status).toBe(200);
      const [call] = site.called;
      expect([call?.url, call?.headers.authorization]).toEqual([
        `/v1${AT}/publishers/anthropic/models/${SONNET}:rawPredict`,
        `Bearer ${CANARIES.token}`,
      ]);
      const body = JSON.parse(call?.body ?? '') as Record<string, unknown>;
      expect(body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 50 });
      expect(body).not.toHaveProperty('model');
      expect(rows).toMatchObject([{ status: 'succeeded', entries: [{ kind: 'usage', usage: ours, nanoUsd: cost(20, 6) }] }]);
    },
  );

  test('for a large body of Claude’s has the same form', async () => {
    site.answer = (_, response) => json(response, MESSAGE);
    const { ask } = await house({ provider: 'vertex', upstreamModel: SONNET });
    const long = 'x'.repeat(2_000_000);
    for (const path of ['/v1/messages', '/v1/chat/completions']) {
      const body = { ...HELLO, messages: [{ role: 'user', content: long }] };
      expect((await ask(body, { path })).status).toBe(200);
      const sent = JSON.parse(site.called.at(-1)?.body ?? '') as Record<string, unknown>;
      expect([sent.anthropic_version, sent.model]).toEqual(['vertex-2023-10-16', undefined]);
      expect(JSON.stringify(sent.messages)).toContain(long);
    }
  });

  test('for Gemini and for other publishers takes their paths', async () => {
    site.answer = (_, response) => json(response, CONTENT);
    const gemini = await house({ provider: 'vertex', upstreamModel: 'gemini-2.5-flash' });
    expect((await gemini.ask(HELLO)).status).toBe(200);
    expect(gemini.rows).toMatchObject([{ entries: [{ usage: ours }] }]);
    const { ask, rows } = await house({ provider: 'vertex', upstreamModel: 'meta/llama-3.3-70b-instruct-maas' });
    site.answer = (_, response) =>
      json(response, {
        choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 20, completion_tokens: 6 },
      });
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows).toMatchObject([{ entries: [{ usage: ours }] }]);
    expect(site.called.map(({ url }) => url)).toEqual([
      `/v1beta1${AT}/publishers/google/models/gemini-2.5-flash:generateContent`,
      `/v1${AT}/endpoints/openapi/chat/completions`,
    ]);
    expect(JSON.parse(site.called[1]?.body ?? '')).toMatchObject({ model: 'meta/llama-3.3-70b-instruct-maas' });
  });

  test('for Gemini has no ids of calls, which Google Cloud refuses, also in a large body', async () => {
    site.answer = (_, response) => json(response, CONTENT);
    const { ask, rows } = await house({ provider: 'vertex', upstreamModel: 'gemini-2.5-flash' });
    for (const text of ['hi', 'x'.repeat(2_000_000)]) {
      const parts = [{ text }, { functionCall: { id: 'call_1', name: 'f', args: {} } }];
      const body = { contents: [{ role: 'user', parts }], generationConfig: { maxOutputTokens: 50 } };
      expect((await ask(body, { path: '/v1beta/models/fast:generateContent' })).status).toBe(200);
      const sent = JSON.parse(site.called.at(-1)?.body ?? '') as typeof body;
      const bare = [{ text }, { functionCall: { name: 'f', args: {} } }];
      expect(sent).toEqual({ ...body, contents: [{ role: 'user', parts: bare }] });
    }
    expect(rows).toMatchObject([{ entries: [{ usage: ours }] }, { entries: [{ usage: ours }] }]);
  });

  test('with an image by URL is refused for Claude, and goes to a candidate that can fetch it', async () => {
    const content = [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }];
    const body = { ...HELLO, messages: [{ role: 'user', content }] };
    const alone = await house({ provider: 'vertex', upstreamModel: SONNET });
    const said = await alone.ask(body, { path: '/v1/messages' });
    expect([said.status, said.text]).toEqual([400, expect.stringContaining('only as data')]);
    const { ask, rows } = await house({ provider: 'vertex', upstreamModel: SONNET, hasFallback: true });
    expect((await ask(body, { path: '/v1/messages' })).status).toBe(200);
    expect(rows).toMatchObject([{ status: 'succeeded', deploymentId: 'dep_2' }]);
    expect([site.asked, site.called]).toEqual([[], []]);
  });

  test('reads the errors of Anthropic and of Google', async () => {
    const { ask } = await house({ provider: 'vertex', upstreamModel: SONNET });
    site.answer = (_, response) =>
      json(response, { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 9 > 8' } }, 400);
    expect((await ask(HELLO)).json().error).toMatchObject({ code: 'context_length_exceeded' });
    site.answer = (_, response) =>
      json(response, [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded' } }], 429);
    expect((await ask(HELLO)).json().error).toMatchObject({ code: 'provider_rate_limited' });
    site.answer = (_, response) =>
      json(response, { error: { code: 403, status: 'PERMISSION_DENIED', message: `no ${CANARIES.token}` } }, 403);
    const refused = await ask(HELLO);
    expect([refused.status, refused.text]).toEqual([502, expect.not.stringContaining(CANARIES.token)]);
  });
});

const WITHOUT = [
  { provider: 'azure', kind: 'azure_entra' },
  { provider: 'azure', kind: 'ambient' },
  { provider: 'vertex', kind: 'gcp_service_account', upstreamModel: 'gemini-2.5-flash' },
  { provider: 'vertex', kind: 'ambient', upstreamModel: 'claude-opus-4-6' },
] as const satisfies readonly Place[];

describe.each(WITHOUT)('while no token is issued for $kind at $provider, a request', (place) => {
  test('fails with the reason, without a secret, and is not charged', async () => {
    site.issue = down;
    const { ask, rows } = await house(place);
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code]).toEqual([502, 'provider_error']);
    expect(said.json().error.message).toContain('there is no token for the provider: the server of tokens answered 503');
    expect(JSON.stringify([said, rows])).not.toMatch(/CANARY|PRIVATE KEY|assertion/);
    expect(rows).toMatchObject([{ status: 'failed', entries: [] }]);
    expect(site.called).toEqual([]);
  });

  test('goes to another candidate, and only that one is charged', async () => {
    site.issue = down;
    const { ask, rows } = await house({ ...place, hasFallback: true });
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows).toMatchObject([
      { status: 'succeeded', attempts: 2, deploymentId: 'dep_2', entries: [{ deploymentId: 'dep_2' }] },
    ]);
    expect([site.asked.length, site.called.length]).toEqual([1, 0]);
  });

  test('that hangs up while it waits for its token sends nothing, and is not charged', async () => {
    let issue: () => void = () => {};
    const answer = site.issue;
    site.issue = (request, response) => {
      issue = () => answer(request, response);
    };
    const { ask, rows } = await house(place);
    const asked = until(() => site.asked.length === 1);
    await ask(HELLO, { hangUpWhen: asked });
    issue();
    await sleep(30);
    expect(site.called).toEqual([]);
    expect(rows).toMatchObject([{ entries: [] }]);
  });
});

test('200 requests at once cause one fetch of a token, and all are answered', async () => {
  const { ask, rows } = await house({ provider: 'azure' });
  const all = await Promise.all(Array.from({ length: 200 }, () => ask(HELLO)));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  expect([site.asked.length, site.called.length, rows.length]).toEqual([1, 200, 200]);
});
