import { describe, expect, it, test } from 'vitest';
import { type ExchangeNames, exchangeOf, run, sentTo } from '../../../test/exchanges.ts';
import { eventsOf } from '../../../test/support/converse-events.ts';
import type { InboundWire, JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { JSON_TOOL } from './json-tool.ts';

const WIRE = 'bedrock-converse';
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OPUS = 'global.anthropic.claude-opus-4-6-v1';
const OLD_CLAUDE = 'anthropic.claude-3-7-sonnet-20250219-v1:0';
const NOVA = 'us.amazon.nova-2-lite-v1:0';
const LLAMA = 'us.meta.llama4-maverick-17b-instruct-v1:0';
const hi = [{ role: 'user', content: 'hi' }];
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const format = { type: 'json_schema', json_schema: { name: 'City', schema } };
const tool = { type: 'function', function: { name: 'weather', description: 'Tells it', parameters: schema } };
const chat = (body: JsonObject, model = CLAUDE, names: ExchangeNames = {}) =>
  sentTo('openai-chat', WIRE, { messages: hi, ...body }, { upstreamModel: model, ...names });
const dropped = (body: JsonObject, model: string, client: InboundWire = 'openai-chat') =>
  exchangeOf(client, WIRE, client === 'openai-chat' ? { messages: hi, ...body } : body, { upstreamModel: model }).dropped;
const anthropic = (body: JsonObject, model = CLAUDE) =>
  sentTo('anthropic-messages', WIRE, { messages: hi, max_tokens: 100, ...body }, { upstreamModel: model });
const spec = (name: string, more: JsonObject = {}) => ({ toolSpec: { name, inputSchema: { json: schema }, ...more } });

describe('a request for Converse', () => {
  test('names neither its model nor its stream, and only what was asked for', () => {
    expect(chat({ stream: true })).toEqual({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] });
  });

  test('has instructions, turns merged by role, and no blank texts', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'a' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ' ' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'developer', content: 'be kind' },
      { role: 'assistant', content: '' },
      { role: 'assistant', content: 'c' },
    ];
    expect(chat({ messages })).toEqual({
      system: [{ text: 'be brief' }, { text: 'be kind' }],
      messages: [
        { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
        { role: 'assistant', content: [{ text: 'c' }] },
      ],
    });
  });

  test('has the settings that all models share, and says which it weakened', () => {
    const body = { max_tokens: 9, temperature: 1.5, top_p: 0.5, stop: ['END'], seed: 1, user: 'u' };
    expect(chat(body, NOVA)).toMatchObject({
      inferenceConfig: { maxTokens: 9, temperature: 1, topP: 0.5, stopSequences: ['END'] },
    });
    expect(dropped(body, NOVA)).toEqual(['seed', 'user', 'temperature']);
    expect(chat(body, NOVA).additionalModelResponseFieldPaths).toBeUndefined();
    expect(chat(body).additionalModelResponseFieldPaths).toEqual(['/stop_sequence']);
    expect(chat({ ...body, stream: true }).additionalModelResponseFieldPaths).toEqual(['/delta/stop_sequence']);
  });

  it.each([
    [CLAUDE, { top_k: 5 }, []],
    [NOVA, { inferenceConfig: { topK: 5 } }, []],
    [LLAMA, undefined, ['top_k']],
  ])('asks %s for the likeliest tokens in its own words', (model, own, lost) => {
    expect(chat({ top_k: 5 }, model).additionalModelRequestFields).toEqual(own);
    expect(dropped({ top_k: 5 }, model)).toEqual(lost);
  });

  it.each<[string, JsonObject, JsonObject | undefined, string[]]>([
    [OPUS, { reasoning_effort: 'high' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    [CLAUDE, { reasoning_effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 2048 } }, []],
    [NOVA, { reasoning_effort: 'low' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }, []],
    [
      NOVA,
      { reasoning_effort: 'high' },
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } },
      ['reasoning_effort'],
    ],
    ['openai.gpt-oss-120b-1:0', { reasoning_effort: 'xhigh' }, { reasoning_effort: 'high' }, []],
    ['qwen.qwen3-32b-v1:0', { reasoning_effort: 'medium' }, { reasoning_config: 'high' }, []],
    [LLAMA, { reasoning_effort: 'low' }, undefined, ['reasoning_effort']],
  ])('asks %s to think as its maker has it: %o', (model, body, own, lost) => {
    expect(chat(body, model).additionalModelRequestFields).toEqual(own);
    expect(dropped(body, model)).toEqual(lost);
  });

  test('states the cap from which a budget of thinking was worked out', () => {
    expect(chat({ reasoning_effort: 'high' })).toMatchObject({ inferenceConfig: { maxTokens: 4096 } });
  });

  it.each([
    [{ service_tier: 'flex' }, { type: 'flex' }, []],
    [{ service_tier: 'priority' }, { type: 'priority' }, []],
    [{ service_tier: 'default' }, { type: 'default' }, []],
    [{ service_tier: 'scale' }, undefined, ['service_tier']],
    [{ service_tier: 'auto' }, undefined, []],
  ])('asks for the tier of %o', (body, tier, lost) => {
    expect([chat(body).serviceTier, dropped(body, CLAUDE)]).toEqual([tier, lost]);
  });
});

describe('tools', () => {
  const history = [
    ...hi,
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c.1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c.1', content: 'sunny' },
  ];

  it.each<[string, JsonObject, JsonObject | undefined, string[]]>([
    ['none said', {}, undefined, []],
    ['auto', { tool_choice: 'auto' }, { auto: {} }, []],
    ['required', { tool_choice: 'required' }, { any: {} }, []],
    ['one', { tool_choice: { type: 'function', function: { name: 'weather' } } }, { tool: { name: 'weather' } }, []],
    ['one at a time', { parallel_tool_calls: false }, undefined, ['parallel_tool_calls']],
  ])('are offered with a choice: %s', (_name, body, toolChoice, lost) => {
    const asked = { tools: [tool], ...body };
    const want = { tools: [spec('weather', { description: 'Tells it' })], ...(toolChoice && { toolChoice }) };
    expect(chat(asked).toolConfig).toEqual(want);
    expect(dropped(asked, CLAUDE)).toEqual(lost);
  });

  test('are forced only where the model can be, and that is said', () => {
    const asked = { tools: [tool], tool_choice: 'required' };
    expect(chat(asked, LLAMA).toolConfig).not.toHaveProperty('toolChoice');
    expect(dropped(asked, LLAMA)).toEqual(['tool_choice']);
  });

  test('are strict where the model knows that', () => {
    const strict = { tools: [{ ...tool, function: { ...tool.function, strict: true } }] };
    expect(chat(strict).toolConfig).toMatchObject({ tools: [{ toolSpec: { strict: true } }] });
    expect(dropped(strict, OLD_CLAUDE)).toEqual(['tools.strict']);
  });

  test('that must not be called are left out, unless the conversation has calls', () => {
    const asked = { tools: [tool], tool_choice: 'none' };
    expect([chat(asked).toolConfig, dropped(asked, CLAUDE)]).toEqual([undefined, []]);
    const again = { ...asked, messages: history };
    expect(chat(again).toolConfig).toEqual({ tools: [spec('weather', { description: 'Tells it' })] });
    expect(dropped(again, CLAUDE)).toEqual(['tool_choice']);
  });

  test('of the conversation are named where the request has none, because Converse requires them', () => {
    expect(chat({ messages: history })).toEqual({
      messages: [
        { role: 'user', content: [{ text: 'hi' }] },
        { role: 'assistant', content: [{ toolUse: { toolUseId: 'c_1', name: 'weather', input: {} } }] },
        { role: 'user', content: [{ toolResult: { toolUseId: 'c_1', content: [{ text: 'sunny' }] } }] },
      ],
      toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } } } }] },
    });
  });

  test('have ids of at most 64 letters, the same for the call and its result', () => {
    const id = 'x'.repeat(100);
    const messages = history.map((message) => JSON.parse(JSON.stringify(message).replaceAll('c.1', id)) as JsonObject);
    const text = JSON.stringify(chat({ messages }).messages);
    const ids = [...text.matchAll(/"toolUseId":"([^"]*)"/g)].map(([, one]) => one);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test('that failed say so, and results stand apart for models that want that', () => {
    const content = [
      { type: 'text', text: 'and now?' },
      { type: 'tool_result', tool_use_id: 't1', content: '', is_error: true },
    ];
    const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }] };
    const asked = { messages: [...hi, use, { role: 'user', content }] };
    const result = { toolResult: { toolUseId: 't1', content: [{ text: '(no output)' }], status: 'error' } };
    expect((anthropic(asked).messages as unknown[]).at(-1)).toEqual({ role: 'user', content: [result, { text: 'and now?' }] });
    expect((anthropic(asked, LLAMA).messages as unknown[]).slice(-3)).toEqual([
      { role: 'user', content: [result] },
      { role: 'assistant', content: [{ text: '.' }] },
      { role: 'user', content: [{ text: 'and now?' }] },
    ]);
    const body = { ...asked, max_tokens: 9 };
    expect(dropped(body, 'us.writer.palmyra-x4-v1:0', 'anthropic-messages')).toContain('messages.is_error');
  });
});

describe('media', () => {
  const image = (url: string) => ({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] });

  test('are bytes', () => {
    expect(chat(image('data:image/png;base64,AA==')).messages).toEqual([
      { role: 'user', content: [{ image: { format: 'png', source: { bytes: 'AA==' } } }] },
    ]);
  });

  it.each<[string, InboundWire, JsonObject, string]>([
    ['an address', 'openai-chat', image('https://example.com/a.png'), 'messages[0].content[0]'],
    ['an address of a bucket', 'openai-chat', image('s3://bucket/a.png'), 'messages[0].content[0]'],
    ['an unknown format', 'openai-chat', image('data:image/tiff;base64,AA=='), 'messages[0].content[0]'],
    [
      'sound',
      'openai-chat',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }] }] },
      'messages[0].content[0]',
    ],
    [
      'a stored file',
      'openai-responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] },
      'input[0].content[0]',
    ],
  ])('that are %s are refused by their place', (_name, client, body, param) => {
    const ask = () => sentTo(client, WIRE, body, { upstreamModel: CLAUDE });
    try {
      ask();
      expect.unreachable();
    } catch (error) {
      // A stored file is refused before anything is translated.
      if (error instanceof Untranslatable) expect(error.param).toBe(param);
      else expect(String(error)).toContain('file');
    }
  });

  test('that are documents have names of their own, and words beside them', () => {
    const source = { type: 'base64', media_type: 'application/pdf', data: 'AA==' };
    const document = (title: string) => ({ type: 'document', source, title });
    const { messages } = anthropic({
      messages: [{ role: 'user', content: [document('a/b.pdf'), document('a/b.pdf'), document('–')] }],
    });
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { document: { format: 'pdf', name: 'a b pdf', source: { bytes: 'AA==' } } },
          { document: { format: 'pdf', name: 'a b pdf 2', source: { bytes: 'AA==' } } },
          { document: { format: 'pdf', name: 'document', source: { bytes: 'AA==' } } },
          { text: 'a b pdf' },
        ],
      },
    ]);
  });
});

describe('what only some models know', () => {
  const marked = (text: string, ttl?: string) => ({
    type: 'text',
    text,
    cache_control: { type: 'ephemeral', ...(ttl === undefined ? {} : { ttl }) },
  });

  test('a cache mark stands behind the block that it ends', () => {
    const asked = {
      system: [marked('s', '1h')],
      tools: [{ name: 'weather', input_schema: schema, cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: [marked('a'), { type: 'text', text: 'b' }] }],
    };
    const mark = { cachePoint: { type: 'default' } };
    expect(anthropic(asked)).toMatchObject({
      system: [{ text: 's' }, { cachePoint: { type: 'default', ttl: '1h' } }],
      toolConfig: { tools: [spec('weather'), mark] },
      messages: [{ role: 'user', content: [{ text: 'a' }, mark, { text: 'b' }] }],
    });
    expect(JSON.stringify(anthropic(asked, LLAMA))).not.toContain('cachePoint');
    expect(dropped({ ...asked, max_tokens: 9 }, LLAMA, 'anthropic-messages')).toEqual(['cache_control']);
  });

  test('of more than four marks the earliest are left out', () => {
    const asked = { messages: [{ role: 'user', content: ['a', 'b', 'c', 'd', 'e'].map((text) => marked(text)) }], max_tokens: 9 };
    const [{ content }] = anthropic(asked).messages as [{ content: JsonObject[] }];
    expect(content.map((block) => block.text ?? '|').join('')).toBe('ab|c|d|e|');
    expect(dropped(asked, CLAUDE, 'anthropic-messages')).toEqual(['cache_control']);
  });

  test('thinking returns to Claude alone', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 'sig' };
    const assistant = {
      role: 'assistant',
      content: [thinking, { type: 'redacted_thinking', data: 'sealed' }, { type: 'text', text: 'a' }],
    };
    const asked = { messages: [...hi, assistant, ...hi], max_tokens: 9 };
    expect((anthropic(asked).messages as unknown[])[1]).toEqual({
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
        { reasoningContent: { redactedContent: 'sealed' } },
        { text: 'a' },
      ],
    });
    expect(dropped(asked, NOVA, 'anthropic-messages')).toEqual(['messages.signature']);
  });

  test('an answer by a schema is one of the newer Claudes’ own', () => {
    const jsonSchema = { name: 'City', schema: JSON.stringify(schema) };
    const asked = chat({ response_format: format, tools: [tool] });
    expect(asked.outputConfig).toEqual({ textFormat: { type: 'json_schema', structure: { jsonSchema } } });
    expect(asked.toolConfig).toEqual({ tools: [spec('weather', { description: 'Tells it' })] });
  });

  it.each([OLD_CLAUDE, NOVA])('%s answers by a schema in the call of a tool', (model) => {
    const asked = chat({ response_format: format, tools: [tool], reasoning_effort: 'low' }, model);
    expect(asked.outputConfig).toBeUndefined();
    expect(asked.toolConfig).toMatchObject({
      tools: [{ toolSpec: { name: 'weather' } }, spec(JSON_TOOL)],
      toolChoice: { any: {} },
    });
    if (model === OLD_CLAUDE) expect(asked.additionalModelRequestFields).toBeUndefined();
    // A call that is wanted comes first.
    const called = chat({ response_format: format, tools: [tool], tool_choice: 'required' }, model);
    expect(JSON.stringify(called)).not.toContain(JSON_TOOL);
  });

  test('a tool of the client must not have the name of ours', () => {
    const own = { ...tool, function: { ...tool.function, name: JSON_TOOL } };
    expect(() => chat({ tools: [own] })).toThrow(Untranslatable);
  });

  test('others are asked for it in words, and that is said', () => {
    expect(JSON.stringify(chat({ response_format: format }, LLAMA).system)).toContain('JSON schema');
    expect(dropped({ response_format: format }, LLAMA)).toEqual(['response_format']);
    expect(chat({ response_format: { type: 'json_object' } }, LLAMA).system).toEqual([{ text: expect.stringContaining('JSON') }]);
  });
});

describe('an answer of Converse', () => {
  const answerOf = (content: JsonObject[], stopReason = 'end_turn', more: JsonObject = {}) => ({
    output: { message: { role: 'assistant', content } },
    stopReason,
    usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12 },
    ...more,
  });
  const whole = (answer: JsonObject, client: InboundWire = 'openai-chat') =>
    exchangeOf(client, WIRE, client === 'openai-chat' ? { messages: hi } : { messages: hi, max_tokens: 9 }).whole(
      Buffer.from(JSON.stringify(answer)),
    );
  const json = (answer: JsonObject, client: InboundWire = 'openai-chat') => JSON.parse(whole(answer, client).bytes.toString());
  const call = (name: string, input: JsonObject, more: JsonObject = {}) => ({
    toolUse: { toolUseId: 't1', name, input, ...more },
  });

  it.each([
    ['end_turn', 'stop', 'end_turn'],
    ['max_tokens', 'length', 'max_tokens'],
    ['model_context_window_exceeded', 'length', 'max_tokens'],
    ['stop_sequence', 'stop', 'stop_sequence'],
    ['content_filtered', 'content_filter', 'refusal'],
    ['guardrail_intervened', 'content_filter', 'refusal'],
    ['malformed_model_output', 'stop', 'end_turn'],
    ['constructor', 'stop', 'end_turn'],
  ])('that stopped with %s says %s or %s', (word, chatWord, messagesWord) => {
    expect(json(answerOf([{ text: 'a' }], word)).choices[0].finish_reason).toBe(chatWord);
    expect(json(answerOf([{ text: 'a' }], word), 'anthropic-messages').stop_reason).toBe(messagesWord);
  });

  test('counts the cache apart, and an hour of it apart from that', () => {
    const usage = {
      ...{ inputTokens: 5, outputTokens: 7, cacheReadInputTokens: 11, cacheWriteInputTokens: 13 },
      cacheDetails: [
        { ttl: '1h', inputTokens: 3 },
        { ttl: '5m', inputTokens: 10 },
      ],
    };
    const { facts } = whole(answerOf([{ text: 'a' }], 'end_turn', { usage, serviceTier: { type: 'flex' } }));
    expect(facts).toMatchObject({
      usage: { input: 5, output: 7, cached_input: 11, cache_write: 10, cache_write_1h: 3 },
      serviceTier: 'flex',
    });
    const wrong = { ...usage, cacheDetails: [{ ttl: '1h', inputTokens: 1.5 }] };
    expect(whole(answerOf([{ text: 'a' }], 'end_turn', { usage: wrong })).facts).toMatchObject({
      usage: null,
      usageImplausible: true,
    });
  });

  test('has thinking with its signature, hidden thinking, citations and the text at which it stopped', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
      { reasoningContent: { redactedContent: 'sealed' } },
      {
        citationsContent: {
          content: [{ text: 'It is so.' }],
          citations: [{ title: 'T', location: { web: { url: 'https://a.example' } }, sourceContent: [{ text: 'so' }] }],
        },
      },
    ];
    const own = { additionalModelResponseFields: { stop_sequence: 'END' } };
    expect(json(answerOf(content, 'stop_sequence', own), 'anthropic-messages')).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'sealed' },
        { type: 'text', text: 'It is so.' },
      ],
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    });
    expect(json(answerOf(content)).choices[0].message.annotations).toMatchObject([
      { url_citation: { url: 'https://a.example' } },
    ]);
  });

  test('leaves out the steps of tools that run at Amazon', () => {
    const steps = [call('nova_code_interpreter', { snippet: '1' }, { type: 'server_tool_use' }), { toolResult: {} }];
    expect(json(answerOf([...steps, { text: 'a' }])).choices[0].message).toMatchObject({ content: 'a' });
    expect(json(answerOf([...steps, { text: 'a' }])).choices[0].message).not.toHaveProperty('tool_calls');
  });

  const events = (...blocks: [JsonObject, string][]) =>
    eventsOf([
      ['messageStart', { role: 'assistant' }],
      ...blocks.flatMap(([start, input], contentBlockIndex): [string, JsonObject][] => [
        ['contentBlockStart', { contentBlockIndex, start }],
        [
          'contentBlockDelta',
          { contentBlockIndex, delta: start.toolUse === undefined ? { text: input } : { toolUse: { input } } },
        ],
        ['contentBlockStop', { contentBlockIndex }],
      ]),
      ['messageStop', { stopReason: 'tool_use' }],
      ['metadata', { usage: { inputTokens: 5, outputTokens: 7 } }],
    ]);
  const streamed = (bytes: Buffer) => run(exchangeOf('openai-chat', WIRE, { messages: hi, stream: true }).stream(), bytes);

  test('by a schema shows the call of our tool as text, which the client never sees as a call', () => {
    const { choices } = json(answerOf([{ text: 'Here:' }, call(JSON_TOOL, { city: 'Bonn' })], 'tool_use'));
    expect(choices[0]).toMatchObject({ message: { content: '{"city":"Bonn"}' }, finish_reason: 'stop' });
    const text = streamed(events([{ toolUse: { toolUseId: 't', name: JSON_TOOL } }, '{"city":"Bonn"}']));
    expect(text).toContain('{\\"city\\":\\"Bonn\\"}');
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).not.toMatch(/tool_calls|headgate_json/);
  });

  test('by a schema that calls another tool too is a call', () => {
    const both = [call(JSON_TOOL, { city: 'Bonn' }), call('weather', {})];
    expect(json(answerOf(both, 'tool_use')).choices[0].finish_reason).toBe('tool_calls');
    const blocks = both.map(({ toolUse }): [JsonObject, string] => [{ toolUse }, '{}']);
    expect(streamed(events(...blocks))).toContain('"finish_reason":"tool_calls"');
  });

  test('streams to its end with the report before or after the reason, or without one', () => {
    const all = events([{}, 'a'])
      .toString()
      .split(/(?<=\n\n)/);
    const [stop, metadata] = all.slice(-2) as [string, string];
    const before = all.slice(0, -2);
    const read = (...parts: string[]) => {
      const stream = exchangeOf('openai-chat', WIRE, { messages: hi, stream: true }).stream();
      const text = run(stream, Buffer.from(parts.join('')));
      return { text, facts: stream.facts() };
    };
    for (const parts of [
      [...before, stop, metadata],
      [...before, metadata, stop],
    ]) {
      const { text, facts } = read(...parts);
      expect(text).toContain('[DONE]');
      expect(facts).toMatchObject({ usage: { input: 5, output: 7 }, usageIsFinal: true, complete: true });
    }
    expect(read(...before, stop)).toMatchObject({
      text: expect.stringContaining('[DONE]'),
      facts: { usage: null, complete: true },
    });
    for (const parts of [before, [...before, metadata]])
      expect(read(...parts)).toMatchObject({ text: expect.not.stringContaining('[DONE]'), facts: { complete: false } });
  });
});
