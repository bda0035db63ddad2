import { describe, expect, it } from 'vitest';
import { anthropicSse, exchangeOf, run, sentTo } from '../../test/exchanges.ts';
import { jsonEventsIn } from '../../test/support/event-stream.ts';
import type { JsonObject } from './dialect.ts';

const GRAMMAR = { syntax: 'lark', definition: 'start: "a"' };
const tools = [{ type: 'custom', custom: { name: 'sql', description: 'Runs it' } }];
const strict = [{ type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar: GRAMMAR } } }];
const HISTORY = [
  { role: 'user', content: 'hi' },
  { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'sql', input: 'select 1' } }] },
  { role: 'tool', tool_call_id: 'c1', content: '1' },
];
const INPUT = 'a "quote" and ä';

describe('a tool with free text of a chat client', () => {
  it('is one of OpenAI’s models too, with its grammar', () => {
    const sent = sentTo('openai-chat', 'openai-responses', { messages: HISTORY, tools: strict }, { upstreamModel: 'gpt-5' });
    expect(sent.tools).toEqual([{ type: 'custom', name: 'sql', format: { type: 'grammar', ...GRAMMAR } }]);
    expect((sent.input as JsonObject[])[1]).toEqual({ type: 'custom_tool_call', call_id: 'c1', name: 'sql', input: 'select 1' });
  });

  it('is a function for Claude, and its call comes back as what the client asked for', () => {
    const exchange = exchangeOf('openai-chat', 'anthropic-messages', { messages: HISTORY, tools });
    expect(JSON.parse(exchange.upstreamBody.toString())).toMatchObject({
      tools: [{ name: 'sql', description: 'Runs it', input_schema: { properties: { input: { type: 'string' } } } }],
      messages: [
        { role: 'user' },
        { content: [{ type: 'tool_use', name: 'sql', input: { input: 'select 1' } }] },
        { role: 'user' },
      ],
    });
    const content = [{ type: 'tool_use', id: 't1', name: 'sql', input: { input: INPUT } }];
    const answer = { id: 'm', type: 'message', role: 'assistant', content, stop_reason: 'tool_use', usage: {} };
    const { choices } = JSON.parse(exchange.whole(Buffer.from(JSON.stringify(answer))).bytes.toString());
    expect(choices[0].message.tool_calls).toEqual([{ id: 't1', type: 'custom', custom: { name: 'sql', input: INPUT } }]);
  });

  it('is called so in a stream, cut anywhere', () => {
    const exchange = exchangeOf('openai-chat', 'anthropic-messages', { messages: HISTORY, tools, stream: true });
    const json = JSON.stringify({ input: INPUT });
    const delta = (partial_json: string) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    });
    const sse = anthropicSse([
      { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't1', name: 'sql', input: {} } },
      ...[...json].map(delta),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    ]);
    for (const step of [1, 7, sse.length]) {
      const calls = jsonEventsIn(run(exchange.stream(), sse, step)).flatMap((chunk) => {
        const [choice] = chunk.choices as { delta: { tool_calls?: { custom?: { name?: string; input: string } }[] } }[];
        return choice?.delta.tool_calls ?? [];
      });
      expect(calls[0]).toEqual({ index: 0, id: 't1', type: 'custom', custom: { name: 'sql', input: '' } });
      expect(calls.map(({ custom }) => custom?.input).join('')).toBe(INPUT);
    }
  });
});

describe('what a model says when it refuses', () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const content = [{ type: 'refusal', refusal: 'No.' }];
  const response = { id: 'r', status: 'completed', output: [{ type: 'message', role: 'assistant', content }], usage: {} };

  it('is a refusal in chat, and text elsewhere', () => {
    const bytes = Buffer.from(JSON.stringify(response));
    const chat = exchangeOf('openai-chat', 'openai-responses', { messages }).whole(bytes).bytes;
    expect(JSON.parse(chat.toString()).choices[0].message).toMatchObject({ content: null, refusal: 'No.' });
    const message = exchangeOf('anthropic-messages', 'openai-responses', { messages, max_tokens: 9 }).whole(bytes).bytes;
    expect(JSON.parse(message.toString()).content).toEqual([{ type: 'text', text: 'No.' }]);
  });
});
