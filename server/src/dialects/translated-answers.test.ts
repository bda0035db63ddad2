import { describe, expect, it } from 'vitest';
import { anthropicSse, deltaOf, exchangeOf, run } from '../../test/exchanges.ts';
import { jsonEventsIn } from '../../test/support/event-stream.ts';
import type { JsonObject } from './dialect.ts';
import { UnreadableAnswer } from './dialect.ts';

const asChat = (more: JsonObject = { stream_options: { include_usage: true } }) =>
  exchangeOf('openai-chat', 'anthropic-messages', { messages: [{ role: 'user', content: 'hi' }], ...more });
const asMessages = () =>
  exchangeOf('anthropic-messages', 'openai-chat', { max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] });
const whole = (to: ReturnType<typeof exchangeOf>, answer: unknown) => {
  const { bytes, facts } = to.whole(Buffer.from(JSON.stringify(answer)));
  return { json: JSON.parse(bytes.toString()) as JsonObject, facts };
};

const message = (content: unknown[], more: JsonObject = {}) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
  ...more,
});
const completion = (answer: JsonObject, more: JsonObject = {}) => ({
  id: 'c1',
  choices: [{ index: 0, message: answer, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
  ...more,
});

describe('an Anthropic answer for an OpenAI client', () => {
  it('has every field of a chat completion, under the name of what answered', () => {
    const answer = message(
      [
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ],
      {
        usage: {
          input_tokens: 3,
          cache_read_input_tokens: 4,
          cache_creation_input_tokens: 5,
          output_tokens: 2,
          service_tier: 'standard',
        },
      },
    );
    const { json, facts } = whole(asChat(), answer);
    expect(json).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'up',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: 12,
        completion_tokens: 2,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
      service_tier: 'default',
    });
    expect(facts).toEqual({
      usage: { input: 3, cached_input: 4, cache_write: 5, output: 2 },
      usageImplausible: false,
      serviceTier: '',
      usageIsFinal: true,
      outputBytes: 5,
      finishReason: 'end_turn',
      finishes: 1,
      complete: true,
      error: null,
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'stop'],
    ['something_new', 'stop'],
  ])('ended by %s finishes with %s', (stop_reason, finish_reason) => {
    expect(whole(asChat(), message([], { stop_reason })).json).toMatchObject({ choices: [{ finish_reason }] });
  });

  it('says tool calls, thinking with its signature, and sources on the web', () => {
    const citation = {
      type: 'web_search_result_location',
      url: 'https://a.test',
      title: 'A',
      cited_text: 'x',
      encrypted_index: 'e',
    };
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'text', text: 'So ' },
      { type: 'text', text: 'it is', citations: [citation, { type: 'char_location', start_char_index: 1 }] },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'block_of_tomorrow' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ];
    expect(whole(asChat(), message(content)).json).toMatchObject({
      choices: [
        {
          message: {
            content: 'So it is',
            reasoning_content: 'hm',
            thinking_blocks: [content[0], content[1]],
            annotations: [
              { type: 'url_citation', url_citation: { url: 'https://a.test', title: 'A', start_index: 3, end_index: 8 } },
            ],
            tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
        },
      ],
    });
  });

  it.each(['', '<html>', '{"type":"error","error":{"type":"api_error","message":"no"}}', '[]', '{"content":'])(
    'is unreadable when it is %j',
    (body) => {
      expect(() => asChat().whole(Buffer.from(body))).toThrow(UnreadableAnswer);
    },
  );
});

describe('an OpenAI answer for an Anthropic client', () => {
  it('has every field of a message, usage in disjoint parts', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 8,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 5 },
    };
    const { json, facts } = whole(asMessages(), completion({ content: 'Hello' }, { usage }));
    expect(json).toEqual({
      id: 'c1',
      type: 'message',
      role: 'assistant',
      model: 'up',
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 6,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 4,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 8,
        output_tokens_details: { thinking_tokens: 5 },
        service_tier: 'standard',
      },
    });
    expect(facts).toMatchObject({ usage: { input: 6, cached_input: 4, output: 3, reasoning: 5 }, finishReason: 'stop' });
  });

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['tool_calls', 'tool_use'],
    ['function_call', 'tool_use'],
    ['content_filter', 'refusal'],
    ['model_length', 'max_tokens'],
  ])('finished with %s is ended by %s', (finish_reason, stop_reason) => {
    const answer = { id: 'c', choices: [{ message: { content: 'x' }, finish_reason }] };
    expect(whole(asMessages(), answer).json).toMatchObject({ stop_reason });
  });

  it('calls tools even where a server says `stop`, and names calls that have no id', () => {
    const tool_calls = [{ function: { name: 'f', arguments: '{"a":1}' } }, { function: { name: 'g', arguments: '' } }];
    expect(whole(asMessages(), completion({ content: null, tool_calls })).json).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'tool_use', id: 'call_c1_0', name: 'f', input: { a: 1 } },
        { type: 'tool_use', id: 'call_c1_1', name: 'g', input: {} },
      ],
    });
  });

  it('says reasoning, refusals and sources on the web', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'https://a.test', title: 'A', start_index: 0, end_index: 2 } },
    ];
    expect(whole(asMessages(), completion({ content: 'So it is', reasoning_content: 'hm', annotations })).json).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        {
          type: 'text',
          text: 'So it is',
          citations: [
            { type: 'web_search_result_location', url: 'https://a.test', title: 'A', cited_text: 'So', encrypted_index: '' },
          ],
        },
      ],
    });
    expect(whole(asMessages(), completion({ content: null, refusal: 'no' })).json).toMatchObject({ content: [{ text: 'no' }] });
  });

  it('is unreadable without a choice', () => {
    expect(() => whole(asMessages(), { error: { message: 'quota' } })).toThrow('quota');
    expect(() => whole(asMessages(), { choices: [] })).toThrow(UnreadableAnswer);
  });
});

describe('thinking through the other dialect', () => {
  it('comes back to Anthropic exactly as it was, signature and redacted parts included', () => {
    const thinking = [
      { type: 'thinking', thinking: 'first', signature: 'sig-1' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'thinking', thinking: '', signature: 'sig-2' },
    ];
    const answered = whole(asChat(), message([...thinking, { type: 'text', text: 'yes' }])).json as {
      choices: { message: JsonObject }[];
    };
    const messages = [{ role: 'user', content: 'hi' }, answered.choices[0]?.message, { role: 'user', content: 'go on' }];
    const sent = JSON.parse(exchangeOf('openai-chat', 'anthropic-messages', { messages }).upstreamBody.toString());
    expect(sent.messages[1].content).toEqual([...thinking, { type: 'text', text: 'yes' }]);
  });

  it('comes back from a stream too', () => {
    const events = [
      { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'fir' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'st' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig-1' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'xyz' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ];
    const chunks = jsonEventsIn(run(asChat().stream(), anthropicSse(events)));
    const blocks = chunks.flatMap((chunk) => deltaOf(chunk).thinking_blocks ?? []);
    expect(blocks).toEqual([
      { type: 'thinking', thinking: 'first', signature: 'sig-1' },
      { type: 'redacted_thinking', data: 'xyz' },
    ]);
    expect(chunks.map((chunk) => deltaOf(chunk).reasoning_content ?? '').join('')).toBe('first');
  });
});
