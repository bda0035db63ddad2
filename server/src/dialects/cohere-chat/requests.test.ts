import { describe, expect, test } from 'vitest';
import { sentTo } from '../../../test/exchanges.ts';
import type { InboundWire, JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';

const PLAIN = 'command-a-03-2025';
const THINKS = 'command-a-reasoning-08-2025';
const sent = (
  body: JsonObject,
  { client = 'openai-chat' as InboundWire, model = PLAIN, outputCap = undefined as number | undefined } = {},
) => sentTo(client, 'cohere-chat', body, { upstreamModel: model, ...(outputCap !== undefined && { outputCap }) });
const hi = { role: 'user', content: 'hi' };
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (name: string, more: object = {}) => ({ type: 'function', function: { name, parameters, ...more } });

describe('a request for Cohere', () => {
  test('says the least: model, messages and whether it is a stream', () => {
    expect(sent({ messages: [hi] })).toEqual({ model: PLAIN, messages: [hi], stream: false });
    expect(sent({ messages: [hi], stream: true })).toMatchObject({ stream: true });
  });

  test('has Cohere’s names for sampling, caps and stop sequences', () => {
    const body = { messages: [hi], temperature: 0.4, top_p: 0.5, top_k: 7, seed: 3, stop: 'end', max_tokens: 9 };
    expect(sent({ ...body, frequency_penalty: 0.5 })).toEqual({
      ...{ model: PLAIN, messages: [hi], stream: false, max_tokens: 9, stop_sequences: ['end'] },
      ...{ temperature: 0.4, p: 0.5, k: 7, seed: 3, frequency_penalty: 0.5 },
    });
    expect(sent({ messages: [hi], max_tokens: 9 }, { outputCap: 5 })).toMatchObject({ max_tokens: 5 });
  });

  test('keeps sampling within Cohere’s bounds, and one of two penalties', () => {
    const body = { messages: [hi], top_p: 1, top_k: 9_000, presence_penalty: -1, frequency_penalty: 2 };
    expect(sent(body)).toMatchObject({ p: 0.99, k: 500, frequency_penalty: 1 });
    expect(sent(body)).not.toHaveProperty('presence_penalty');
    expect(sent({ messages: [hi], presence_penalty: 0.5, frequency_penalty: 0.5 })).not.toHaveProperty('presence_penalty');
    expect(sent({ messages: [hi], presence_penalty: 0.5, frequency_penalty: 0 })).toMatchObject({ presence_penalty: 0.5 });
  });

  test('has all instructions in the first message', () => {
    const messages = [{ role: 'system', content: 'a' }, hi, { role: 'developer', content: 'b' }, { role: 'user', content: 'ho' }];
    expect(sent({ messages }).messages).toEqual([{ role: 'system', content: 'a\n\nb' }, hi, { role: 'user', content: 'ho' }]);
  });

  test('has tools, and parameters for those that have none', () => {
    const tools = [tool('a', { description: 'A' }), { type: 'function', function: { name: 'b' } }];
    expect(sent({ messages: [hi], tools })).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'a', description: 'A', parameters } },
        { type: 'function', function: { name: 'b', parameters: { type: 'object', properties: {} } } },
      ],
    });
    expect(sent({ messages: [hi], tools })).not.toHaveProperty('tool_choice');
    expect(sent({ messages: [hi], tools: [tool('a', { strict: true })] })).toMatchObject({ strict_tools: true });
    expect(sent({ messages: [hi], tools: [tool('a', { strict: true }), tool('b')] })).not.toHaveProperty('strict_tools');
  });

  test.each<[unknown, string | undefined, string[]]>([
    ['auto', undefined, ['a', 'b']],
    ['none', 'NONE', ['a', 'b']],
    ['required', 'REQUIRED', ['a', 'b']],
    [{ type: 'function', function: { name: 'b' } }, 'REQUIRED', ['b']],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool('a')] } }, undefined, ['a']],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('a')] } }, 'REQUIRED', ['a']],
  ])('chooses among tools: %j', (choice, word, names) => {
    const request = sent({ messages: [hi], tools: [tool('a'), tool('b')], tool_choice: choice });
    expect(request.tool_choice).toBe(word);
    expect((request.tools as { function: { name: string } }[]).map((one) => one.function.name)).toEqual(names);
  });

  test('is refused if it chooses a tool that is not there', () => {
    const tool_choice = { type: 'function', function: { name: 'other' } };
    expect(() => sent({ messages: [hi], tools: [tool('a')], tool_choice })).toThrow(/tool_choice names no tool/);
    expect(sent({ messages: [hi], tool_choice: 'required' })).toEqual({ model: PLAIN, messages: [hi], stream: false });
  });

  test('leaves out a turn of the model that says nothing here', () => {
    const redacted = { type: 'redacted_thinking', data: 'x' };
    const messages = [hi, { role: 'assistant', content: [redacted] }, { role: 'user', content: 'and?' }];
    expect(sent({ messages, max_tokens: 9 }, { client: 'anthropic-messages' }).messages).toEqual([
      hi,
      { role: 'user', content: 'and?' },
    ]);
  });

  test('asks for JSON, by a schema if there is one', () => {
    expect(sent({ messages: [hi], response_format: { type: 'json_object' } })).toMatchObject({
      response_format: { type: 'json_object' },
    });
    const format = { type: 'json_schema', json_schema: { name: 'city', schema: parameters, strict: true } };
    expect(sent({ messages: [hi], response_format: format }).response_format).toEqual({
      type: 'json_object',
      json_schema: parameters,
    });
  });

  test('repeats calls with the plan before them, and the results', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'a', arguments: '{"city":"Rome"}' } };
    const messages = [
      hi,
      { role: 'assistant', content: 'Let me see.', reasoning_content: 'The weather tool.', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
    ];
    const result = { role: 'tool', tool_call_id: 'c1', content: 'sunny' };
    expect(sent({ messages, tools: [tool('a')] }).messages).toEqual([
      hi,
      { role: 'assistant', tool_plan: 'The weather tool.\n\nLet me see.', tool_calls: [call] },
      result,
    ]);
    const thought = [{ type: 'thinking', thinking: 'The weather tool.' }];
    expect(sent({ messages, tools: [tool('a')] }, { model: THINKS }).messages).toEqual([
      hi,
      { role: 'assistant', content: thought, tool_plan: 'Let me see.', tool_calls: [call] },
      result,
    ]);
  });

  test('repeats thinking to a model that thinks', () => {
    const messages = [hi, { role: 'assistant', content: 'ho', reasoning_content: 'hm' }, { role: 'user', content: 'and?' }];
    expect((sent({ messages }, { model: THINKS }).messages as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'ho' },
      ],
    });
    expect((sent({ messages }).messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: 'ho' });
  });

  test.each<[JsonObject, JsonObject | undefined]>([
    [{ reasoning_effort: 'high' }, { type: 'enabled' }],
    [{ reasoning_effort: 'low' }, { type: 'enabled', token_budget: 2048 }],
    [{ reasoning_effort: 'none' }, { type: 'disabled' }],
    [{ thinking: { type: 'enabled', budget_tokens: 700 } }, { type: 'enabled', token_budget: 700 }],
    [{}, undefined],
  ])('asks to think: %j', (asked, thinking) => {
    expect(sent({ messages: [hi], ...asked }, { model: THINKS }).thinking).toEqual(thinking);
    expect(sent({ messages: [hi], ...asked })).not.toHaveProperty('thinking');
  });

  test('has pictures, and text documents as text', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    const content = [
      { type: 'text', text: 'look' },
      { type: 'image', source },
      { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
    ];
    const messages = [{ role: 'user', content }];
    expect(sent({ messages, max_tokens: 9 }, { client: 'anthropic-messages' }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'text', text: 'T\n\nwords' },
        ],
      },
    ]);
  });

  test('has a picture of a result in the person’s next message', () => {
    const source = { type: 'url', url: 'https://example.com/a.png' };
    const messages = [
      hi,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'a', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source }] }] },
    ];
    expect((sent({ messages, max_tokens: 9 }, { client: 'anthropic-messages' }).messages as JsonObject[]).slice(2)).toEqual([
      { role: 'tool', tool_call_id: 't', content: 'The result is attached to the next message.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Result of the tool call t:' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        ],
      },
    ]);
  });

  test.each<[string, JsonObject]>([
    ['sound', { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }],
    ['a stored file', { type: 'file', file: { file_id: 'f' } }],
    ['a PDF', { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } }],
  ])('cannot hold %s', (_what, part) => {
    expect(() => sent({ messages: [{ role: 'user', content: [part] }] })).toThrow(Untranslatable);
  });
});
