import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../test/answer-meaning.ts';
import { anthropicSse, chatSse, exchangeOf, run } from '../../test/exchanges.ts';
import { jsonEventsIn } from '../../test/support/event-stream.ts';
import { readableName } from '../../test/support/json-values.ts';
import type { JsonObject } from './dialect.ts';

const asChat = (more: JsonObject = { stream_options: { include_usage: true } }) =>
  exchangeOf('openai-chat', 'anthropic-messages', { messages: [{ role: 'user', content: 'hi' }], ...more });
const asMessages = () =>
  exchangeOf('anthropic-messages', 'openai-chat', { max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] });

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
    const chunks = jsonEventsIn(text);
    expect(chunks[0]).toEqual({
      id: 'm',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'up',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      usage: null,
    });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'tool_calls' }], usage: null });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(meaningOf('chat', true, Buffer.from(text))).toMatchObject({ text: 'h€llo', tools: [['f', {}]] });
    const silent = jsonEventsIn(run(asChat({}).stream(), anthropicSse(events)));
    expect(silent.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  it('names what answered, and the deployment’s model where the provider names none', () => {
    const named = events.map((event) =>
      event.message === undefined ? event : { ...event, message: { ...event.message, model: 'claude-x-1' } },
    );
    const models = (of: readonly JsonObject[]) =>
      new Set(jsonEventsIn(run(asChat().stream(), anthropicSse(of))).map(({ model }) => model));
    expect(models(named)).toEqual(new Set(['claude-x-1']));
    expect(models(events)).toEqual(new Set(['up']));
  });

  it('reads facts as it goes: the opening usage is not the last word', () => {
    const stream = asChat().stream();
    stream.push(anthropicSse(events.slice(0, 4)));
    expect(stream.facts()).toEqual({
      usage: { input: 5, output: 1 },
      usageImplausible: false,
      serviceTier: null,
      usageIsFinal: false,
      outputBytes: 7,
      finishReason: null,
      finishes: 0,
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
    expect(jsonEventsIn(text).at(-1)).toEqual({
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

  it('names what answered, though a first chunk without a choice does not', () => {
    // Like Azure: the filter results come first, without a name.
    const filters = { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] };
    const said = { id: 'c', model: 'gpt-x-1', choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] };
    const begun = (chunks: readonly JsonObject[]) => jsonEventsIn(run(asMessages().stream(), chatSse(chunks)))[0];
    expect(begun([filters, said])).toMatchObject({ type: 'message_start', message: { id: 'c', model: 'gpt-x-1' } });
    expect(begun([filters])).toMatchObject({ type: 'message_start', message: { model: 'up' } });
  });

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
    expect(jsonEventsIn(text).at(-2)).toEqual({
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
    const name = fc.string({ maxLength: 3 }).filter(readableName);
    const args = fc.dictionary(name, fc.string({ maxLength: 6 }), { maxKeys: 2 });
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

  it('tells a custom call as the whole answer would, however its input is split', () => {
    const input = '{"a": "b\\c"}\n😀';
    const chunks = [
      call(0, { id: 'a', type: 'custom', custom: { name: 'shell', input: '' } }),
      ...[...Array(input.length).keys()].map((at) => call(0, { custom: { input: input.charAt(at) } })),
      call(1, { id: 'b', type: 'custom', custom: { name: 'none' } }),
      call(2, { id: 'c', function: { name: 'f', arguments: '{"x":1}' } }),
      chunk({}, 'tool_calls'),
      usage,
    ];
    const text = run(asMessages().stream(), chatSse(chunks));
    const { tools, stop } = meaningOf('messages', true, Buffer.from(text));
    expect([tools, stop]).toEqual([
      [
        ['shell', { input }],
        ['none', { input: '' }],
        ['f', { x: 1 }],
      ],
      'tool_use',
    ]);
    expect(isSequential(shape(text))).toBe(true);
    const unfinished = run(asMessages().stream(), chatSse(chunks.slice(0, -2)));
    expect(meaningOf('messages', true, Buffer.from(unfinished)).tools).toEqual(tools);
  });

  it('tells redacted reasoning as the whole answer would', () => {
    const chunks = [
      chunk({ reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'one' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'two' }] }),
      chunk({ content: 'hi' }),
      chunk({}, 'stop'),
    ];
    const text = run(asMessages().stream(), chatSse(chunks));
    const begun = jsonEventsIn(text).flatMap(({ type, content_block }) =>
      type === 'content_block_start' ? [content_block] : [],
    );
    expect(begun).toEqual([
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'redacted_thinking', data: 'one' },
      { type: 'redacted_thinking', data: 'two' },
      { type: 'text', text: '' },
    ]);
    expect(isSequential(shape(text))).toBe(true);
    expect(meaningOf('messages', true, Buffer.from(text)).text).toBe('hi');
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

function shape(text: string): string[] {
  return jsonEventsIn(text).map(({ type, index, content_block }) => {
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
