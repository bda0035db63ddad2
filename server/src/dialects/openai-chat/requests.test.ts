import { describe, expect, it } from 'vitest';
import { type ExchangeNames, sentTo } from '../../../test/exchanges.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';

const toMessages = (body: JsonObject, names: ExchangeNames = {}) =>
  sentTo('openai-chat', 'anthropic-messages', body, { upstreamModel: 'claude-sonnet-4-5', ...names });

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
    const adaptive = { upstreamModel: 'claude-opus-4-6' };
    expect(toMessages({ messages: hi, reasoning_effort: 'xhigh' }, adaptive)).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
    expect(toMessages({ messages: hi, reasoning_effort: 'xhigh' }, { upstreamModel: 'claude-opus-5' })).toMatchObject({
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
    [{ messages: hi, tools: [{ type: 'other', custom: { name: 'x' } }] }, 'tools[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'A' } }] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'wizard', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages[0].content[0].image_url'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
      'messages[0].content[0]',
    ],
  ])('refuses what this dialect has no word for: %j', (body, param) => {
    expect(() => toMessages(body)).toThrow(expect.objectContaining({ constructor: Untranslatable, param }));
  });
});
