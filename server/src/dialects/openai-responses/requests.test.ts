import { describe, expect, it } from 'vitest';
import { exchangeOf, sentTo } from '../../../test/exchanges.ts';
import type { JsonObject } from '../dialect.ts';

const toClaude = (body: JsonObject) =>
  sentTo('openai-responses', 'anthropic-messages', body, { upstreamModel: 'claude-sonnet-4-5' });
const toChat = (body: JsonObject) => sentTo('openai-responses', 'openai-chat', body, { upstreamModel: 'gpt-5-nano' });
const fn = (name: string, more: JsonObject = {}) => ({
  type: 'function',
  name,
  parameters: { type: 'object', properties: {} },
  ...more,
});

describe('a request of Codex', () => {
  const input = [
    { type: 'message', role: 'developer', id: 'msg_a', content: [{ type: 'input_text', text: 'You are a coding agent.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Run it.' }] },
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'I run it.' }], encrypted_content: 'gAAAA' },
    { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: '{"cmd":"ls"}' },
    { type: 'function_call', call_id: 'call_2', name: 'close_agent', namespace: 'agents', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'a.txt' },
    { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'closed' }] },
    { type: 'message', role: 'user', content: 'Thanks.' },
  ];
  const tools = [fn('exec_command', { strict: false }), { type: 'namespace', name: 'agents', tools: [fn('close_agent')] }];
  const body = {
    ...{
      input,
      tools,
      instructions: 'Be brief.',
      tool_choice: 'auto',
      parallel_tool_calls: true,
      reasoning: { summary: 'auto' },
    },
    ...{ include: ['reasoning.encrypted_content'], prompt_cache_key: 'k', client_metadata: { 'x-codex-turn-metadata': '{}' } },
    ...{ text: { verbosity: 'low' }, store: false, max_output_tokens: 500 },
  };

  it('becomes messages', () => {
    expect(toClaude(body)).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 500,
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'You are a coding agent.' },
      ],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Run it.' }] },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'call_1', name: 'exec_command', input: { cmd: 'ls' } },
            { type: 'tool_use', id: 'call_2', name: 'agents__close_agent', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'a.txt' }] },
            { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'closed' }] },
            { type: 'text', text: 'Thanks.' },
          ],
        },
      ],
      tools: [
        { name: 'exec_command', input_schema: { type: 'object', properties: {} } },
        { name: 'agents__close_agent', input_schema: { type: 'object', properties: {} } },
      ],
      tool_choice: { type: 'auto' },
    });
  });

  it('becomes a chat completion', () => {
    const sent = toChat(body);
    expect(sent.messages).toEqual([
      { role: 'system', content: 'Be brief.\n\nYou are a coding agent.' },
      { role: 'user', content: 'Run it.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'exec_command', arguments: '{"cmd":"ls"}' } },
          { id: 'call_2', type: 'function', function: { name: 'agents__close_agent', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a.txt' },
      { role: 'tool', tool_call_id: 'call_2', content: 'closed' },
      { role: 'user', content: 'Thanks.' },
    ]);
    expect(sent).toMatchObject({ parallel_tool_calls: true, tool_choice: 'auto', max_completion_tokens: 500, verbosity: 'low' });
    expect(JSON.stringify(sent)).not.toMatch(/store|client_metadata|prompt_cache_key|gAAAA/);
  });

  it('may add its tools in an item, and search them itself', () => {
    const sent = toClaude({
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] }],
        },
        { type: 'message', role: 'user', content: 'Go.' },
        { type: 'tool_search_call', execution: 'client', call_id: 'call_0', arguments: { query: 'mail' } },
        { type: 'tool_search_output', execution: 'client', call_id: 'call_0', tools: [fn('send_mail')] },
        { type: 'custom_tool_call', call_id: 'call_1', name: 'exec', namespace: 'functions', input: 'text("hi")' },
        { type: 'custom_tool_call_output', call_id: 'call_1', output: 'hi' },
      ],
      tools: [{ type: 'tool_search', execution: 'client', description: 'Finds tools', parameters: { type: 'object' } }],
    });
    expect((sent.tools as { name: string }[]).map(({ name }) => name)).toEqual(['tool_search', 'functions__exec', 'send_mail']);
    expect(sent.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'tool_use', name: 'tool_search', input: { query: 'mail' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_0', content: [{ text: '{"tools":["send_mail"]}' }] }] },
      { role: 'assistant', content: [{ type: 'tool_use', name: 'functions__exec', input: { input: 'text("hi")' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1' }] },
    ]);
  });
});

describe('a cache breakpoint in a Responses request', () => {
  const marked = (text: string) => ({ type: 'input_text', text, prompt_cache_breakpoint: { mode: 'explicit' } });
  const of = (...content: object[]) => ({ input: [{ type: 'message', role: 'user', content }] });
  const image = { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' };

  it('is a mark of text, images and files in other dialects', () => {
    const mark = { prompt_cache_breakpoint: { mode: 'explicit' } };
    expect(toClaude(of(marked('a'), { ...image, ...mark })).messages).toMatchObject([
      {
        content: [
          { text: 'a', cache_control: { type: 'ephemeral' } },
          { type: 'image', cache_control: { type: 'ephemeral' } },
        ],
      },
    ]);
    const sent = sentTo('openai-responses', 'openai-chat', of(marked('a')), { upstreamModel: 'gpt-5.6' });
    expect(sent.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'a', ...mark }] }]);
  });

  it('is named among the fields left out for a model that would refuse it', () => {
    const exchange = exchangeOf('openai-responses', 'openai-chat', of(marked('a')), { upstreamModel: 'gpt-5-nano' });
    expect(exchange.dropped).toEqual(['prompt_cache_breakpoint']);
    expect(exchange.upstreamBody.toString()).not.toContain('breakpoint');
  });

  it('is left out for Claude where there are more than four, the earliest first', () => {
    const body = of(...['a', 'b', 'c', 'd', 'e', 'f'].map(marked));
    const exchange = exchangeOf('openai-responses', 'anthropic-messages', body, { upstreamModel: 'claude-sonnet-4-5' });
    const { messages } = JSON.parse(exchange.upstreamBody.toString()) as { messages: { content: JsonObject[] }[] };
    const kept = messages[0]?.content.filter(({ cache_control: mark }) => mark !== undefined);
    expect(kept?.map(({ text }) => text)).toEqual(['c', 'd', 'e', 'f']);
    expect(exchange.dropped).toEqual(['prompt_cache_breakpoint']);
  });
});

describe('what a Responses request asks for', () => {
  it('is asked of other dialects in their words', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
    const body = {
      ...{ input: 'hi', reasoning: { effort: 'high' }, temperature: 0.5, user: 'u1', service_tier: 'default' },
      text: { format: { type: 'json_schema', name: 'n', schema, strict: true } },
      ...{ tools: [fn('f')], tool_choice: { type: 'function', name: 'f' }, parallel_tool_calls: false },
    };
    expect(toChat(body)).toMatchObject({
      ...{ messages: [{ role: 'user', content: 'hi' }], reasoning_effort: 'high', user: 'u1' },
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
      ...{ tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false, service_tier: 'default' },
    });
    expect(toClaude(body)).toMatchObject({
      ...{ output_config: { format: { type: 'json_schema', schema } }, metadata: { user_id: 'u1' } },
      tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    });
  });

  it('includes pictures and documents, as data or as a URL', () => {
    const content = [
      { type: 'input_image', image_url: 'data:image/png;base64,QUJD' },
      { type: 'input_image', image_url: 'https://example.com/a.png' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ];
    expect(toClaude({ input: [{ role: 'user', content }] }).messages).toMatchObject([
      {
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
          { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' } },
          { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
        ],
      },
    ]);
  });

  it('includes a choice among its tools', () => {
    const tools = [fn('a'), fn('b'), { type: 'custom', name: 'c' }];
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [
        { type: 'function', name: 'a' },
        { type: 'custom', name: 'c' },
      ],
    };
    expect(toClaude({ input: 'hi', tools, tool_choice })).toMatchObject({
      tools: [{ name: 'a' }, { name: 'c', input_schema: { properties: { input: { type: 'string' } } } }],
      tool_choice: { type: 'any' },
    });
    expect(toChat({ input: 'hi', tools, tool_choice: 'required' }).tool_choice).toBe('required');
  });

  it('has names of tools that every dialect accepts', () => {
    const long = 'a'.repeat(60);
    const names = (input: string) => {
      const tools = [{ type: 'namespace', name: 'server', tools: [fn(`${long}_1`), fn(`${long}_2`)] }];
      return (toClaude({ input, tools }).tools as { name: string }[]).map(({ name }) => name);
    };
    expect(names('a')).toEqual(names('b'));
    expect(new Set(names('a')).size).toBe(2);
    for (const name of names('a')) expect(name).toMatch(/^[a-z0-9_]{1,64}$/);
  });
});

describe('a request in another dialect for a server that speaks responses', () => {
  it('is asked for without leaving anything there', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
        ],
      },
      {
        role: 'assistant',
        content: 'I call.',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
    ];
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    const more = {
      tools,
      tool_choice: 'required',
      max_tokens: 9,
      reasoning_effort: 'low',
      response_format: { type: 'json_object' },
    };
    expect(sentTo('openai-chat', 'openai-responses', { messages, ...more, stream: true }, {})).toEqual({
      ...{ model: 'up', instructions: 'Be brief.', store: false, stream: true, max_output_tokens: 9, tool_choice: 'required' },
      input: [
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_image', image_url: 'data:image/png;base64,QUJD' },
          ],
        },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I call.' }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
        { type: 'function_call_output', call_id: 'c1', output: 'done' },
      ],
      tools: [{ type: 'function', name: 'f', description: null, parameters: { type: 'object' }, strict: false }],
      ...{ text: { format: { type: 'json_object' } }, reasoning: { effort: 'low' } },
    });
  });
});
