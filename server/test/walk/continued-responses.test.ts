/** Responses that are stored and continued, through the whole walk: what the provider gets, what the client sees, what is held. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { chatAnswer, chatUsage, type PlayedCall } from '../support/played-provider.ts';
import { asking, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const KEEPS = { responses: 'team' } as const;
const open = (setting: Setting = {}) => openScene({ speaks: 'openai-responses', organization: KEEPS, ...setting });
const PATH = { path: '/v1/responses' };
const HELLO = { model: 'fast', input: 'hello', max_output_tokens: 50 };
const ASKED = { type: 'message', role: 'user', content: 'hello' };
const SAID = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Hello.', annotations: [] }],
};
const USAGE = { input_tokens: 20, output_tokens: 6, total_tokens: 26 };
const RAW = 'resp_0123456789abcdef';
const response = (more: object = {}) => ({
  ...{ id: RAW, object: 'response', status: 'completed', store: false, output: [SAID], usage: USAGE, ...more },
});
const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const CREATED = event('response.created', { sequence_number: 0, response: { id: RAW, status: 'in_progress', output: [] } });
const DELTA = event('response.output_text.delta', { sequence_number: 1, delta: 'He said: {"response":{"id":"resp_x"}}' });
const DONE = event('response.completed', { sequence_number: 2, response: response() });
const OURS = /^resp_[0-9a-f]{32}$/;

const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;

async function first(now: Awaited<ReturnType<typeof open>>, body: object = HELLO): Promise<JsonObject> {
  const { call, said } = asking(now, body, PATH);
  (await call).json(response());
  return (await said).json();
}

describe('a response of an organization that keeps them', () => {
  test('has an id of ours, and the provider is told to store nothing', async () => {
    const now = await open();
    const { call, said } = asking(now, { ...HELLO, store: true }, PATH);
    expect(sentBody(await call)).toMatchObject({ store: false });
    (await call).json(response());
    expect((await said).json()).toEqual({
      ...response(),
      ...{ id: expect.stringMatching(OURS), store: true, previous_response_id: null },
    });
  });

  test('is continued: the provider gets the whole conversation and no id', async () => {
    const now = await open();
    const { id } = await first(now);
    const { call, said } = asking(now, { ...HELLO, input: 'and then?', previous_response_id: id }, PATH);
    const sent = sentBody(await call);
    const { id: _, ...answered } = SAID;
    expect(sent.input).toEqual([ASKED, answered, { ...ASKED, content: 'and then?' }]);
    expect(sent).not.toHaveProperty('previous_response_id');
    (await call).json(response());
    const second = (await said).json();
    expect(second).toMatchObject({ previous_response_id: id, id: expect.stringMatching(OURS) });
    expect(second.id).not.toBe(id);
    const third = asking(now, { ...HELLO, input: [{ role: 'user', content: 'so?' }], previous_response_id: second.id }, PATH);
    expect(sentBody(await third.call).input).toHaveLength(5);
    (await third.call).json(response());
    await third.said;
  });

  test('is stored from a stream, whose events name our id and keep their texts', async () => {
    const now = await open();
    const { call, said } = asking(now, { ...HELLO, stream: true }, PATH);
    (await call).events(CREATED, DELTA, DONE);
    (await call).end();
    const { text } = await said;
    expect(text).not.toContain(RAW);
    expect(text).toContain(DELTA);
    const ids = [...text.matchAll(/"response":\{"id":"(resp_[0-9a-f]{32})"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    const next = asking(now, { ...HELLO, previous_response_id: ids[0] }, PATH);
    expect(sentBody(await next.call).input).toHaveLength(3);
    (await next.call).json(response());
    await next.said;
  });

  test('is stored from a translated answer too', async () => {
    const now = await open({ speaks: 'openai-chat' });
    const { call, said } = asking(now, HELLO, PATH);
    (await call).json(chatAnswer('Hello.', chatUsage(20, 6)));
    const { id } = (await said).json();
    expect(id).toMatch(OURS);
    const next = asking(now, { ...HELLO, input: 'more', previous_response_id: id }, PATH);
    const { messages } = sentBody(await next.call) as { messages: readonly { role: string; content: unknown }[] };
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    for (const [at, text] of ['hello', 'Hello.', 'more'].entries()) expect(JSON.stringify(messages[at]?.content)).toContain(text);
    (await next.call).json(chatAnswer('Yes.', chatUsage(20, 6)));
    await next.said;
  });

  test('is not stored if its request says so, or if it failed', async () => {
    const now = await open();
    const unstored = await first(now, { ...HELLO, store: false });
    expect(unstored).toMatchObject({ id: RAW, store: false });
    const { call, said } = asking(now, { ...HELLO, stream: true }, PATH);
    (await call).events(CREATED, DELTA);
    (await call).fail('reset');
    const [, failed] = /"id":"(resp_[0-9a-f]{32})"/.exec((await said).text) ?? [];
    for (const previous of [RAW, failed]) {
      const next = await now.house.ask({ ...HELLO, previous_response_id: previous }, PATH);
      expect([next.status, next.json().error.code]).toEqual([400, 'previous_response_not_found']);
    }
    expect(now.played.calls).toHaveLength(2);
  });

  test('what comes before counts as input: it is held before the provider is asked', async () => {
    const now = await open();
    const { id } = await first(now, { ...HELLO, input: 'x'.repeat(40_000) });
    const alone = asking(now, HELLO, PATH);
    (await alone.call).json(response({ usage: null }));
    await alone.said;
    const after = asking(now, { ...HELLO, previous_response_id: id }, PATH);
    (await after.call).json(response({ usage: null }));
    await after.said;
    const [one, other] = [await alone.row(), await after.row()].map(({ entries }) => entries[0]?.usage.input ?? 0);
    expect(other as number).toBeGreaterThan((one as number) + 9_000);
  });
});

test.each([
  ['an id that is no text', { previous_response_id: 7 }, 'previous_response_id'],
  ['store that is no boolean', { store: 'yes' }, 'store'],
])('%s is 400, and asks nobody', async (_, more, param) => {
  const now = await open();
  const { status, json } = await now.house.ask({ ...HELLO, ...more }, PATH);
  expect([status, json().error.param]).toEqual([400, param]);
  expect(now.played.calls).toHaveLength(0);
});

test('an organization that keeps none answers as the provider did, and continues nothing', async () => {
  const now = await open({ organization: {} });
  expect(await first(now, { ...HELLO, store: true })).toEqual(response());
  const { status, json } = await now.house.ask({ ...HELLO, previous_response_id: RAW }, PATH);
  expect([status, json().error.param]).toEqual([400, 'previous_response_id']);
  expect(now.played.calls).toHaveLength(1);
});
