import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chat, chatAnswer, chatUsage } from '../support/played-provider.ts';
import { asking, nanoUsd, type Setting } from '../support/scene.ts';
import { deployment, model } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const openScene = withScene();
const { open: openHouse } = withHouse();
const open = (setting: Setting = {}) => openScene({ speaks: 'gemini', ...setting });
const at = (action: string, name = 'fast') => ({ path: `/v1beta/models/${name}:${action}` });
const WHOLE = at('generateContent');
const EVENTS = { ...at('streamGenerateContent'), query: 'alt=sse' };
const ARRAY = at('streamGenerateContent');
const COUNT = at('countTokens');
const HELLO = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }], generationConfig: { maxOutputTokens: 50_000 } };

const USAGE = { promptTokenCount: 20, candidatesTokenCount: 4, thoughtsTokenCount: 2, totalTokenCount: 26 };
const chunk = (text: string, more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }],
  responseId: 'r1',
  modelVersion: 'gemini-3',
});
const LAST = { ...chunk('lo.', { finishReason: 'STOP' }), usageMetadata: USAGE };
const sse = (...chunks: object[]) => chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');

describe('a call in Gemini’s format', () => {
  test('passes as it is to Gemini, and is charged as it reports', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, WHOLE);
    const { request } = await call;
    expect([JSON.parse(String(request.body)), request.stream, request.wire]).toEqual([HELLO, false, 'gemini']);
    (await call).json(LAST);
    expect((await said).json()).toEqual(LAST);
    expect(await row()).toMatchObject({
      status: 'succeeded',
      endpoint: 'generate_content',
      calledName: 'fast',
      stream: false,
      finishReason: 'STOP',
      entries: [{ kind: 'usage', usage: { input: 20, output: 4, reasoning: 2 }, nanoUsd: nanoUsd(20, 6) }],
    });
  });

  test('streams as events, and as one array without `alt=sse`', async () => {
    const now = await open();
    for (const way of [EVENTS, ARRAY]) {
      const { call, said, row } = asking(now, HELLO, way);
      expect((await call).request.stream).toBe(true);
      (await call).events(chunk('Hel'), LAST);
      (await call).end();
      const { text, headers } = await said;
      if (way === EVENTS)
        expect([text, headers['content-type']]).toEqual([sse(chunk('Hel'), LAST), 'text/event-stream; charset=utf-8']);
      else expect([JSON.parse(text), headers['content-type']]).toEqual([[chunk('Hel'), LAST], 'application/json; charset=utf-8']);
      expect(await row()).toMatchObject({ status: 'succeeded', stream: true, entries: [{ nanoUsd: nanoUsd(20, 6) }] });
    }
  });

  test('ends its array also when the provider never ends its answer', async () => {
    const now = await open();
    const { call, said } = asking(now, HELLO, ARRAY);
    (await call).events(chunk('Hel'), LAST);
    await sleep(5);
    now.time.pass(1_000);
    expect(JSON.parse((await said).text)).toEqual([chunk('Hel'), LAST]);
  });

  test('that breaks off is an error in the stream, and is charged what was seen', async () => {
    const now = await open();
    for (const way of [EVENTS, ARRAY]) {
      const { call, said, row } = asking(now, HELLO, way);
      (await call).events(chunk('Hel'));
      (await call).fail('reset');
      const { text } = await said;
      expect(text).toContain('"status":"UNAVAILABLE"');
      if (way === ARRAY) expect(JSON.parse(text)).toHaveLength(2);
      expect(text).not.toContain('finishReason');
      expect(await row()).toMatchObject({ status: 'failed', entries: [{ kind: 'estimated' }] });
    }
  });

  test('is answered in its own format by a server of chat completions', async () => {
    const now = await openScene();
    const whole = asking(now, HELLO, { ...WHOLE, query: 'alt=json' });
    (await whole.call).json(chatAnswer('Hello.', chatUsage(20, 6, 2)));
    expect((await whole.said).json()).toMatchObject({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hello.' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 4, thoughtsTokenCount: 2, totalTokenCount: 26 },
    });
    expect((await whole.call).request.query).toBe('');
    const streamed = asking(now, HELLO, ARRAY);
    (await streamed.call).events(chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done);
    (await streamed.call).end();
    const chunks = JSON.parse((await streamed.said).text) as { candidates: object[] }[];
    expect(chunks.at(0)).toMatchObject({ candidates: [{ content: { parts: [{ text: 'Hello.' }] } }] });
    expect(chunks.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata: { totalTokenCount: 26 } });
  });

  test('says what another vendor’s model lacks, by the names that it came with, and a strict client is refused', async () => {
    const now = await openScene();
    const body = { ...HELLO, safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }] };
    const { call, said } = asking(now, body, WHOLE);
    (await call).json(chatAnswer('Hello.', chatUsage(20, 6)));
    expect((await said).headers['x-headgate-dropped']).toBe('safety_settings');
    const strict = await asking(now, body, { ...WHOLE, headers: ['x-headgate-strict', 'on'] }).said;
    expect([strict.status, strict.json().error.status]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(strict.text).toContain('safety_settings');
    expect(now.played.calls).toHaveLength(1);
  });

  test('is refused by a limit in Google’s types, with the wait where its clients look for it', async () => {
    const { ask } = await openHouse({ organization: { rateLimits: { rpm: 1 } } });
    expect((await ask(HELLO, WHOLE)).status).toBe(200);
    const said = await ask(HELLO, WHOLE);
    expect(said.status).toBe(429);
    const { error } = said.json() as unknown as {
      error: { code: number; status: string; details: { retryDelay?: string; reason?: string }[] };
    };
    expect(error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' });
    expect(error.details.map(({ reason }) => reason)).toContain('RATE_LIMIT_EXCEEDED');
    const wait = error.details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay ?? '';
    expect(Math.ceil(Number(wait.slice(0, -1)))).toBe(Number(said.headers['retry-after']));
  });

  test.each([
    ['openai/gpt-5', 'openai/gpt-5'],
    ['openai/gpt-5', 'openai%2Fgpt-5'],
    ['llama3:8b', 'llama3:8b'],
    ['llama3:8b', 'llama3%3A8b'],
    ['100%', '100%25'],
    ['fast', 'models%2Ffast'],
    ['a:generateContent', 'a%3AgenerateContent'],
    ['größe', 'gr%C3%B6%C3%9Fe'],
  ])('finds the model %s as %s', async (name, written) => {
    const { ask, rows } = await openHouse({ targets: [model(name, [deployment({ model: name })])] });
    expect((await ask(HELLO, at('generateContent', written))).status).toBe(200);
    expect((await ask(HELLO, { ...at('streamGenerateContent', written), query: 'alt=sse' })).status).toBe(200);
    expect((await ask(HELLO, at('countTokens', written))).status).toBe(200);
    expect(rows.map(({ calledName }) => calledName)).toEqual([name, name, name]);
    const shown = await ask(null, { method: 'GET', path: `/v1beta/models/${written}` });
    expect([shown.status, shown.json().name]).toEqual([200, `models/${name}`]);
  });

  test.each([
    ['%', 400],
    ['%ff', 400],
    ['nowhere', 404],
    ['../v1/models', 404],
    ['%2e%2e%2f', 404],
  ])('at the model %s is %i, and asks nobody', async (name, status) => {
    const { ask, upstreamCalls } = await openHouse();
    const said = await ask(HELLO, at('generateContent', name));
    expect([said.status, said.json().error.code]).toEqual([status, status]);
    expect(upstreamCalls()).toBe(0);
  });

  test.each([
    [{}, 'contents'],
    [{ contents: HELLO.contents, cachedContent: 'cachedContents/x' }, 'cachedContent'],
    [
      { contents: [{ parts: [{ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x' } }] }] },
      'fileUri',
    ],
    [{ contents: HELLO.contents, GenerationConfig: {} }, 'generationConfig'],
  ])('with the body %j is 400, and asks nobody', async (body, named) => {
    const { ask, upstreamCalls } = await openHouse();
    const said = await ask(body, WHOLE);
    expect(said.status).toBe(400);
    expect(said.json().error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(named) });
    expect(upstreamCalls()).toBe(0);
  });

  test('of another method names the right one', async () => {
    const { ask } = await openHouse();
    const said = await ask(null, { ...WHOLE, method: 'GET' });
    expect([said.status, said.headers.allow, said.json().error.status]).toEqual([405, 'POST', 'INVALID_ARGUMENT']);
    for (const action of ['embedContent', 'batchEmbedContents', 'predict'])
      expect((await ask(HELLO, at(action))).json().error).toMatchObject({ code: 404, status: 'NOT_FOUND' });
  });
});

describe('counting tokens in Gemini’s format', () => {
  test('passes to Gemini, owes nothing, and names the model that was called', async () => {
    const now = await open();
    const body = { generateContentRequest: { model: 'models/other', ...HELLO } };
    const { call, said, row } = asking(now, body, COUNT);
    const { request } = await call;
    expect([request.wire, request.stream]).toEqual(['gemini-count-tokens', false]);
    const { upstreamModel } = request.deployment;
    expect(JSON.parse(String(request.body))).toEqual({ generateContentRequest: { ...HELLO, model: `models/${upstreamModel}` } });
    (await call).json({ totalTokens: 7 });
    expect((await said).json()).toEqual({ totalTokens: 7 });
    expect(await row()).toMatchObject({ endpoint: 'gemini_count_tokens', status: 'succeeded', entries: [] });
  });

  test('of another vendor is our estimate', async () => {
    const { ask, rows } = await openHouse();
    expect((await ask(HELLO, COUNT)).json()).toEqual({ totalTokens: expect.any(Number) });
    expect(rows).toMatchObject([{ endpoint: 'gemini_count_tokens', status: 'succeeded', entries: [] }]);
  });
});

describe('the key of a Gemini client', () => {
  test('is read from its header', async () => {
    const { ask, secret } = await openHouse();
    expect((await ask(HELLO, { ...WHOLE, secret: null, headers: ['X-Goog-Api-Key', secret] })).status).toBe(200);
    expect((await ask(HELLO, { ...WHOLE, secret: null })).json().error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
  });

  // promise: A key in the address (`?key=`) is 401 on Gemini’s paths, even beside the right one, because addresses are logged.
  test.each(['key=SECRET', 'alt=sse&key=SECRET', '%6bey=SECRET', 'key='])(
    'in the address is 401, also beside the right one: %s',
    async (query) => {
      const { ask, secret, rows, upstreamCalls } = await openHouse();
      for (const path of [WHOLE.path, EVENTS.path, COUNT.path]) {
        const said = await ask(HELLO, { path, query: query.replace('SECRET', secret) });
        expect([said.status, said.json().error.status]).toEqual([401, 'UNAUTHENTICATED']);
        expect(said.json().error.message).toContain('x-goog-api-key');
        expect(said.text).not.toContain(secret);
      }
      expect((await ask(null, { method: 'GET', path: '/v1beta/models', query: query.replace('SECRET', secret) })).status).toBe(
        401,
      );
      expect([rows, upstreamCalls()]).toEqual([[], 0]);
    },
  );
});

test('lists exactly what the key may call', async () => {
  const { ask } = await openHouse({
    targets: [
      model('fast', [deployment()]),
      model('vectors', [deployment({ id: 'dep_2', model: 'vectors', mode: 'embedding' })], { mode: 'embedding' }),
    ],
  });
  const { models } = (await ask(null, { method: 'GET', path: '/v1beta/models', query: 'pageSize=50' })).json() as unknown as {
    models: { name: string; supportedGenerationMethods: string[] }[];
  };
  expect(models.map(({ name, supportedGenerationMethods: methods }) => [name, methods])).toEqual([
    ['models/fast', ['generateContent', 'countTokens']],
    ['models/vectors', []],
  ]);
});
