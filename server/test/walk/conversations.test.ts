/** Conversations through the paths and the whole walk: what the provider gets of them, and what an answer adds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { CONVERSATION_BOUNDS } from '../../src/proxy/responses/conversations-state.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { PlayedCall } from '../support/played-provider.ts';
import { asking, type Scene, type Setting } from '../support/scene.ts';
import { memoryConversations } from '../support/stored-responses.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (setting: Setting = {}) =>
  openScene({ speaks: 'openai-responses', organization: { responses: 'team' }, ...setting });
const RESPONSES = { path: '/v1/responses' };
const PATH = '/v1/conversations';
const USER = { type: 'message', role: 'user', content: 'hello' };
const SAID = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] };
const response = { id: 'resp_0123456789abcdef', object: 'response', status: 'completed', output: [SAID], usage: null };
const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;
const { id: _, ...ANSWERED } = SAID;

const ask = (now: Scene, path: string, method: string, body: unknown = null, query = '') =>
  now.house.ask(body, { path: `${PATH}${path}`, method, query, ...(body === null ? { raw: Buffer.alloc(0) } : {}) });
const made = async (now: Scene, body: object = {}) => String((await ask(now, '', 'POST', body)).json().id);
const itemsOf = async (now: Scene, id: string) => (await ask(now, `/${id}/items`, 'GET', null, 'order=asc')).json();

describe('a conversation', () => {
  test('is made, read, changed and deleted', async () => {
    const now = await open();
    const first = await ask(now, '', 'POST', { metadata: { topic: 'a' }, items: [{ role: 'user', content: 'hello' }] });
    const { id } = first.json();
    expect([first.status, first.json()]).toEqual([
      200,
      {
        ...{ id: expect.stringMatching(/^conv_[0-9a-f]{32}$/), object: 'conversation' },
        ...{ created_at: expect.any(Number), metadata: { topic: 'a' } },
      },
    ]);
    expect((await ask(now, `/${id}`, 'GET')).json()).toEqual(first.json());
    expect((await ask(now, `/${id}`, 'POST', { metadata: { topic: 'b' } })).json()).toEqual({
      ...first.json(),
      metadata: { topic: 'b' },
    });
    expect((await ask(now, `/${id}`, 'DELETE')).json()).toEqual({ id, object: 'conversation.deleted', deleted: true });
    for (const method of ['GET', 'DELETE']) expect((await ask(now, `/${id}`, method)).status).toBe(404);
    expect((await ask(now, `/${id}/items`, 'GET')).status).toBe(404);
    expect(now.house.rows).toEqual([]);
  });

  test('lists its items by pages, with ids of ours, and gives and deletes each', async () => {
    const now = await open();
    const id = await made(now, { items: [{ ...USER, id: 'msg_of_a_provider' }] });
    const call = { type: 'function_call', id: 'fc_1', name: 'f', call_id: 'c', arguments: '{}' };
    const added = await ask(now, `/${id}/items`, 'POST', { items: [call, SAID] });
    expect([added.status, added.json().object]).toEqual([200, 'list']);
    const all = (await itemsOf(now, id)).data as { id: string }[];
    expect(all.map(({ id: own, ...item }) => [/^(msg|item)_[0-9a-f]{32}$/.test(own), item])).toEqual(
      [
        [true, USER],
        [true, { ...call, id: undefined }],
        [true, ANSWERED],
      ].map(([is, item]) => [is, JSON.parse(JSON.stringify(item))]),
    );
    expect(added.json().data).toEqual(all.slice(1));
    const page = (await ask(now, `/${id}/items`, 'GET', null, `limit=1&after=${all[2]?.id}`)).json();
    expect(page).toMatchObject({ data: [all[1]], has_more: true, first_id: all[1]?.id });
    expect((await ask(now, `/${id}/items/${all[1]?.id}`, 'GET')).json()).toEqual(all[1]);
    expect((await ask(now, `/${id}/items/${all[1]?.id}`, 'DELETE')).json()).toMatchObject({ id, object: 'conversation' });
    for (const method of ['GET', 'DELETE']) expect((await ask(now, `/${id}/items/${all[1]?.id}`, method)).status).toBe(404);
    expect((await itemsOf(now, id)).data).toEqual([all[0], all[2]]);
  });

  test.each([{ conversation: 'id' }, { conversation: 'object' }])(
    'precedes a request that names it, and grows by it: %j',
    async (as) => {
      const now = await open();
      const id = await made(now, { items: [USER] });
      const conversation = as.conversation === 'id' ? id : { id };
      const { call, said } = asking(now, { model: 'fast', input: 'and then?', conversation }, RESPONSES);
      expect(sentBody(await call)).toEqual({
        ...{ model: 'fake-small', store: false },
        input: [USER, { ...USER, content: 'and then?' }],
      });
      (await call).json(response);
      expect((await said).json()).toMatchObject({ conversation: { id }, previous_response_id: null, store: true });
      const next = asking(now, { model: 'fast', input: 'so?', conversation, store: false }, RESPONSES);
      expect(sentBody(await next.call).input).toEqual([
        ...[USER, { ...USER, content: 'and then?' }, ANSWERED],
        { ...USER, content: 'so?' },
      ]);
      (await next.call).json(response);
      await next.said;
      expect((await itemsOf(now, id)).data).toHaveLength(5);
      // A count reads it, and adds nothing.
      const counted = asking(now, { model: 'fast', conversation }, { path: '/v1/responses/input_tokens' });
      expect(sentBody(await counted.call).input).toHaveLength(5);
      (await counted.call).json({ object: 'response.input_tokens', input_tokens: 5 });
      await counted.said;
      expect((await itemsOf(now, id)).data).toHaveLength(5);
    },
  );

  test('grows by a stream and by a response in the background, and not by what failed', async () => {
    const now = await open();
    const id = await made(now);
    const streamed = asking(now, { model: 'fast', input: 'one', stream: true, conversation: id }, RESPONSES);
    (await streamed.call).events({ type: 'response.completed', sequence_number: 0, response });
    (await streamed.call).end();
    expect((await streamed.said).text).toContain(`"conversation":{"id":"${id}"}`);
    const behind = asking(now, { model: 'fast', input: 'two', background: true, conversation: id }, RESPONSES);
    expect((await behind.said).json()).toMatchObject({ status: 'queued', conversation: { id } });
    (await behind.call).json(response);
    await behind.row();
    const failed = asking(now, { model: 'fast', input: 'three', conversation: id }, RESPONSES);
    (await failed.call).json({ error: { message: 'no' } }, 400);
    expect((await failed.said).status).toBe(400);
    await sleep(5);
    const texts = ((await itemsOf(now, id)).data as { content: unknown }[]).map(({ content }) => content);
    expect(texts).toEqual(['one', SAID.content, 'two', SAID.content]);
  });

  // promise: A request that names a conversation reads it
  test('is stored before its answer ends, and the answer waits a second at most', async () => {
    const now = await open();
    let [stored, adds] = [() => {}, 0];
    const held = new Promise<void>((resolve) => {
      stored = resolve;
    });
    const conversations = memoryConversations({
      add: async () => {
        adds += 1;
        await held;
        return true;
      },
    });
    Object.assign(now.house.gateway, { conversations });
    const id = await made(now);
    const { call, said } = asking(now, { model: 'fast', input: 'one', conversation: id }, RESPONSES);
    let isAnswered = false;
    void said.then(() => {
      isAnswered = true;
    });
    (await call).json(response);
    while (adds === 0) await sleep(1);
    await sleep(20);
    expect(isAnswered).toBe(false);
    now.time.pass(1_001);
    expect((await said).status).toBe(200);
    // The next request of this process waits for what is not stored yet.
    const next = now.house.ask({ model: 'fast', input: 'two', conversation: id }, RESPONSES);
    expect((await next).status).toBe(503);
    stored();
  });

  test('takes no more once it is full: neither items nor a request', async () => {
    const now = await open();
    const { items, bytes } = CONVERSATION_BOUNDS;
    for (const full of [
      { items, bytes: 1 },
      { items: 1, bytes },
    ]) {
      const row = {
        organizationId: 'org_1',
        teamId: 'team_1',
        keyId: 'key_1',
        createdAt: new Date(),
        sealedMetadata: Buffer.from('{}'),
      };
      const conversations = memoryConversations({ find: async ({ id }) => ({ ...row, id, ...full }) });
      Object.assign(now.house.gateway, { conversations });
      const id = await made(now);
      const added = await ask(now, `/${id}/items`, 'POST', { items: [USER] });
      const named = await now.house.ask({ model: 'fast', input: 'x', conversation: id }, RESPONSES);
      for (const said of [added, named])
        expect([said.status, said.json().error.param, said.json().error.message]).toEqual([
          ...[400, 'conversation', expect.stringContaining('The conversation is full')],
        ]);
    }
    expect(now.played.calls).toHaveLength(0);
  });

  test('of 100,000 items cannot be made: neither at once nor by a request', async () => {
    const now = await open();
    const id = await made(now);
    const input = Array.from({ length: 20_000 }, () => ({ role: 'user', content: 'x' }));
    const all = [...input, ...input, ...input, ...input, ...input];
    const many = await ask(now, '', 'POST', { items: input });
    expect([many.status, many.json().error.param]).toEqual([400, 'items']);
    const asked = await now.house.ask({ model: 'fast', input, conversation: id }, RESPONSES);
    expect([asked.status, asked.json().error.param]).toEqual([400, 'conversation']);
    // More than 60,000 values are not read in one turn.
    expect((await ask(now, `/${id}/items`, 'POST', { items: all })).status).toBe(400);
    expect((await now.house.ask({ model: 'fast', input: all, conversation: id }, RESPONSES)).status).toBe(400);
    expect(now.played.calls).toHaveLength(0);
  });

  test('is not made beyond what one organization may have', async () => {
    const now = await open();
    const { conversations, allBytes } = CONVERSATION_BOUNDS;
    for (const used of [
      { conversations, bytes: 0 },
      { conversations: 1, bytes: allBytes },
    ]) {
      Object.assign(now.house.gateway, { conversations: memoryConversations({ useOf: async () => used }) });
      const said = await ask(now, '', 'POST', {});
      expect([said.status, said.json().error.message]).toEqual([400, expect.stringContaining('the most that are kept')]);
    }
  });

  test('is 503 while the database is away, also in a request', async () => {
    const now = await open();
    const id = await made(now);
    const away = () => Promise.reject(new StoreUnavailable('the database cannot be reached', '08006'));
    const conversations = memoryConversations({ find: away, useOf: away });
    Object.assign(now.house.gateway, { conversations });
    for (const said of [
      await ask(now, '', 'POST', {}),
      await ask(now, `/${id}`, 'GET'),
      await now.house.ask({ model: 'fast', input: 'x', conversation: id }, RESPONSES),
    ])
      expect([said.status, said.json().error.code]).toEqual([503, 'service_unavailable']);
  });
});

test.each([
  ['POST', '', { metadata: 7 }, 'metadata'],
  ['POST', '', { metadata: { a: 1 } }, 'metadata'],
  ['POST', '', { metadata: { ['x'.repeat(65)]: 'y' } }, 'metadata'],
  ['POST', '', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, 'v'])) }, 'metadata'],
  ['POST', '', { items: {} }, 'items'],
  ['POST', '', { items: ['x'] }, 'items[0]'],
  ['POST', '', { items: [{ type: 'item_reference', id: 'msg_1' }] }, 'items[0].id'],
  [
    'POST',
    '',
    { items: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] },
    'items[0].content[0].file_id',
  ],
  ['POST', '', { items: Array.from({ length: 21 }, () => USER) }, 'items'],
  ['POST', '', [], null],
  ['POST', '/{id}/items', {}, 'items'],
  ['POST', '/{id}', { metadata: [] }, 'metadata'],
] as const)('%s /v1/conversations%s with a bad body is 400 by name', async (method, path, body, param) => {
  const now = await open();
  const said = await ask(now, path.replace('{id}', await made(now)), method, body);
  expect([said.status, said.json().error.code, said.json().error.param]).toEqual([400, 'invalid_request', param]);
});

test.each([
  [{ conversation: 7 }, 400, 'conversation'],
  [{ conversation: {} }, 400, 'conversation'],
  [{ conversation: [] }, 400, 'conversation'],
  [{ conversation: 'conv_1', previous_response_id: 'resp_1' }, 400, 'previous_response_id'],
  [{ conversation: 'conv_0123456789abcdef' }, 404, 'conversation'],
  [{ conversation: 'x'.repeat(10_000) }, 404, 'conversation'],
  [{ previous_response_id: 'x'.repeat(10_000) }, 400, 'previous_response_id'],
])('a request with %j is refused, and asks nobody', async (more, status, param) => {
  const now = await open();
  const said = await now.house.ask({ model: 'fast', input: 'x', ...more }, RESPONSES);
  expect([said.status, said.json().error.param]).toEqual([status, param]);
  expect(said.text.length).toBeLessThan(500);
  expect(now.played.calls).toHaveLength(0);
});

test('an organization that stores nothing has no conversations', async () => {
  const now = await open({ organization: {} });
  const created = await ask(now, '', 'POST', {});
  expect([created.status, created.json().error.message]).toEqual([400, expect.stringContaining('responses_storage is off')]);
  const read = await ask(now, '/conv_1', 'GET');
  expect([read.status, read.json().error.message]).toEqual([404, expect.stringContaining('responses_storage is off')]);
});

test('the paths say which methods they support, and need a key', async () => {
  const now = await open();
  for (const [path, method, allow] of [
    ['', 'GET', 'POST'],
    ['/conv_1', 'PUT', 'GET, POST, DELETE'],
    ['/conv_1/items', 'DELETE', 'GET, POST'],
    ['/conv_1/items/msg_1', 'POST', 'GET, DELETE'],
  ] as const) {
    const said = await ask(now, path, method);
    expect([said.status, said.headers.allow]).toEqual([405, allow]);
  }
  for (const path of ['/', '/conv_1/other', '/conv_1/items/', '/conv_1/items/a/b'])
    expect((await ask(now, path, 'GET')).json().error.message).toContain('There is nothing at');
  expect((await now.house.ask({}, { path: PATH, secret: null })).status).toBe(401);
  const text = await now.house.ask({}, { path: PATH, headers: ['content-encoding', 'gzip'] });
  expect(text.status).toBe(415);
});
