import { describe, expect, it } from 'vitest';
import { type ExchangeNames, sentTo } from '../../../test/exchanges.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';

const toChat = (body: JsonObject, names: ExchangeNames = {}) =>
  sentTo('anthropic-messages', 'openai-chat', { max_tokens: 100, ...body }, { upstreamModel: 'gpt-5-nano', ...names });

const hi = [{ role: 'user', content: 'hi' }];
const weather = {
  type: 'function',
  function: { name: 'weather', description: 'w', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const weatherTool = { name: 'weather', description: 'w', input_schema: weather.function.parameters };

describe('an Anthropic request for an OpenAI model', () => {
  // Some compatible servers accept content only as a string.
  it('says the system prompt first, and text alone as a string', () => {
    expect(toChat({ system: 'be brief', messages: hi, stream: true })).toEqual({
      model: 'gpt-5-nano',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'hi' },
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
      { role: 'tool', tool_call_id: 'a', content: 'The result is attached to the next message.' },
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
      toChat({ messages: hi, thinking, output_config }, { upstreamModel: model }).reasoning_effort;
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
    const assistant = (model: string) => (toChat({ messages }, { upstreamModel: model }).messages as JsonObject[])[1];
    expect(assistant('gpt-5')).toEqual({ role: 'assistant', content: 'yes' });
    expect(assistant('deepseek-reasoner')).toMatchObject({ reasoning_content: 'hm' });
    expect(assistant('anthropic/claude-opus-4-6')).toMatchObject({
      thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'sig' }],
    });
  });

  it('marks cached prefixes for the models that know explicit marks', () => {
    const system = [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }];
    const first = (model: string) =>
      (toChat({ system, messages: hi }, { upstreamModel: model }).messages as JsonObject[])[0]?.content;
    expect(first('gpt-5.6-terra')).toEqual([{ type: 'text', text: 'long', prompt_cache_breakpoint: { mode: 'explicit' } }]);
    expect(first('gpt-5')).toBe('long');
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

  it('keeps several texts of one message apart, and those of the model together', () => {
    const two = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    const messages = [{ role: 'user', content: two }, { role: 'assistant', content: two }, ...hi];
    expect(toChat({ messages }).messages).toEqual([
      { role: 'user', content: 'a\n\nb' },
      { role: 'assistant', content: 'ab' },
      { role: 'user', content: 'hi' },
    ]);
  });

  it('leaves out the block of Claude Code’s instructions that differs with each request', () => {
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2; cch=1a2b;' },
      { type: 'text', text: 'be brief' },
    ];
    expect((toChat({ system, messages: hi }).messages as JsonObject[])[0]).toEqual({ role: 'system', content: 'be brief' });
  });

  it('keeps the summary of a compacted conversation', () => {
    const messages = [{ role: 'assistant', content: [{ type: 'compaction', content: 'They said hi.' }] }, ...hi];
    expect((toChat({ messages }).messages as JsonObject[])[0]).toEqual({ role: 'assistant', content: 'They said hi.' });
  });

  it('states the output cap in the field that the server knows', () => {
    expect(toChat({ messages: hi }, { capField: 'max_tokens' })).toMatchObject({ max_tokens: 100 });
    expect(toChat({ messages: hi }, { capField: 'max_tokens' })).not.toHaveProperty('max_completion_tokens');
  });

  it.each<[JsonObject, string]>([
    [{ messages: hi, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] }, 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      'messages[0].content[0]',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://x.test' } }] }] },
      'messages[0].content[0]',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] }, 'messages[0].content[0].source'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ system: 5, messages: hi }, 'system'],
  ])('refuses what this dialect has no word for: %j', (body, param) => {
    expect(() => toChat(body)).toThrow(expect.objectContaining({ constructor: Untranslatable, param }));
  });
});
