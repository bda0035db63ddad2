/** Requests at vendors of presets, over real HTTP: what they are sent, what is charged, and which answers are no success. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { meaningOf } from '../answer-meaning.ts';
import { bytesOf, recordings } from '../recordings.ts';
import { openPresetSite, type PresetSite } from '../support/preset-site.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();
let site: PresetSite;
beforeEach(async () => {
  site = await openPresetSite();
});
afterEach(() => site.close());

interface Place {
  readonly upstreamModel?: string;
  readonly mode?: 'chat' | 'completion' | 'embedding';
}

function house(id: string, { upstreamModel = 'up', mode = 'chat' }: Place = {}): Promise<WalkHouse> {
  const served = deployment({ provider: id, upstreamModel, mode, credential: site.credentialOf(id), maxOutputTokens: null });
  // The providers of a process: every name without code of its own is a preset's.
  const gateway = { providers: { get: () => site.provider } };
  return open({ gateway, targets: [model('fast', [served], { mode })] });
}

function replay(id: string, name: RegExp): void {
  const recording = recordings.find(({ response }) => name.test(response));
  if (recording === undefined) throw new Error(`there is no recording ${name} for ${id}`);
  site.answer = (_, response) => {
    const type = recording.stream ? 'text/event-stream' : 'application/json';
    response.writeHead(recording.status, { 'content-type': type }).end(bytesOf(recording));
  };
}

const answerJson = (body: object) => {
  site.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const CHAT = {
  ...{ id: 'c', object: 'chat.completion', model: 'up', usage: { prompt_tokens: 20, completion_tokens: 6 } },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
};

describe('a request at a preset', () => {
  test.each([
    ['groq', '/openai/v1/chat/completions', { authorization: 'Bearer sk-canary-of-preset' }],
    ['deepseek', '/chat/completions', { authorization: 'Bearer sk-canary-of-preset' }],
    ['zai', '/api/paas/v4/chat/completions', { authorization: 'Bearer sk-canary-of-preset' }],
    ['ollama', '/v1/chat/completions', { authorization: undefined }],
  ])('of %s goes to its path with its key, and is charged as it reports', async (id, path, headers) => {
    answerJson(CHAT);
    const { ask, rows } = await house(id);
    expect((await ask(HELLO)).status).toBe(200);
    expect(site.called[0]).toMatchObject({ url: path });
    for (const [name, value] of Object.entries(headers)) expect(site.called[0]?.headers[name]).toBe(value);
    expect(rows).toMatchObject([{ status: 'succeeded', provider: id, entries: [{ usage: { input: 20, output: 6 } }] }]);
  });

  test('says in a header and in its row what the vendor was not sent', async () => {
    answerJson(CHAT);
    const { ask, rows } = await house('groq');
    const said = await ask({ ...HELLO, top_k: 3, logit_bias: { 1: 2 } });
    expect([said.status, said.headers['x-headgate-dropped']]).toEqual([200, 'logit_bias,top_k']);
    expect(JSON.parse(site.called[0]?.body ?? '')).toEqual({ ...HELLO, model: 'up' });
    expect(JSON.stringify(rows[0])).toContain('top_k');
    const strict = await ask({ ...HELLO, top_k: 3 }, { headers: ['x-headgate-strict', 'on'] });
    expect([strict.status, strict.json().error.param]).toEqual([400, 'top_k']);
    expect(site.called).toHaveLength(1);
  });

  test('has the vendor’s names also if its body is large', async () => {
    answerJson(CHAT);
    const { ask } = await house('mistral');
    const content = 'long '.repeat(300_000);
    const said = await ask({ model: 'fast', seed: 5, top_k: 1, messages: [{ role: 'user', content }] });
    expect([said.status, said.headers['x-headgate-dropped']]).toEqual([200, 'top_k']);
    expect(JSON.parse(site.called[0]?.body ?? '')).toEqual({
      model: 'up',
      random_seed: 5,
      messages: [{ role: 'user', content }],
    });
  });

  test('of MiniMax is one of Anthropic’s messages, whatever the client speaks', async () => {
    answerJson({
      ...{ id: 'm', type: 'message', role: 'assistant', model: 'up', stop_reason: 'end_turn', stop_sequence: null },
      ...{ content: [{ type: 'text', text: 'Hi' }], usage: { input_tokens: 20, output_tokens: 6 } },
    });
    const { ask, rows } = await house('minimax');
    for (const path of ['/v1/messages', '/v1/chat/completions']) expect((await ask(HELLO, { path })).status).toBe(200);
    for (const { url, headers } of site.called)
      expect([url, headers['x-api-key'], headers['anthropic-version']]).toEqual([
        '/anthropic/v1/messages',
        'sk-canary-of-preset',
        '2023-06-01',
      ]);
    expect(rows.map(({ entries }) => entries[0]?.usage)).toEqual([
      { input: 20, output: 6 },
      { input: 20, output: 6 },
    ]);
  });

  test('is served in the other wires that a preset names, and refused in those that it does not', async () => {
    answerJson({
      object: 'list',
      data: [{ index: 0, embedding: [0.5] }],
      model: 'up',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    const { ask } = await house('jina', { mode: 'embedding' });
    expect((await ask({ model: 'fast', input: 'Hi' }, { path: '/v1/embeddings' })).status).toBe(200);
    expect(site.called[0]?.url).toBe('/v1/embeddings');
    const chats = await house('jina');
    expect((await chats.ask(HELLO)).status).toBe(400);
    answerJson({
      id: 'r',
      object: 'response',
      status: 'completed',
      model: 'up',
      output: [],
      usage: { input_tokens: 3, output_tokens: 1 },
    });
    const responses = await house('xai');
    expect((await responses.ask({ model: 'fast', input: 'Hi' }, { path: '/v1/responses' })).status).toBe(200);
    expect(site.called.at(-1)?.url).toBe('/v1/responses');
    expect(site.called).toHaveLength(2);
  });
});

describe('the recorded answers of a preset', () => {
  const stream = { ...HELLO, stream: true };

  test('that are an error in a stream are no success: Groq’s event, and OpenRouter’s chunk before its [DONE]', async () => {
    for (const [id, name] of [
      ['groq', /tool-use-failed-error-streaming\.response/],
      ['openrouter', /openrouter-stream-error\.response/],
    ] as const) {
      replay(id, name);
      const { ask, rows } = await house(id);
      const said = await ask(stream);
      expect([id, rows.map(({ status }) => status)]).toEqual([id, ['failed']]);
      expect(said.text).toContain('error');
    }
  });

  test('are charged once: Perplexity reports usage on every chunk, Groq in a field of its own', async () => {
    for (const [id, name] of [
      ['perplexity', /vercel-perplexity-citations\.chunks/],
      ['groq', /vercel-groq-tool-call\.chunks/],
      ['moonshotai', /vercel-moonshotai-text\.json/],
      ['xai', /vercel-xai-tool-call\.chunks/],
      ['deepseek', /vercel-deepseek-reasoning\.chunks/],
      ['mistral', /vercel-mistral-reasoning\.chunks/],
    ] as const) {
      replay(id, name);
      const { ask, rows } = await house(id);
      const recording = recordings.find(({ response }) => name.test(response));
      const said = await ask(recording?.stream === true ? stream : HELLO);
      const want = meaningOf('chat', recording?.stream === true, bytesOf(recording as (typeof recordings)[number]));
      expect([id, said.status, rows[0]?.status, rows[0]?.entries.length]).toEqual([id, 200, 'succeeded', 1]);
      const { input = 0, cached_input = 0 } = rows[0]?.entries[0]?.usage ?? {};
      expect([id, input + cached_input]).toEqual([id, want.input]);
    }
  });

  test('that are an error by their status are read: OpenRouter’s limit is tried again elsewhere', async () => {
    replay('openrouter', /openrouter-errors-raised\.429\.response/);
    const { ask, rows } = await house('openrouter');
    expect((await ask(HELLO)).status).toBe(429);
    expect(rows[0]?.status).toBe('failed');
  });
});
