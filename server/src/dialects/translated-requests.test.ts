import { describe, expect, it } from 'vitest';
import type { JsonObject, Wire } from './dialect.ts';
import { Untranslatable } from './dialect.ts';
import { openExchange, readFacts } from './exchange.ts';

interface Options {
  readonly model?: string;
  readonly outputCap?: number;
  readonly maxOutputTokens?: number;
}

function translate(
  client: Wire,
  upstream: Wire,
  body: JsonObject,
  { model = 'up', outputCap, maxOutputTokens }: Options = {},
): JsonObject {
  const reading = readFacts(client, { model: 'called', ...body });
  if (!reading.ok) throw new Error(reading.problem.message);
  const { facts } = reading;
  const { upstreamBody } = openExchange({
    client,
    upstream,
    body: { model: 'called', ...body },
    facts,
    upstreamModel: model,
    calledModel: 'called',
    outputCap: outputCap ?? null,
    maxOutputTokens: maxOutputTokens ?? null,
  });
  return JSON.parse(upstreamBody.toString());
}
const toMessages = (body: JsonObject, options: Options = { model: 'claude-sonnet-4-5' }) =>
  translate('openai-chat', 'anthropic-messages', body, { model: 'claude-sonnet-4-5', ...options });
const toChat = (body: JsonObject, options: Options = {}) =>
  translate('anthropic-messages', 'openai-chat', { max_tokens: 100, ...body }, { model: 'gpt-5-nano', ...options });

const hi = [{ role: 'user', content: 'hi' }];
const weather = {
  type: 'function',
  function: { name: 'weather', description: 'w', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const weatherTool = { name: 'weather', description: 'w', input_schema: weather.function.parameters };

describe('an OpenAI request for an Anthropic model', () => {
  it('says system and developer messages as the system prompt, wherever they stand', () => {
    const one = toMessages({ messages: [{ role: 'developer', content: 'be brief' }, ...hi] });
    expect(one).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 4096,
      system: 'be brief',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    });
    const two = toMessages({ messages: [{ role: 'system', content: 'a' }, ...hi, { role: 'system', content: 'b' }] });
    expect(two.system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
  });

  it('always states a cap: the clamp, else the caller’s, else the model’s, else 4,096', () => {
    expect(toMessages({ messages: hi, max_tokens: 7 }, { outputCap: 5 }).max_tokens).toBe(5);
    expect(toMessages({ messages: hi, max_completion_tokens: 7 }, { maxOutputTokens: 9 }).max_tokens).toBe(7);
    expect(toMessages({ messages: hi }, { maxOutputTokens: 9 }).max_tokens).toBe(9);
    expect(toMessages({ messages: hi }).max_tokens).toBe(4096);
  });

  it('says images, files and cache marks', () => {
    const content = [
      { type: 'text', text: 'look', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.test/a.png' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
      { type: 'file', file: { file_data: `data:text/plain;base64,${Buffer.from('plain').toString('base64')}` } },
      { type: 'file', file: { file_id: 'file_1' }, prompt_cache_breakpoint: { mode: 'explicit' } },
    ];
    expect(toMessages({ messages: [{ role: 'user', content }] }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look', cache_control: { type: 'ephemeral', ttl: '1h' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' }, title: 'a.pdf' },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
          { type: 'document', source: { type: 'file', file_id: 'file_1' }, cache_control: { type: 'ephemeral' } },
        ],
      },
    ]);
  });

  it('says tools, the choice among them and whether several may be called at once', () => {
    expect(toMessages({ messages: hi, tools: [weather] })).toMatchObject({ tools: [weatherTool] });
    const choices: [unknown, boolean | undefined, unknown][] = [
      [undefined, undefined, undefined],
      [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
      ['auto', true, { type: 'auto' }],
      ['none', false, { type: 'none' }],
      ['required', false, { type: 'any', disable_parallel_tool_use: true }],
      [{ type: 'function', function: { name: 'weather' } }, undefined, { type: 'tool', name: 'weather' }],
    ];
    for (const [tool_choice, parallel_tool_calls, expected] of choices) {
      expect(toMessages({ messages: hi, tools: [weather], tool_choice, parallel_tool_calls }).tool_choice).toEqual(expected);
    }
  });

  it('offers only the allowed tools, and gives a tool without parameters an empty schema', () => {
    const tools = [weather, { type: 'function', function: { name: 'now' } }];
    const tool_choice = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'now' } }] },
    };
    expect(toMessages({ messages: hi, tools, tool_choice })).toMatchObject({
      tools: [{ name: 'now', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'any' },
    });
  });

  it('puts all results of one turn of calls into the one message that must follow it', () => {
    const messages = [
      ...hi,
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'functions.a:0', type: 'function', function: { name: 'a', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'b', arguments: '' } },
          { id: 'c', type: 'function', function: { name: 'c', arguments: '{broken' } },
        ],
      },
      { role: 'tool', tool_call_id: 'functions.a:0', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'B' }] },
      { role: 'tool', tool_call_id: 'c', content: '' },
      { role: 'user', content: 'and now?' },
    ];
    expect(toMessages({ messages }).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'functions_a_0', name: 'a', input: { x: 1 } },
          { type: 'tool_use', id: 'b', name: 'b', input: {} },
          { type: 'tool_use', id: 'c', name: 'c', input: { arguments: '{broken' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'functions_a_0', content: [{ type: 'text', text: 'A' }] },
          { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'B' }] },
          { type: 'tool_result', tool_use_id: 'c', content: [] },
          { type: 'text', text: 'and now?' },
        ],
      },
    ]);
  });

  it('gives signed thinking back as it was, and leaves out what nobody signed', () => {
    const thinking_blocks = [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'xyz' },
    ];
    const messages = [...hi, { role: 'assistant', content: 'yes', reasoning_content: 'hm', thinking_blocks }, ...hi];
    expect((toMessages({ messages }).messages as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [...thinking_blocks, { type: 'text', text: 'yes' }],
    });
    const unsigned = [...hi, { role: 'assistant', content: 'yes', reasoning_content: 'hm' }, ...hi];
    expect((toMessages({ messages: unsigned }).messages as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'yes' }],
    });
    const routed = [
      ...hi,
      { role: 'assistant', content: 'yes', reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's' }] },
      ...hi,
    ];
    expect((toMessages({ messages: routed }).messages as JsonObject[])[1]).toMatchObject({
      content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, {}],
    });
  });

  it('says reasoning effort as each model takes it', () => {
    const old = toMessages({ messages: hi, reasoning_effort: 'high', temperature: 0.2, top_p: 0.5, max_tokens: 10_000 });
    expect(old).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 8000 } });
    expect(old).not.toHaveProperty('temperature');
    expect(old).not.toHaveProperty('top_p');
    const adaptive = { model: 'claude-opus-4-6' };
    expect(toMessages({ messages: hi, reasoning_effort: 'xhigh' }, adaptive)).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
    expect(toMessages({ messages: hi, reasoning_effort: 'xhigh' }, { model: 'claude-opus-5' })).toMatchObject({
      output_config: { effort: 'xhigh' },
    });
    expect(toMessages({ messages: hi, reasoning_effort: 'minimal' }, adaptive)).toMatchObject({
      output_config: { effort: 'low' },
    });
    expect(toMessages({ messages: hi, reasoning_effort: 'none' }, adaptive)).toMatchObject({ thinking: { type: 'disabled' } });
    expect(toMessages({ messages: hi, reasoning_effort: 'none' })).not.toHaveProperty('thinking');
    expect(toMessages({ messages: hi, thinking: { type: 'enabled', budget_tokens: 2000 } })).toMatchObject({
      thinking: { budget_tokens: 2000 },
    });
  });

  it('does without thinking where this dialect refuses it', () => {
    expect(toMessages({ messages: hi, reasoning_effort: 'low', max_tokens: 1024 })).not.toHaveProperty('thinking');
    expect(toMessages({ messages: hi, reasoning_effort: 'low', tools: [weather], tool_choice: 'required' })).not.toHaveProperty(
      'thinking',
    );
    const messages = [
      ...hi,
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ];
    expect(toMessages({ messages, reasoning_effort: 'low', tools: [weather] })).not.toHaveProperty('thinking');
  });

  it('says sampling, stops, schema, user and tier', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const body = {
      messages: hi,
      temperature: 1.7,
      top_p: 1,
      stop: 'END',
      user: 'u',
      service_tier: 'default',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    };
    expect(toMessages(body)).toMatchObject({
      temperature: 1,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(toMessages(body)).not.toHaveProperty('top_p');
    expect(toMessages({ messages: hi, response_format: { type: 'json_object' } }).system).toMatch(/JSON/);
  });

  it.each<[JsonObject, string]>([
    [{ messages: hi, n: 2 }, 'n'],
    [{ messages: hi, modalities: ['text', 'audio'] }, 'modalities'],
    [{ messages: hi, functions: [{ name: 'a' }] }, 'functions'],
    [{ messages: hi, tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0]'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'A' } }] }] },
      'messages[0].content[0].type',
    ],
    [{ messages: [{ role: 'wizard', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages[0].content[0].image_url'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] }, 'messages'],
  ])('refuses what this dialect has no word for: %j', (body, param) => {
    expect(() => toMessages(body)).toThrow(expect.objectContaining({ constructor: Untranslatable, param }));
  });
});

describe('an Anthropic request for an OpenAI model', () => {
  it('says the system prompt first and content as parts', () => {
    expect(toChat({ system: 'be brief', messages: hi, stream: true })).toEqual({
      model: 'gpt-5-nano',
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      ],
      max_completion_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('puts tool results right after their calls, and what was attached to them into the next user message', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    const messages = [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'let me see' },
          { type: 'tool_use', id: 'a', name: 'shot', input: { x: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'go on' },
          { type: 'tool_result', tool_use_id: 'a', content: [image] },
        ],
      },
    ];
    expect(toChat({ messages }).messages).toEqual([
      {
        role: 'assistant',
        content: 'let me see',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'shot', arguments: '{"x":1}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'The result is attached to the next message.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Result of the tool call a:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'text', text: 'go on' },
        ],
      },
    ]);
  });

  it('says documents as files, text documents and search results as text', () => {
    const content = [
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' } },
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'inner' }] } },
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
      { type: 'search_result', title: 'T', source: 'https://s.test', content: [{ type: 'text', text: 'found' }] },
    ];
    expect(toChat({ messages: [{ role: 'user', content }] }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
          { type: 'text', text: 'Notes\n\nplain' },
          { type: 'text', text: 'inner' },
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'text', text: 'T\nhttps://s.test\nfound' },
        ],
      },
    ]);
  });

  it('says tools, the choice among them and whether several may be called at once', () => {
    const tools = [weatherTool];
    expect(toChat({ messages: hi, tools }).tools).toEqual([weather]);
    const choices: [JsonObject, unknown, unknown][] = [
      [{ type: 'auto', disable_parallel_tool_use: true }, 'auto', false],
      [{ type: 'any' }, 'required', undefined],
      [{ type: 'none' }, 'none', undefined],
      [
        { type: 'tool', name: 'weather', disable_parallel_tool_use: false },
        { type: 'function', function: { name: 'weather' } },
        true,
      ],
    ];
    for (const [tool_choice, expected, parallel] of choices) {
      const said = toChat({ messages: hi, tools, tool_choice });
      expect([said.tool_choice, said.parallel_tool_calls]).toEqual([expected, parallel]);
    }
  });

  it('says schema output, strict where the schema allows it', () => {
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
    const open = { ...closed, required: [] };
    const format = (schema: JsonObject) =>
      toChat({ messages: hi, output_config: { format: { type: 'json_schema', schema } } }).response_format;
    expect(format(closed)).toEqual({
      type: 'json_schema',
      json_schema: { name: 'structured_output', schema: closed, strict: true },
    });
    expect(format(open)).toEqual({ type: 'json_schema', json_schema: { name: 'structured_output', schema: open } });
    expect(toChat({ messages: hi, output_format: { type: 'json_schema', schema: open } })).toHaveProperty('response_format');
  });

  it('says thinking as reasoning effort to models that reason, and to no other', () => {
    const effort = (thinking: JsonObject, model = 'gpt-5', output_config?: JsonObject) =>
      toChat({ messages: hi, thinking, output_config }, { model }).reasoning_effort;
    expect(effort({ type: 'enabled', budget_tokens: 1024 })).toBe('low');
    expect(effort({ type: 'enabled', budget_tokens: 5000 })).toBe('medium');
    expect(effort({ type: 'enabled', budget_tokens: 30_000 })).toBe('high');
    expect(effort({ type: 'adaptive' }, 'o3', { effort: 'max' })).toBe('high');
    expect(effort({ type: 'adaptive' }, 'gpt-5.2', { effort: 'max' })).toBe('xhigh');
    expect(effort({ type: 'disabled' }, 'gpt-5.1')).toBe('none');
    expect(effort({ type: 'disabled' })).toBeUndefined();
    expect(effort({ type: 'enabled', budget_tokens: 1024 }, 'gpt-4.1')).toBeUndefined();
  });

  it('gives earlier thinking back to servers that want it, and to no other', () => {
    const messages = [
      ...hi,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'text', text: 'yes' },
        ],
      },
      ...hi,
    ];
    const assistant = (model: string) => (toChat({ messages }, { model }).messages as JsonObject[])[1];
    expect(assistant('gpt-5')).toEqual({ role: 'assistant', content: 'yes' });
    expect(assistant('deepseek-reasoner')).toMatchObject({ reasoning_content: 'hm' });
    expect(assistant('anthropic/claude-opus-4-6')).toMatchObject({
      thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'sig' }],
    });
  });

  it('marks cached prefixes for the models that know explicit marks', () => {
    const system = [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }];
    const first = (model: string) => (toChat({ system, messages: hi }, { model }).messages as JsonObject[])[0]?.content;
    expect(first('gpt-5.6-terra')).toEqual([{ type: 'text', text: 'long', prompt_cache_breakpoint: { mode: 'explicit' } }]);
    expect(first('gpt-5')).toEqual([{ type: 'text', text: 'long' }]);
  });

  it('says sampling, stops and user; a long user name keeps its identity in 64 characters', () => {
    const said = toChat({
      messages: hi,
      temperature: 0.7,
      top_p: 0.8,
      top_k: 50,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'auto',
    });
    expect(said).toMatchObject({ temperature: 0.7, top_p: 0.8, stop: ['END'], user: 'u', service_tier: 'auto' });
    expect(said).not.toHaveProperty('top_k');
    const long = toChat({ messages: hi, metadata: { user_id: 'x'.repeat(200) } }).user as string;
    expect(long).toMatch(/^[0-9a-f]{64}$/);
    expect(toChat({ messages: hi, metadata: { user_id: 'x'.repeat(200) } }).user).toBe(long);
  });

  it('leaves out what the provider’s own tools did earlier', () => {
    const messages = [
      ...hi,
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
          { type: 'text', text: 'found' },
        ],
      },
      ...hi,
    ];
    expect((toChat({ messages }).messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: 'found' });
  });

  it.each<[JsonObject, string]>([
    [{ messages: hi, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] }, 'messages'],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://x.test' } }] }] },
      'messages',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] }, 'messages[0].content[0].source'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ system: 5, messages: hi }, 'system'],
  ])('refuses what this dialect has no word for: %j', (body, param) => {
    expect(() => toChat(body)).toThrow(expect.objectContaining({ constructor: Untranslatable, param }));
  });
});
