/** Text completions: who answers them, what is held and charged, and what is refused before anything is sent. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { answersOf, bytesOf } from '../recordings.ts';
import type { PlayedCall } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { asking, inputHeldOf, nanoUsd, PRICES, type Setting } from '../support/scene.ts';
import { deployment, model } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const { open: openHouse } = withHouse();
const openScene = withScene();
const AT = { path: '/v1/completions' };
const HELLO = { model: 'fast', prompt: 'Once upon a time', max_tokens: 50 };
const native: Setting = { deployment: { mode: 'completion' } };
const usage = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 };
const answer = (texts: readonly string[] = ['there was']) => ({
  ...{ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'up' },
  choices: texts.map((text, index) => ({ text, index, logprobs: null, finish_reason: 'stop' })),
  usage,
});
/** As OpenAI answered it. */
const BAD_REQUEST = JSON.parse(
  readFileSync(
    new URL('../recorded/cassettes/openai/completions/completion-bad-request.400.response.json', import.meta.url),
    'utf8',
  ),
) as { readonly error: object };
const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;

describe('a deployment with the mode completion', () => {
  test.each(answersOf('openai', 'completions').filter(({ stream }) => !stream))(
    'gets the request as it came, and $response passes and is charged by its usage',
    async (recording) => {
      const now = await openScene(native);
      const body = { ...HELLO, prompt: ['a', 'b'], n: 2, echo: true, logprobs: 1, suffix: 'end', user: 'u', min_p: 0.1 };
      const { call, said, row } = asking(now, body, AT);
      expect((await call).request.wire).toBe('openai-completions');
      expect(sentBody(await call)).toEqual({ ...body, model: 'fake-small' });
      const recorded = JSON.parse(String(bytesOf(recording)));
      (await call).json(recorded);
      expect((await said).json()).toEqual(recorded);
      const { entries, ...ended } = await row();
      expect(ended).toMatchObject({ endpoint: 'completions', status: 'succeeded', httpStatus: 200 });
      const { prompt_tokens: input, completion_tokens: output } = recorded.usage;
      expect(entries).toMatchObject([{ kind: 'usage', usage: { input, output }, nanoUsd: nanoUsd(input, output) }]);
    },
  );

  test.each<[string, JsonObject, number]>([
    ['one text', {}, 1],
    ['n texts', { n: 3 }, 3],
    ['the texts that the best is picked from', { n: 2, best_of: 5 }, 5],
    ['n texts for each prompt', { prompt: ['a', 'b', 'c'], n: 2 }, 6],
    ['the texts that the best are picked from, for each prompt', { prompt: ['a', 'b'], n: 2, best_of: 4 }, 8],
    ['one text for a list of tokens', { prompt: [1, 2, 3, 4] }, 1],
    ['one text for each list of tokens', { prompt: [[1, 2], [3]] }, 2],
    ['no text for a cap of 0', { max_tokens: 0, echo: true }, 0],
  ])('holds the cap for %s, and refuses what the budget cannot pay', async (_what, more, texts) => {
    const body = { ...HELLO, ...more };
    const held = nanoUsd(inputHeldOf(body), (body.max_tokens as number) * texts);
    for (const [room, status] of [
      [held - 1_000, 429],
      [held, 200],
    ] as const) {
      const now = await openScene({ ...native, isBudgeted: false, key: { budgets: [budget(room)] } });
      const { call, said, row } = asking(now, body, AT);
      if (status === 200) (await call).json(answer());
      expect((await said).status).toBe(status);
      const { entries, httpStatus } = await row();
      expect([httpStatus, entries.length, now.played.calls.length]).toEqual([
        status,
        status === 200 ? 1 : 0,
        status === 200 ? 1 : 0,
      ]);
    }
  });

  test('lowers the cap to what a budget that clamps can pay, for each of the texts', async () => {
    const body = { ...HELLO, max_tokens: 1_000, n: 2 };
    const room = nanoUsd(inputHeldOf(body), 200);
    const now = await openScene({ ...native, isBudgeted: false, key: { budgets: [budget(room, { clampOutput: true })] } });
    const { call, said } = asking(now, body, AT);
    expect(sentBody(await call)).toEqual({ ...body, model: 'fake-small', max_tokens: 100 });
    (await call).json(answer(['a', 'b']));
    expect((await said).status).toBe(200);
  });

  test('streams, and reports usage only to a client that asked for it', async () => {
    const now = await openScene(native);
    for (const wanted of [true, false]) {
      const more = wanted ? { stream_options: { include_usage: true } } : {};
      const { call, said, row } = asking(now, { ...HELLO, stream: true, ...more }, AT);
      expect(sentBody(await call).stream_options).toEqual({ include_usage: true });
      const chunk = (fields: object) => ({ id: 'cmpl-1', object: 'text_completion', model: 'up', ...fields });
      (await call).events(
        chunk({ choices: [{ text: 'there', index: 0, finish_reason: null }] }),
        chunk({ choices: [{ text: ' was', index: 0, finish_reason: 'stop' }] }),
        chunk({ choices: [], usage }),
        'data: [DONE]\n\n',
      );
      (await call).end();
      const { text } = await said;
      expect([text.includes('prompt_tokens'), text.endsWith('data: [DONE]\n\n')]).toEqual([wanted, true]);
      expect((await row()).entries).toMatchObject([{ kind: 'usage', usage: { input: 7, output: 9 } }]);
    }
  });

  test('an answer without usage is estimated by its texts, and an error of the provider keeps its form', async () => {
    const now = await openScene({ ...native, isBudgeted: false });
    const first = asking(now, HELLO, AT);
    const { usage: _usage, ...silent } = answer(['x'.repeat(400)]);
    (await first.call).json(silent);
    expect((await first.said).status).toBe(200);
    const { entries } = await first.row();
    expect(entries).toMatchObject([{ kind: 'estimated' }]);
    expect(entries[0]?.usage.output).toBeGreaterThanOrEqual(50);
    const second = asking(now, HELLO, AT);
    (await second.call).json(BAD_REQUEST, 400);
    expect((await second.said).json().error).toMatchObject({ param: 'max_tokens', type: 'invalid_request_error' });
    expect(await second.row()).toMatchObject({ httpStatus: 400, entries: [] });
  });

  test.each(['/v1/chat/completions', '/v1/responses', '/v1/embeddings'])('serves nothing else: %s', async (path) => {
    const now = await openScene(native);
    const body = { model: 'fast', input: 'a', messages: [{ role: 'user', content: 'a' }] };
    const { status, json } = await now.house.ask(body, { path });
    expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', 'model']);
    expect(now.played.calls).toHaveLength(0);
  });
});

describe('a chat model', () => {
  const chatAnswer = {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'up' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'there was' }, finish_reason: 'stop' }],
    usage,
  };

  test('answers one text with one text, with its limits, its charge and its row', async () => {
    const now = await openScene();
    const { call, said, row } = asking(now, { ...HELLO, top_p: 0.5, logit_bias: { 5: 1 } }, AT);
    expect((await call).request.wire).toBe('openai-chat');
    expect(sentBody(await call)).toEqual({
      ...{ model: 'fake-small', messages: [{ role: 'user', content: 'Once upon a time' }] },
      ...{ max_completion_tokens: 50, top_p: 0.5 },
    });
    (await call).json(chatAnswer);
    const { json, headers } = await said;
    expect(json()).toMatchObject({ object: 'text_completion', choices: [{ text: 'there was', finish_reason: 'stop' }], usage });
    expect([headers['x-headgate-dropped'], headers['x-headgate-model']]).toEqual(['logit_bias', 'fast']);
    expect(await row()).toMatchObject({
      endpoint: 'completions',
      status: 'succeeded',
      entries: [{ usage: { input: 7, output: 9 } }],
    });
  });

  test.each<[string, JsonObject]>([
    ['prompt', { prompt: ['a', 'b'] }],
    ['prompt', { prompt: [1, 2] }],
    ['suffix', { suffix: 'end' }],
    ['echo', { echo: true }],
    ['logprobs', { logprobs: 1 }],
    ['best_of', { best_of: 2 }],
    ['n', { n: 2 }],
    ['max_tokens', { max_tokens: 0 }],
  ])('is asked nothing with %s, and nothing is spent: %j', async (param, more) => {
    const now = await openScene();
    const { said, row } = asking(now, { ...HELLO, ...more }, AT);
    const { status, json } = await said;
    expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', param]);
    expect(now.played.calls).toHaveLength(0);
    expect(await row()).toMatchObject({ status: 'failed', code: 'invalid_request', entries: [] });
    const { spent } = await leftOf(now);
    expect(spent).toBe(0);
  });

  test('takes several prompts for none where the embeddings are asked', async () => {
    const vectors = deployment({ mode: 'embedding', upstreamModel: 'fake-embedding', prices: PRICES });
    const now = await openHouse({ targets: [model('fast', [vectors], { mode: 'embedding' })] });
    const { status, json } = await now.ask(HELLO, AT);
    expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', 'model']);
    expect(now.upstreamCalls()).toBe(0);
  });
});

/** The money that a request after it can still use is all of it: nothing is held or spent. */
async function leftOf(now: Awaited<ReturnType<typeof openScene>>): Promise<{ readonly spent: number }> {
  const rows = now.house.rows.flatMap(({ entries }) => entries);
  return { spent: rows.reduce((sum, entry) => sum + (entry.nanoUsd ?? 0), 0) };
}

test.each<[string, JsonObject]>([
  ['prompt', { prompt: 7 }],
  ['prompt', { prompt: [] }],
  ['prompt', { prompt: ['a', [1]] }],
  ['n', { n: 129 }],
  ['best_of', { best_of: 3, stream: true }],
  ['max_tokens', { max_tokens: -1 }],
  ['model', { model: undefined }],
])('%s is 400 by that name before anything is held or sent: %j', async (param, more) => {
  const now = await openScene(native);
  const { status, json } = await now.house.ask({ ...HELLO, ...more }, AT);
  expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', param]);
  expect(now.played.calls).toHaveLength(0);
  expect(now.house.rows).toMatchObject([{ status: 'refused', entries: [] }]);
});

test('the fake provider answers both natively and by translation, and a stream too', async () => {
  for (const mode of ['completion', 'chat'] as const) {
    const now = await openHouse({ targets: [model('fast', [deployment({ mode })], { mode })] });
    const whole = await now.ask({ ...HELLO, max_tokens: 5 }, AT);
    expect([whole.status, whole.json().object]).toEqual([200, 'text_completion']);
    expect(whole.json().usage).toMatchObject({ completion_tokens: 5 });
    const stream = await now.ask({ ...HELLO, max_tokens: 5, stream: true }, AT);
    expect(stream.text).toMatch(/"object":"text_completion"[\s\S]*"finish_reason":"length"[\s\S]*data: \[DONE\]\n\n$/);
  }
});
