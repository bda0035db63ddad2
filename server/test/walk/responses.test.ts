import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import type { PlayedCall } from '../support/played-provider.ts';
import { asking, nanoUsd, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (setting: Setting = {}) => openScene({ speaks: 'openai-responses', ...setting });
const PATH = { path: '/v1/responses' };
const HELLO = { model: 'fast', input: 'hello', max_output_tokens: 50_000 };
const STREAMED = { ...HELLO, stream: true };

const USAGE = {
  input_tokens: 20,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 6,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 26,
};
const ITEM = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Hello.', annotations: [] }],
};
const response = (more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  output: [ITEM],
  usage: USAGE,
  ...more,
});
const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

const BEGUN = [
  event('response.created', { sequence_number: 0, response: { id: 'resp_1', status: 'in_progress', error: null, output: [] } }),
  event('response.in_progress', { sequence_number: 1, response: { id: 'resp_1', status: 'in_progress', error: null } }),
];
const ADDED = event('response.output_item.added', { sequence_number: 2, output_index: 0, item: { ...ITEM, content: [] } });
const DELTA = event('response.output_text.delta', { sequence_number: 3, output_index: 0, delta: 'Hello.' });
const DONE = event('response.output_item.done', { sequence_number: 4, output_index: 0, item: ITEM });
const END = event('response.completed', { sequence_number: 5, response: response() });
const QUOTA = { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your quota.' };
const FLAT = { code: 'rate_limit_exceeded', message: 'Slow down.', param: null };

const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;

describe('a response of a server that speaks them', () => {
  test('passes as it is, and is charged as it reports', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, PATH);
    (await call).json(response());
    expect((await said).json()).toEqual(response());
    const { status, endpoint, entries, finishReason } = await row();
    expect([status, endpoint, finishReason]).toEqual(['succeeded', 'responses', 'completed']);
    expect(entries).toMatchObject([{ kind: 'usage', usage: { input: 20, output: 4, reasoning: 2 }, nanoUsd: nanoUsd(20, 6) }]);
  });

  test('passes as a stream, event by event', async () => {
    const now = await open();
    const { call, said, row } = asking(now, STREAMED, PATH);
    (await call).events(...BEGUN, ADDED, DELTA, DONE, END);
    (await call).end();
    expect((await said).text).toBe([...BEGUN, ADDED, DELTA, DONE, END].join(''));
    expect(await row()).toMatchObject({ status: 'succeeded', entries: [{ nanoUsd: nanoUsd(20, 6) }] });
  });

  test('leaves nothing at the provider, and tells it nothing of the caller’s machine', async () => {
    const now = await open();
    const reasoning = { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' };
    const input = [
      { type: 'message', id: 'msg_other', role: 'user', content: 'a' },
      { ...reasoning, id: 'rs_other' },
      { type: 'reasoning', id: 'rs_stored', summary: [] },
      { type: 'function_call', id: 'fc_other', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'done' },
    ];
    const body = { ...HELLO, input, store: true, client_metadata: { 'x-codex-turn-metadata': '{"cwd":"/home/me"}' } };
    const headers = ['x-codex-turn-metadata', '{"cwd":"/home/me"}', 'session-id', 's', 'originator', 'codex_exec'];
    const { call, said } = asking(now, body, { ...PATH, headers });
    const sent = sentBody(await call);
    (await call).json(response());
    await said;
    expect(sent).toEqual({
      ...{ model: (await call).request.deployment.upstreamModel, max_output_tokens: 50_000, store: false },
      input: [
        { type: 'message', role: 'user', content: 'a' },
        reasoning,
        { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'done' },
      ],
    });
    expect(JSON.stringify((await call).request.forward)).not.toMatch(/codex|session|home/);
  });

  test('of which the client hears too little is charged to the last report', async () => {
    const now = await open({ isBudgeted: false });
    const { call, said, row, leave } = asking(now, STREAMED, PATH);
    (await call).events(...BEGUN, ADDED, DELTA);
    await leave();
    await said;
    const { status, entries } = await row();
    expect(status).toBe('cancelled');
    expect(entries).toMatchObject([{ kind: 'estimated' }]);
    expect((await call).isAborted).toBe(true);
  });

  test('that breaks off ends with an error event and a failed response', async () => {
    const now = await open();
    const { call, said, row } = asking(now, STREAMED, PATH);
    (await call).events(...BEGUN, ADDED, DELTA);
    (await call).fail('reset');
    const { text } = await said;
    expect(text).toContain('event: error\ndata: {"type":"error","error":{"type":"server_error"');
    expect(text).toMatch(/event: response.failed\ndata: .*"id":"resp_1".*"status":"failed".*"sequence_number":5}\n\n$/);
    expect(text).not.toContain('response.completed');
    expect(await row()).toMatchObject({ status: 'failed', code: 'provider_error' });
  });

  test.each([
    [
      'its length',
      'response.incomplete',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      'max_output_tokens',
    ],
    [
      'its content',
      'response.incomplete',
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      'content_filter',
    ],
  ])('that is incomplete for %s has succeeded', async (_why, type, more, finishReason) => {
    const now = await open();
    const { call, said, row } = asking(now, STREAMED, PATH);
    (await call).events(...BEGUN, ADDED, DELTA, event(type, { response: response(more) }));
    (await call).end();
    await said;
    expect(await row()).toMatchObject({ status: 'succeeded', finishReason, entries: [{ nanoUsd: nanoUsd(20, 6) }] });
  });

  test('that failed after output is charged what it reports', async () => {
    const now = await open();
    const { call, said, row } = asking(now, STREAMED, PATH);
    const failed = event('response.failed', {
      response: response({ status: 'failed', error: { code: 'server_error', message: 'Sorry' } }),
    });
    (await call).events(...BEGUN, ADDED, DELTA, failed);
    (await call).end();
    expect((await said).text).toBe([...BEGUN, ADDED, DELTA, failed].join(''));
    expect(await row()).toMatchObject({ status: 'failed', entries: [{ nanoUsd: nanoUsd(20, 6) }] });
  });
});

describe('a whole response that failed', () => {
  const FAILED: readonly (readonly [string, object])[] = [
    ['with an error and output', { status: 'failed', error: { code: 'server_error', message: 'Sorry' } }],
    ['with output alone', { status: 'failed', error: null }],
    ['with neither', { status: 'failed', error: null, output: [] }],
  ];

  test.each(FAILED)('is no success, and is charged what it reports: %s', async (_what, more) => {
    for (const [path, body] of [
      ['/v1/responses', HELLO],
      ['/v1/chat/completions', { model: 'fast', messages: [{ role: 'user', content: 'hello' }] }],
    ] as const) {
      const now = await open({ others: [{}] });
      const { call, said, row } = asking(now, body, { path });
      (await call).json(response(more));
      (await now.played.call(1)).json(response());
      expect((await said).status).toBe(200);
      expect(await row()).toMatchObject({
        status: 'succeeded',
        entries: [{ nanoUsd: nanoUsd(20, 6) }, { nanoUsd: nanoUsd(20, 6) }],
      });
    }
  });

  test('is the caller’s error where nobody else can answer', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, PATH);
    (await call).json(
      response({ status: 'failed', error: { code: 'invalid_prompt', message: 'No', type: 'invalid_request_error' } }),
    );
    expect((await said).status).toBe(400);
    expect(await row()).toMatchObject({ status: 'failed', entries: [{ kind: 'usage', nanoUsd: nanoUsd(20, 6) }] });
  });
});

describe('a response that fails before its first output', () => {
  test.each<[string, string[]]>([
    [
      'OpenAI’s error',
      [
        event('error', { error: QUOTA }),
        event('response.failed', { response: response({ status: 'failed', error: QUOTA, usage: null, output: [] }) }),
      ],
    ],
    ['the specification’s error', [event('error', FLAT)]],
    [
      'a failed response alone',
      [event('response.failed', { response: response({ status: 'failed', error: QUOTA, usage: null, output: [] }) })],
    ],
  ])('is asked for elsewhere: %s', async (_what, events) => {
    for (const path of ['/v1/responses', '/v1/chat/completions']) {
      const now = await open({ others: [{}] });
      const body =
        path === PATH.path
          ? STREAMED
          : { model: 'fast', max_tokens: 50_000, stream: true, messages: [{ role: 'user', content: 'hello' }] };
      const { call, said, row } = asking(now, body, { path });
      (await call).events(...BEGUN, ...events);
      (await call).end();
      const second = await now.played.call(1);
      second.events(...BEGUN, ADDED, DELTA, DONE, END);
      second.end();
      expect((await said).status).toBe(200);
      expect((await said).text).not.toMatch(/quota|Slow down/);
      expect(await row()).toMatchObject({
        status: 'succeeded',
        attempts: 2,
        deploymentId: 'dep_2',
        entries: [{ nanoUsd: nanoUsd(20, 6) }],
      });
    }
  });

  test('also behind first events that repeat a large request', async () => {
    const now = await open({ others: [{}] });
    const { call, said, row } = asking(now, STREAMED, PATH);
    const large = { id: 'resp_1', error: null, instructions: 'x'.repeat(200_000) };
    (await call).events(
      event('response.created', { response: large }),
      event('response.in_progress', { response: large }),
      event('error', { error: QUOTA }),
    );
    (await call).end();
    (await now.played.call(1)).json(response());
    expect((await said).status).toBe(200);
    expect(await row()).toMatchObject({ attempts: 2, deploymentId: 'dep_2' });
  });

  test('is waited for two seconds at most', async () => {
    const now = await open();
    const { call, said } = asking(now, STREAMED, PATH);
    (await call).events(...BEGUN);
    await now.time.pass(2_001);
    (await call).events(ADDED, DELTA, DONE, END);
    (await call).end();
    expect((await said).text).toContain('response.completed');
  });
});

describe('a response of a server that speaks another dialect', () => {
  test.each(['openai-chat', 'anthropic-messages'] as const)('comes from %s, under its own request', async (speaks) => {
    const now = await open({ speaks });
    const { call, said, row } = asking(now, { ...HELLO, instructions: 'Be brief.', store: true }, PATH);
    const sent = sentBody(await call);
    expect(sent).not.toHaveProperty('store');
    expect(JSON.stringify(sent)).toContain('Be brief.');
    (await call).json(
      speaks === 'openai-chat'
        ? {
            id: 'c',
            choices: [{ message: { content: 'Hello.' }, finish_reason: 'length' }],
            usage: { prompt_tokens: 20, completion_tokens: 6 },
          }
        : {
            id: 'm',
            content: [{ type: 'text', text: 'Hello.' }],
            stop_reason: 'max_tokens',
            usage: { input_tokens: 20, output_tokens: 6 },
          },
    );
    const answer = (await said).json();
    expect(answer).toMatchObject({
      ...{ object: 'response', status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, store: false },
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello.' }] }],
      usage: { input_tokens: 20, output_tokens: 6, total_tokens: 26 },
    });
    expect(await row()).toMatchObject({ status: 'succeeded', entries: [{ nanoUsd: nanoUsd(20, 6) }] });
  });
});

/** Bodies that are refused before anything is sent, with the parameter that the answer names. */
const item = (value: object) => ({ input: [value] });
const REFUSED: readonly [string, object, string][] = [
  ['no input', { input: undefined }, 'input'],
  ['a number as input', { input: 5 }, 'input'],
  ['an item that is no object', { input: ['a'] }, 'input[0]'],
  ['tools that are no list', { tools: {} }, 'tools'],
  ['a cap in words', { max_output_tokens: '5' }, 'max_output_tokens'],
  ['a cap of 0', { max_output_tokens: 0 }, 'max_output_tokens'],
  ['stream in words', { stream: 'yes' }, 'stream'],
  ['an earlier response', { previous_response_id: 'resp_1' }, 'previous_response_id'],
  ['a conversation', { conversation: 'conv_1' }, 'conversation'],
  ['a conversation by object', { conversation: { id: 'conv_1' } }, 'conversation'],
  ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 'prompt.id'],
  ['work in the background', { background: true }, 'background'],
  ['work in the background, in words', { background: 'true' }, 'background'],
  ['a reference', item({ type: 'item_reference', id: 'msg_1' }), 'input[0].id'],
  ['a reference without a type', item({ id: 'msg_1' }), 'input[0].id'],
  ['a reference with an empty type', item({ type: null, id: 'msg_1' }), 'input[0].id'],
  ['a stored picture', item({ type: 'image_generation_call', id: 'ig_1' }), 'input[0].id'],
  ['a stored file', item({ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }), 'input[0].content[0].file_id'],
  [
    'a stored file in a result',
    item({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', file_id: 'file_1' }] }),
    'input[0].output[0].file_id',
  ],
  [
    'a screenshot',
    item({ type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', file_id: 'file_1' } }),
    'input[0].output.file_id',
  ],
  ['a vector store', { tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }, 'tools[0].vector_store_ids'],
  ['a container', { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }, 'tools[0].container'],
  [
    'files of a container',
    { tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['file_1'] } }] },
    'tools[0].container.file_ids',
  ],
  ['a connector', { tools: [{ type: 'mcp', server_label: 'm', connector_id: 'connector_dropbox' }] }, 'tools[0].connector_id'],
  ['a search without a price', { tools: [{ type: 'web_search' }] }, 'tools[0].type'],
  ['a program that the provider runs', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, 'tools[0].type'],
  [
    'a search among items',
    item({ type: 'additional_tools', role: 'developer', tools: [{ type: 'web_search' }] }),
    'input[0].tools[0].type',
  ],
];

describe('a body that cannot be served', () => {
  test.each(REFUSED)('is refused before anything is sent: %s', async (_what, more, param) => {
    const now = await open();
    const { status, json } = await now.house.ask({ ...HELLO, ...more }, PATH);
    expect([status, json().error.param]).toEqual([param.endsWith('.type') ? 403 : 400, param]);
    expect(now.played.calls).toEqual([]);
  });

  test('tools that the client runs, and the names in its schemas, are served', async () => {
    const now = await open();
    const parameters = { type: 'object', properties: { file_id: { type: 'string' } }, container: 'a' };
    const tools = [
      { type: 'function', name: 'f', parameters },
      { type: 'custom', name: 'c' },
      { type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'f', parameters }] },
      ...[{ type: 'tool_search', execution: 'client' }, { type: 'local_shell' }, { type: 'apply_patch' }],
    ];
    const { call, said } = asking(now, { ...HELLO, tools }, PATH);
    expect(sentBody(await call).tools).toEqual(tools);
    (await call).json(response());
    expect((await said).status).toBe(200);
  });

  test('a model without an answer in this dialect is named: a grammar, a server’s tool, a compaction', async () => {
    for (const [more, param] of [
      [
        { tools: [{ type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'a' } }] },
        'tools[0].format',
      ],
      [item({ type: 'compaction_trigger' }), 'input[0].type'],
      [item({ type: 'compaction', encrypted_content: 'x' }), 'input[0].type'],
      [{ top_logprobs: 3 }, 'top_logprobs'],
      [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
      [item({ role: 'nobody', content: 'a' }), 'input[0].role'],
    ] as const) {
      const now = await open({ speaks: 'anthropic-messages', isBudgeted: false });
      const { status, json } = await now.house.ask({ ...HELLO, ...more }, PATH);
      expect([status, json().error.param]).toEqual([400, param]);
    }
  });
});
