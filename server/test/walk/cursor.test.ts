/** Cursor's path: two formats of requests, one of answers, and the tenancy of the Responses API. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { whole } from '../../src/lib/pieces.ts';
import type { PlayedCall } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { asking, inputHeldOf, nanoUsd } from '../support/scene.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const { open: openHouse } = withHouse();
const openScene = withScene();
const AT = { path: '/cursor/v1/chat/completions' };
const INPUT = { model: 'fast', input: 'hello', max_output_tokens: 50 };
const CHAT = { model: 'fast', messages: [{ role: 'user', content: 'hello' }], max_tokens: 50 };
const PATCH = { type: 'custom', name: 'ApplyPatch', description: 'Patches a file' };
const RAW = 'resp_0d4b654a05c1a7a70069deb7a08194819784d6491244b331d6';
const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] };
const response = {
  ...{ id: RAW, object: 'response', model: 'up', status: 'completed', output: [said] },
  usage: { input_tokens: 7, output_tokens: 9, total_tokens: 16 },
};
const completion = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'up' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 },
};
const sentBody = (call: PlayedCall) => JSON.parse(String(whole(call.request.body))) as JsonObject;

describe('a Responses request', () => {
  test.each(['openai-responses', 'openai-chat'] as const)('of a provider of %s is answered as a chat', async (speaks) => {
    const now = await openScene({ speaks });
    const asked = { ...INPUT, instructions: 'Be brief.', store: true, tools: [PATCH], client_metadata: { cwd: '/home/me' } };
    const { call, said: answered, row } = asking(now, asked, AT);
    const isNative = speaks === 'openai-responses';
    expect((await call).request.wire).toBe(speaks);
    const { store } = sentBody(await call);
    expect(store).toBe(isNative ? false : undefined);
    expect(JSON.stringify(sentBody(await call))).not.toContain('/home/me');
    (await call).json(isNative ? response : completion);
    expect((await answered).json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 9 },
    });
    expect(await row()).toMatchObject({
      ...{ endpoint: 'cursor_chat_completions', status: 'succeeded' },
      entries: [{ kind: 'usage', usage: { input: 7, output: 9 }, nanoUsd: nanoUsd(7, 9) }],
    });
  });

  test('streams chunks of a chat, with usage if the client asks as in a chat', async () => {
    const now = await openScene({ speaks: 'openai-responses' });
    for (const wanted of [true, false]) {
      const more = wanted ? { stream_options: { include_usage: true } } : {};
      const { call, said: answered } = asking(now, { ...INPUT, stream: true, ...more }, AT);
      expect(sentBody(await call)).not.toHaveProperty('stream_options');
      (await call).events(
        { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
        { type: 'response.output_item.added', output_index: 0, item: { ...said, content: [] } },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hello.' },
        { type: 'response.output_item.done', output_index: 0, item: said },
        { type: 'response.completed', response },
      );
      (await call).end();
      const { text } = await answered;
      expect(text).toContain('"object":"chat.completion.chunk"');
      expect(text).not.toContain('response.');
      expect([text.includes('"completion_tokens":9'), text.endsWith('data: [DONE]\n\n')]).toEqual([wanted, true]);
    }
  });

  test.each([
    ['previous_response_id', { previous_response_id: RAW }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt.id', { prompt: { id: 'pmpt_1' } }],
    ['background', { background: true }],
    ['input[0].id', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['tools[0].container', { tools: [{ type: 'code_interpreter', container: 'c_1' }] }],
    ['input', { input: 7 }],
    ['model', { model: undefined }],
  ])('with %s is 400 by that name, asks nobody and spends nothing', async (param, more) => {
    for (const speaks of ['openai-responses', 'openai-chat'] as const) {
      const now = await openScene({ speaks });
      const { status, json } = await now.house.ask({ ...INPUT, ...more }, AT);
      expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', param]);
      expect(now.played.calls).toHaveLength(0);
      expect(now.house.rows).toMatchObject([{ endpoint: 'cursor_chat_completions', status: 'refused', entries: [] }]);
    }
  });

  test('continues what the gateway stored, and is never stored itself', async () => {
    const now = await openScene({ speaks: 'openai-responses', organization: { responses: 'team' } });
    const first = asking(now, INPUT, { path: '/v1/responses' });
    (await first.call).json(response);
    const { id } = (await first.said).json();
    const { call, said: answered } = asking(now, { ...INPUT, input: 'more', store: true, previous_response_id: id }, AT);
    expect(sentBody(await call).input).toEqual([
      { type: 'message', role: 'user', content: 'hello' },
      said,
      { type: 'message', role: 'user', content: 'more' },
    ]);
    (await call).json(response);
    const { id: answerId } = (await answered).json();
    const GET = { method: 'GET', path: `/v1/responses/${String(answerId)}` };
    expect((await now.house.ask(null, GET)).status).toBe(404);
    const refused = await now.house.ask({ ...INPUT, previous_response_id: RAW }, AT);
    expect([refused.status, refused.json().error.code]).toEqual([400, 'previous_response_not_found']);
    expect(now.played.calls).toHaveLength(2);
  });

  test('holds its cap under a budget that blocks, and a refusal is sent to nobody', async () => {
    const held = nanoUsd(inputHeldOf(INPUT), 50);
    for (const [room, status] of [
      [held - 1_000, 429],
      [held, 200],
    ] as const) {
      const now = await openScene({ speaks: 'openai-responses', isBudgeted: false, key: { budgets: [budget(room)] } });
      const { call, said: answered } = asking(now, INPUT, AT);
      if (status === 200) (await call).json(response);
      expect([(await answered).status, now.played.calls.length]).toEqual([status, status === 200 ? 1 : 0]);
    }
  });
});

describe('a chat request', () => {
  test('passes as it came, and its answer too', async () => {
    const now = await openScene();
    const { call, said: answered, row } = asking(now, CHAT, AT);
    expect(sentBody(await call)).toEqual({ ...CHAT, model: 'fake-small' });
    (await call).json(completion);
    expect((await answered).json()).toEqual(completion);
    expect(await row()).toMatchObject({ endpoint: 'cursor_chat_completions', entries: [{ usage: { input: 7, output: 9 } }] });
  });

  test('gets its tools of the Responses API as those of a chat, whatever its size', async () => {
    const now = await openScene();
    for (const padding of [0, 9_000_000]) {
      const body = { ...CHAT, messages: [{ role: 'user', content: `hello${'x'.repeat(padding)}` }], tools: [PATCH] };
      const { call, said: answered } = asking(now, body, AT);
      const { name, description } = PATCH;
      expect(sentBody(await call)).toEqual({
        ...body,
        ...{ model: 'fake-small', tools: [{ type: 'custom', custom: { name, description } }] },
      });
      (await call).json(completion);
      expect((await answered).status).toBe(200);
    }
  });

  test('with both kinds of content is a chat', async () => {
    const now = await openScene({ isBudgeted: false });
    const { call, said: answered } = asking(now, { ...CHAT, input: 'x' }, AT);
    expect(sentBody(await call)).toMatchObject({ messages: CHAT.messages, input: 'x' });
    (await call).json(completion);
    expect((await answered).status).toBe(200);
  });

  test('without either is told what a chat lacks', async () => {
    const { ask, upstreamCalls } = await openHouse();
    const { status, json } = await ask({ model: 'fast' }, AT);
    expect([status, json().error.param, upstreamCalls()]).toEqual([400, 'messages', 0]);
  });
});

test('a large Responses request is read as one too', async () => {
  const now = await openScene({ speaks: 'openai-responses' });
  const input = [{ role: 'user', content: 'x'.repeat(9_000_000) }];
  const { call, said: answered } = asking(now, { ...INPUT, input, stream_options: { include_usage: true } }, AT);
  expect(sentBody(await call)).toEqual({ model: 'fake-small', input, max_output_tokens: 50, store: false });
  (await call).json(response);
  expect((await answered).json()).toMatchObject({ object: 'chat.completion' });
});

test('the models are those of /v1/models, for a key alone', async () => {
  const { ask } = await openHouse();
  const GET = { method: 'GET' };
  expect((await ask(null, { ...GET, path: '/cursor/v1/models' })).json()).toEqual(
    (await ask(null, { ...GET, path: '/v1/models' })).json(),
  );
  expect((await ask(null, { ...GET, path: '/cursor/v1/models/fast' })).json()).toMatchObject({ id: 'fast', object: 'model' });
  expect((await ask(null, { ...GET, path: '/cursor/v1/models/nowhere' })).status).toBe(404);
  expect((await ask(null, { ...GET, path: '/cursor/v1/models/a/b' })).json().error.message).toContain('/cursor/v1/models/a/b');
  expect((await ask(null, { ...GET, path: '/cursor/v1/models', secret: null })).status).toBe(401);
  const posted = await ask({}, { path: '/cursor/v1/models' });
  expect([posted.status, posted.headers.allow]).toEqual([405, 'GET']);
  const got = await ask(null, { ...GET, ...AT });
  expect([got.status, got.headers.allow]).toEqual([405, 'POST']);
});
