import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../test/answer-meaning.ts';
import { parseEvents } from '../lib/sse.ts';
import type { AnswerStream, JsonObject, Wire } from './dialect.ts';
import { UnreadableAnswer } from './dialect.ts';
import { openExchange, readFacts } from './exchange.ts';

function exchange(client: Wire, upstream: Wire, more: JsonObject = {}) {
  const body = { model: 'called', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...more };
  const reading = readFacts(client, body);
  if (!reading.ok) throw new Error(reading.problem.message);
  const { facts } = reading;
  const names = {
    upstreamModel: 'up',
    calledModel: 'called',
    outputCap: null,
    maxOutputTokens: null,
    createdAtMs: 1_700_000_000_999,
  };
  return openExchange({ client, upstream, body, facts, ...names });
}
const asChat = (more: JsonObject = { stream_options: { include_usage: true } }) =>
  exchange('openai-chat', 'anthropic-messages', more);
const asMessages = () => exchange('anthropic-messages', 'openai-chat');
const whole = (to: ReturnType<typeof asChat>, answer: unknown) => {
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
  it('has every field of a chat completion, under the name the caller used', () => {
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
      model: 'called',
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
      usageIsFinal: true,
      outputBytes: 5,
      finishReason: 'end_turn',
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
      model: 'called',
      content: [{ type: 'text', text: 'Hello', citations: null }],
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
    const sent = JSON.parse(exchange('openai-chat', 'anthropic-messages', { messages }).upstreamBody.toString());
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
    const chunks = data(run(asChat().stream(), anthropicSse(events)));
    const blocks = chunks.flatMap((chunk) => deltaOf(chunk).thinking_blocks ?? []);
    expect(blocks).toEqual([
      { type: 'thinking', thinking: 'first', signature: 'sig-1' },
      { type: 'redacted_thinking', data: 'xyz' },
    ]);
    expect(chunks.map((chunk) => deltaOf(chunk).reasoning_content ?? '').join('')).toBe('first');
  });
});

describe('a streamed Anthropic answer for an OpenAI client', () => {
  const events = [
    { type: 'message_start', message: { id: 'm', usage: { input_tokens: 5, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'h€llo' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ];

  it('begins with the role, ends with the reason, usage for who asked, and [DONE]', () => {
    const text = run(asChat().stream(), anthropicSse(events));
    const chunks = data(text);
    expect(chunks[0]).toEqual({
      id: 'm',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'called',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      usage: null,
    });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'tool_calls' }], usage: null });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(meaningOf('chat', true, Buffer.from(text))).toMatchObject({ text: 'h€llo', tools: [['f', {}]] });
    const silent = data(run(asChat({}).stream(), anthropicSse(events)));
    expect(silent.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  it('reads facts as it goes: the opening usage is not the last word', () => {
    const stream = asChat().stream();
    stream.push(anthropicSse(events.slice(0, 4)));
    expect(stream.facts()).toEqual({
      usage: { input: 5, output: 1 },
      usageIsFinal: false,
      outputBytes: 7,
      finishReason: null,
      complete: false,
      error: null,
    });
  });

  it.each([{ clean: true as const }, { clean: false as const, message: 'connection reset' }])(
    'tells a client that it broke off, without [DONE]: %j',
    (how) => {
      const stream = asChat().stream();
      stream.push(anthropicSse(events.slice(0, 4)));
      stream.push(Buffer.from('event: content_block_delta\ndata: {"type":"content_bl'));
      const end = stream.end(how).toString();
      expect(end).toMatch(/^data: \{"error":\{/);
      expect(end).not.toContain('[DONE]');
      expect(stream.facts()).toMatchObject({ complete: false, error: expect.any(String) });
    },
  );

  it('passes an error on in the client’s dialect, once, and nothing after it', () => {
    const stream = asChat().stream();
    const text = run(
      stream,
      anthropicSse([
        ...events.slice(0, 4),
        { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
        ...events.slice(4),
      ]),
    );
    expect(data(text).at(-1)).toEqual({
      error: { message: 'Overloaded', type: 'api_error', param: null, code: 'provider_error' },
    });
    expect(text.match(/"error"/g)).toHaveLength(1);
    expect(text).not.toContain('[DONE]');
    expect(stream.facts()).toMatchObject({ complete: false, error: 'Overloaded' });
  });

  it('goes on where an answer that was begun again repeats itself, and fails where it differs', () => {
    const begun = events.slice(0, 4);
    const again = run(
      asChat().stream(),
      anthropicSse([
        ...begun,
        ...events.slice(0, 3),
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'h€llo there' } },
        ...events.slice(4),
      ]),
    );
    expect(meaningOf('chat', true, Buffer.from(again)).text).toBe('h€llo there');
    const different = run(
      asChat().stream(),
      anthropicSse([
        ...begun,
        ...events.slice(0, 3),
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'something else' } },
        ...events.slice(4),
      ]),
    );
    expect(different).toContain('"error"');
    expect(different).not.toContain('[DONE]');
  });
});

describe('a streamed OpenAI answer for an Anthropic client', () => {
  const chunk = (delta: JsonObject, finish_reason: string | null = null) => ({
    id: 'c',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const call = (index: number, more: JsonObject) => chunk({ tool_calls: [{ index, ...more }] });
  const usage = { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 9 } };

  it('tells blocks one after another, each begun and ended, then the reason and the usage', () => {
    const chunks = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'h€llo' }),
      call(0, { id: 'a', function: { name: 'f', arguments: '' } }),
      call(0, { function: { arguments: '{"x":1}' } }),
      chunk({}, 'tool_calls'),
      usage,
    ];
    const text = run(asMessages().stream(), chatSse(chunks));
    expect(shape(text)).toEqual([
      'message_start',
      'start 0 thinking',
      'delta 0',
      'stop 0',
      'start 1 text',
      'delta 1',
      'stop 1',
      'start 2 tool_use',
      'delta 2',
      'stop 2',
      'message_delta',
      'message_stop',
    ]);
    expect(data(text).at(-2)).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: {
        input_tokens: 5,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 9,
      },
    });
  });

  it('keeps every tool’s arguments whole and in order however its deltas interleave with others and with text', () => {
    const args = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 6 }), { maxKeys: 2 });
    const property = fc.property(
      fc.array(args, { minLength: 1, maxLength: 4 }),
      fc.string({ maxLength: 8 }),
      fc.infiniteStream(fc.nat(100)),
      fc.nat(40),
      (calls, words, choices, step) => {
        const pending = [
          ...calls.map((value, index) => callPieces(index, JSON.stringify(value))),
          [...words].map((content) => chunk({ content })),
        ];
        const chunks = interleave(pending, choices);
        const text = run(asMessages().stream(), chatSse([...chunks, chunk({}, 'tool_calls'), usage]), step + 1);
        const got = meaningOf('messages', true, Buffer.from(text));
        expect([...got.tools].sort(byName)).toEqual(calls.map((value, index) => [`f${index}`, value]));
        expect(got.text).toBe(words);
        expect(isSequential(shape(text))).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  function callPieces(index: number, json: string) {
    const half = Math.floor(json.length / 2);
    return [
      call(index, { id: `id${index}`, function: { name: `f${index}`, arguments: '' } }),
      call(index, { function: { arguments: json.slice(0, half) } }),
      call(index, { function: { arguments: json.slice(half) } }),
    ];
  }

  it('fails in its dialect on an early end and on an error event, never with message_stop', () => {
    const early = run(asMessages().stream(), Buffer.from(`data: ${JSON.stringify(chunk({ content: 'x' }))}\n\n`));
    expect(early).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"api_error"/);
    const errored = run(asMessages().stream(), chatSse([chunk({ content: 'x' }), { error: { message: 'overloaded' } }]));
    expect(errored).toContain('"message":"overloaded"');
    expect(early + errored).not.toContain('message_stop');
  });

  it('answers an event that is not JSON with an error', () => {
    expect(run(asMessages().stream(), Buffer.from('data: {broken\n\n'))).toContain('event: error');
  });
});

function run(stream: AnswerStream, bytes: Buffer, step = bytes.length): string {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(stream.push(bytes.subarray(at, at + step)));
  return Buffer.concat([...out, stream.end({ clean: true })]).toString();
}

function anthropicSse(events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
}

function chatSse(chunks: readonly unknown[]): Buffer {
  return Buffer.from([...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((line) => `data: ${line}\n\n`).join(''));
}

function data(text: string): JsonObject[] {
  return parseEvents(text).flatMap(({ data }) => (data === null || data === '[DONE]' ? [] : [JSON.parse(data) as JsonObject]));
}

function deltaOf(chunk: JsonObject): JsonObject {
  return ((chunk.choices as { delta: JsonObject }[])[0]?.delta ?? {}) as JsonObject;
}

function shape(text: string): string[] {
  return data(text).map(({ type, index, content_block }) => {
    if (type === 'content_block_start') return `start ${index} ${(content_block as JsonObject).type}`;
    if (type === 'content_block_delta') return `delta ${index}`;
    return type === 'content_block_stop' ? `stop ${index}` : String(type);
  });
}

/** Blocks are numbered in order, and each ends before the next begins. */
function isSequential(steps: readonly string[]): boolean {
  let open = -1;
  let last = -1;
  return steps.every((step) => {
    const [verb, index] = [step.split(' ')[0], Number(step.split(' ')[1])];
    if (verb === 'start') {
      const right = open === -1 && index === last + 1;
      open = last = index;
      return right;
    }
    if (verb === 'delta') return index === open;
    if (verb !== 'stop') return true;
    const right = index === open;
    open = -1;
    return right;
  });
}

function interleave<T>(queues: readonly (readonly T[])[], choices: Iterable<number>): T[] {
  const left = queues.map((queue) => [...queue]);
  const out: T[] = [];
  for (const choice of choices) {
    const open = left.filter((queue) => queue.length > 0);
    const queue = open[choice % Math.max(1, open.length)];
    const next = queue?.shift();
    if (next === undefined) return out;
    out.push(next);
  }
  return out;
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
