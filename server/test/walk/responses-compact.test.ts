/** Compactions and counts of responses: what the provider gets, what is held and charged, and what a translated wire answers. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { openExchange, readFacts } from '../../src/dialects/exchange.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { answersOf, bytesOf } from '../recordings.ts';
import type { PlayedCall } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { asking, type Setting } from '../support/scene.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const { open: openHouse } = withHouse();
const openScene = withScene();
const open = (setting: Setting = {}) => openScene({ speaks: 'openai-responses', ...setting });
const COMPACT = { path: '/v1/responses/compact' };
const COUNT = { path: '/v1/responses/input_tokens' };
const HELLO = { model: 'fast', input: 'hello' };
const RAW = 'resp_0d4b654a05c1a7a70069deb7a08194819784d6491244b331d6';
/** As OpenAI answered them. */
const COMPACTIONS = answersOf('openai', 'responses-compact').map(
  (recording) =>
    JSON.parse(String(bytesOf(recording))) as JsonObject & { usage: { input_tokens: number; output_tokens: number } },
);
const [COMPACTION] = COMPACTIONS as [(typeof COMPACTIONS)[number]];

const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;

describe('a compaction', () => {
  test.each(COMPACTIONS)('passes as it came, is charged by its usage, and asks for nothing to be stored', async (compaction) => {
    const now = await open();
    const body = { ...HELLO, store: true, client_metadata: { cwd: '/home/me' }, prompt_cache_key: 'one' };
    const { call, said, row } = asking(now, body, COMPACT);
    expect((await call).request.wire).toBe('openai-compact');
    expect(sentBody(await call)).toEqual({
      model: 'fake-small',
      input: 'hello',
      prompt_cache_key: expect.stringMatching(/^pck_/),
    });
    (await call).json(compaction);
    expect((await said).json()).toEqual(compaction);
    const { entries, ...ended } = await row();
    expect(ended).toMatchObject({ endpoint: 'responses_compact', status: 'succeeded' });
    const { input_tokens: input, output_tokens: output } = compaction.usage;
    expect(entries).toMatchObject([{ kind: 'usage', usage: { input, output } }]);
  });

  test('continues what this gateway stored, and no id of a provider', async () => {
    const now = await open({ organization: { responses: 'team' } });
    const first = asking(now, { ...HELLO, max_output_tokens: 50 }, { path: '/v1/responses' });
    const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] };
    (await first.call).json({ id: RAW, status: 'completed', output: [said], usage: null });
    const { id } = (await first.said).json();
    const { call, said: answered } = asking(now, { model: 'fast', previous_response_id: id }, COMPACT);
    expect(sentBody(await call)).toEqual({
      model: 'fake-small',
      input: [{ type: 'message', role: 'user', content: 'hello' }, said],
    });
    (await call).json(COMPACTION);
    expect((await answered).json()).toEqual(COMPACTION);
    for (const path of [COMPACT, COUNT]) {
      const refused = await now.house.ask({ ...HELLO, previous_response_id: RAW }, path);
      expect([refused.status, refused.json().error.code]).toEqual([400, 'previous_response_not_found']);
    }
    expect(now.played.calls).toHaveLength(2);
  });

  test.each([
    ['previous_response_id', { previous_response_id: RAW }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt.id', { prompt: { id: 'pmpt_1' } }],
    ['background', { background: true }],
    ['input[0].id', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['stream', { stream: true }],
    ['input', { input: 7 }],
    ['model', { model: undefined }],
  ])('with %s is 400 by that name on both paths, and asks nobody', async (param, more) => {
    const now = await open();
    for (const path of [COMPACT, COUNT]) {
      const { status, json } = await now.house.ask({ ...HELLO, ...more }, path);
      expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', param]);
    }
    expect(now.played.calls).toHaveLength(0);
  });

  test('is refused by name where the model is served by translation, before anything is held', async () => {
    const now = await openHouse({ key: { budgets: [budget(1e12)] } });
    const { status, json } = await now.ask(HELLO, COMPACT);
    expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', 'model']);
    expect(json().error.message).toContain('does not support responses_compact');
    expect(now.upstreamCalls()).toBe(0);
    expect(now.rows).toMatchObject([{ status: 'failed', code: 'invalid_request', entries: [] }]);
  });

  test('holds the most that its model writes, because no cap can be sent with it', async () => {
    // 128,000 tokens at 10 USD for a million of them.
    const outputNanoUsd = 1.28e9;
    for (const [room, status] of [
      [outputNanoUsd, 429],
      [outputNanoUsd + 1e7, 200],
    ] as const) {
      const now = await open({ isBudgeted: false, key: { budgets: [budget(room, { clampOutput: true })] } });
      if (status === 429) {
        expect((await now.house.ask(HELLO, COMPACT)).status).toBe(429);
        continue;
      }
      const { call, said } = asking(now, HELLO, COMPACT);
      expect(sentBody(await call)).not.toHaveProperty('max_output_tokens');
      (await call).json(COMPACTION);
      expect((await said).status).toBe(200);
    }
  });
});

describe('a count of input tokens', () => {
  test('is the provider’s own where it speaks Responses, and owes nothing', async () => {
    const now = await open();
    const { call, said, row } = asking(now, { ...HELLO, tools: [], store: true }, COUNT);
    expect((await call).request.wire).toBe('openai-input-tokens');
    expect(sentBody(await call)).toEqual({ model: 'fake-small', input: 'hello', tools: [] });
    (await call).json({ object: 'response.input_tokens', input_tokens: 12 });
    expect((await said).json()).toEqual({ object: 'response.input_tokens', input_tokens: 12 });
    expect((await said).headers).not.toHaveProperty('x-headgate-estimated');
    expect(await row()).toMatchObject({ endpoint: 'input_tokens', status: 'succeeded', entries: [] });
  });

  test('is asked of Anthropic as a count of its messages', () => {
    const body = { ...HELLO, instructions: 'Be brief.', max_output_tokens: 9, temperature: 0.5, metadata: { a: 'b' } };
    const facts = readFacts('openai-input-tokens', body);
    if (!facts.ok) throw new Error(facts.problem.message);
    const exchange = openExchange({
      ...{ client: 'openai-input-tokens', upstream: 'anthropic-count-tokens', body, facts: facts.facts },
      ...{ upstreamModel: 'claude', outputCap: null, maxOutputTokens: null },
    });
    expect(JSON.parse(String(exchange.upstreamBody))).toEqual({
      ...{ model: 'claude', system: 'Be brief.' },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    });
    const { bytes, facts: seen } = exchange.whole(Buffer.from('{"input_tokens":14}'));
    expect([JSON.parse(String(bytes)), seen.usage]).toEqual([{ object: 'response.input_tokens', input_tokens: 14 }, null]);
    for (const bad of ['{}', '{"input_tokens":"x"}', '[]', '<html>'])
      expect(() => exchange.whole(Buffer.from(bad))).toThrow('the provider');
  });

  test('is estimated where nobody counts, and its head says so', async () => {
    const now = await openHouse({ provider: { ...createFakeProvider(), wireFor: () => null } });
    const { status, headers, json } = await now.ask({ ...HELLO, input: 'x'.repeat(4_000) }, COUNT);
    expect([status, headers['x-headgate-estimated']]).toEqual([200, 'true']);
    expect(json().input_tokens).toBeGreaterThan(1_000);
    expect(json().input_tokens).toBeLessThan(1_010);
    expect(now.rows).toMatchObject([{ endpoint: 'input_tokens', status: 'succeeded', entries: [] }]);
  });

  test('without an input counts what the rest of the request takes', async () => {
    const now = await openHouse();
    const { status, json } = await now.ask({ model: 'fast', instructions: 'Be brief.' }, COUNT);
    expect([status, json()]).toEqual([200, { object: 'response.input_tokens', input_tokens: expect.any(Number) }]);
  });
});

describe('the request of Codex to compact, whose last item is a trigger', () => {
  const TRIGGERED = { ...HELLO, input: [{ role: 'user', content: 'hello' }, { type: 'compaction_trigger' }], stream: true };
  const PATH = { path: '/v1/responses' };
  const ITEM = { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' };
  const response = (status: string, output: readonly object[]) => ({ id: RAW, status, output, usage: null });

  test('passes, and its one compaction comes back', async () => {
    const now = await open();
    const { call, said } = asking(now, TRIGGERED, PATH);
    expect(sentBody(await call).input).toEqual(TRIGGERED.input);
    (await call).events(
      { type: 'response.created', sequence_number: 0, response: response('in_progress', []) },
      { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item: ITEM },
      { type: 'response.output_item.done', sequence_number: 2, output_index: 0, item: ITEM },
      { type: 'response.completed', sequence_number: 3, response: response('completed', [ITEM]) },
    );
    (await call).end();
    expect((await said).text.match(/"type":"response.output_item.done"/g)).toHaveLength(1);
    expect((await said).text).toContain(JSON.stringify(ITEM));
    // What it compacted is sent back as it is, without the id.
    const next = asking(now, { ...HELLO, input: [ITEM, { role: 'user', content: 'more' }] }, PATH);
    expect(sentBody(await next.call).input).toEqual([
      { type: 'compaction', encrypted_content: 'gAAA' },
      { role: 'user', content: 'more' },
    ]);
    (await next.call).json(response('completed', []));
    await next.said;
  });

  test.each(['openai-chat', 'anthropic-messages'] as const)('is 400 by name across %s, which has none', async (speaks) => {
    const now = await open({ speaks });
    for (const input of [TRIGGERED.input, [ITEM]]) {
      const { status, json } = await now.house.ask({ ...TRIGGERED, input }, PATH);
      expect([status, json().error.code, json().error.param]).toEqual([
        ...[400, 'invalid_request', `input[${input.length - 1}].type`],
      ]);
    }
    expect(now.played.calls).toHaveLength(0);
  });
});
