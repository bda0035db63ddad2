import { describe, expect, test } from 'vitest';
import { exchangeOf, run } from '../../../test/exchanges.ts';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import type { InboundWire, JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { statusOfError } from '../error-status.ts';
import { errorInstead, OpeningReader } from '../opening.ts';
import { usageOf } from '../usage.ts';

const messages = [{ role: 'user', content: 'hi' }];
const open = (client: InboundWire, stream: boolean) =>
  exchangeOf(client, 'cohere-chat', {
    ...(client === 'openai-responses' ? { input: 'hi' } : { messages, max_tokens: 9, stream_options: { include_usage: true } }),
    stream,
  });
const whole = (answer: unknown, client: InboundWire = 'openai-chat') =>
  open(client, false).whole(Buffer.from(JSON.stringify(answer)));
const wholeJson = (answer: unknown, client?: InboundWire) => JSON.parse(whole(answer, client).bytes.toString()) as JsonObject;
const sse = (...events: JsonObject[]) =>
  Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
const usage = { billed_units: { input_tokens: 13, output_tokens: 61 }, tokens: { input_tokens: 542, output_tokens: 63 } };
const saying = (message: JsonObject, more: JsonObject = {}) => ({
  id: 'a1',
  message: { role: 'assistant', ...message },
  finish_reason: 'COMPLETE',
  usage,
  ...more,
});
const words = (text: string) => ({ content: [{ type: 'text', text }] });

const START = { id: 'a1', type: 'message-start', delta: { message: { role: 'assistant', content: [] } } };
const text = (said: string, index = 0) => ({ type: 'content-delta', index, delta: { message: { content: { text: said } } } });
const end = (more: JsonObject = {}) => ({ type: 'message-end', delta: { finish_reason: 'COMPLETE', usage, ...more } });

describe('a whole answer of Cohere', () => {
  test.each([
    ['COMPLETE', 'end_turn', 'stop'],
    ['STOP_SEQUENCE', 'stop_sequence', 'stop'],
    ['MAX_TOKENS', 'max_tokens', 'length'],
    ['constructor', 'end_turn', 'stop'],
  ])('ends with %s', (finish_reason, stop, finish) => {
    const answer = saying(words('x'), { finish_reason });
    expect(wholeJson(answer, 'anthropic-messages')).toMatchObject({ stop_reason: stop, id: 'a1', model: 'up' });
    expect(wholeJson(answer)).toMatchObject({ choices: [{ finish_reason: finish }] });
    expect(whole(answer).facts).toMatchObject({ finishReason: finish_reason, complete: true, outputBytes: 1 });
  });

  test('has its plan as thinking, and `null` as no arguments', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'now', arguments: 'null' } };
    const answer = saying({ tool_plan: 'I will look.', tool_calls: [call] }, { finish_reason: 'TOOL_CALL' });
    expect(wholeJson(answer).choices).toMatchObject([
      {
        message: {
          content: null,
          reasoning_content: 'I will look.',
          tool_calls: [{ function: { name: 'now', arguments: '{}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ]);
    expect(wholeJson(answer, 'anthropic-messages').content).toMatchObject([
      { type: 'thinking', thinking: 'I will look.' },
      { type: 'tool_use', id: 'c1', name: 'now', input: {} },
    ]);
  });

  test('cites only sources that have an address', () => {
    const citations = [
      { start: 0, end: 3, text: 'Rome', sources: [{ type: 'document', document: { url: 'https://example.com/a', title: 'A' } }] },
      { start: 4, end: 5, text: 'it', sources: [{ type: 'tool', tool_output: { url: 'https://example.com/b' } }] },
      { start: 4, end: 5, text: 'it', sources: [{ type: 'document', document: { title: 'no address' } }, { type: 'tool' }, 5] },
      { start: 4, end: 5, text: 'it', sources: [{ type: 'document', document: { url: 'javascript:alert(1)' } }] },
    ];
    expect(wholeJson(saying({ ...words('Rome it is'), citations })).choices).toMatchObject([
      {
        message: {
          annotations: [
            { url_citation: { url: 'https://example.com/a', title: 'A' } },
            { url_citation: { url: 'https://example.com/b' } },
          ],
        },
      },
    ]);
  });

  test.each<[string, unknown]>([
    ['no message', { id: 'a1' }],
    ['a message that is a text', { message: 'invalid request' }],
    ['a list', []],
  ])('cannot be read with %s', (_what, answer) => {
    expect(() => whole(answer)).toThrow(UnreadableAnswer);
  });

  test('survives what no provider should send', () => {
    const message = {
      content: [null, 5, { type: 'text', text: 7 }, {}],
      tool_calls: [null, {}, { function: 5 }],
      citations: 'x',
    };
    expect(wholeJson(saying(message, { id: 5, finish_reason: 7, usage: 'x' })).choices).toMatchObject([
      { finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call__0' }, { id: 'call__1' }] } },
    ]);
  });
});

describe('the usage of an answer', () => {
  test.each<[string, unknown, unknown]>([
    ['what is billed', usage, { input: 13, output: 61 }],
    [
      'what is billed, whatever came from a cache',
      { ...usage, billed_units: { input_tokens: 2406, output_tokens: 2 }, cached_tokens: 2928 },
      { input: 2406, output: 2 },
    ],
    ['what was counted, if nothing is said to be billed', { tokens: usage.tokens }, { input: 542, output: 63 }],
    ['nothing', {}, null],
    ['no object', 5, null],
    ['a negative number', { billed_units: { input_tokens: -1, output_tokens: 1 } }, 'implausible'],
    ['a fraction', { billed_units: { input_tokens: 1.5, output_tokens: 1 } }, 'implausible'],
    ['a text', { billed_units: { input_tokens: '13', output_tokens: 1 } }, 'implausible'],
    ['a huge number', { billed_units: { input_tokens: 1e9, output_tokens: 1 } }, 'implausible'],
  ])('is %s', (_what, said, want) => {
    expect(usageOf('cohere-chat', { usage: said })).toEqual(want);
  });
});

describe('a streamed answer of Cohere', () => {
  test('is told in events of the client’s dialect, and ends once', () => {
    const bytes = sse(START, text('Hel'), text('lo'), end());
    const said = run(open('openai-chat', true).stream(), bytes, 1);
    expect(said).toBe(run(open('openai-chat', true).stream(), bytes));
    const chunks = jsonEventsIn(said) as { id: string; choices: { delta: { content?: string } }[]; usage?: object }[];
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello');
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 13, completion_tokens: 61 });
    expect(said.match(/\[DONE\]/g)).toHaveLength(1);
  });

  test('has thinking, a plan and calls, which may be counted from 0 each', () => {
    const thinking = (said: string) => ({ type: 'content-delta', index: 0, delta: { message: { content: { thinking: said } } } });
    const call = (type: string, index: number, tool_calls: JsonObject) => ({ type, index, delta: { message: { tool_calls } } });
    const bytes = sse(
      ...[START, thinking('hm'), { type: 'tool-plan-delta', delta: { message: { tool_plan: 'plan' } } }],
      call('tool-call-start', 0, { id: 'c1', type: 'function', function: { name: 'a', arguments: '' } }),
      call('tool-call-delta', 0, { function: { arguments: '{"x":' } }),
      // A part of the arguments that looks like no arguments.
      call('tool-call-delta', 0, { function: { arguments: 'null' } }),
      call('tool-call-delta', 0, { function: { arguments: '}' } }),
      { type: 'tool-call-end', index: 0 },
      call('tool-call-start', 1, { id: 'c2', type: 'function', function: { name: 'b', arguments: 'null' } }),
      end({ finish_reason: 'TOOL_CALL' }),
    );
    const answer = jsonEventsIn(run(open('openai-responses', true).stream(), bytes)).at(-1) as { response: JsonObject };
    expect(answer.response.output).toMatchObject([
      { type: 'reasoning' },
      { type: 'reasoning' },
      { type: 'function_call', call_id: 'c1', name: 'a', arguments: '{"x":null}' },
      { type: 'function_call', call_id: 'c2', name: 'b', arguments: '{}' },
    ]);
  });

  test('cites what it said', () => {
    const citation = {
      type: 'citation-start',
      index: 0,
      delta: {
        message: { citations: { text: 'Rome', sources: [{ type: 'document', document: { url: 'https://example.com/a' } }] } },
      },
    };
    const said = run(open('openai-chat', true).stream(), sse(START, citation, text('Rome'), citation, end()));
    expect(said.match(/"url":"https:\/\/example.com\/a"/g)).toHaveLength(1);
  });

  test('that fails at its end is an error, and is charged what it reports', () => {
    for (const failure of [{ finish_reason: 'ERROR' }, { finish_reason: 'TIMEOUT' }, { error: 'out of luck' }]) {
      const stream = open('openai-chat', true).stream();
      const said = run(stream, sse(START, text('Hel'), end(failure)));
      expect(said).toContain('"error"');
      expect(said).not.toContain('[DONE]');
      expect(stream.facts()).toMatchObject({ complete: false, error: expect.any(String), usage: { input: 13, output: 61 } });
    }
  });

  test('that is cut anywhere never ends as if it were whole', () => {
    const bytes = sse(START, text('Hel'), text('lo'), end());
    for (let at = 0; at < bytes.length - 2; at += 1) {
      const stream = open('anthropic-messages', true).stream();
      const said = Buffer.concat([stream.push(bytes.subarray(0, at)), stream.end({ clean: false, message: 'broke' })]).toString();
      expect(said).not.toContain('message_stop');
      expect(stream.facts()).toMatchObject({ complete: false, error: 'broke' });
    }
  });

  test('ignores what it does not know, and says what is not JSON', () => {
    const odd = [{ type: 'debug', delta: 5 }, { type: 'content-delta', index: 'x', delta: { message: null } }, { other: 1 }];
    const said = run(open('openai-chat', true).stream(), sse(START, ...(odd as JsonObject[]), text('ok'), end()));
    expect(said).toContain('"content":"ok"');
    expect(said).toContain('[DONE]');
    expect(run(open('openai-chat', true).stream(), Buffer.from('data: oops\n\n'))).toContain('not JSON');
    expect(run(open('openai-chat', true).stream(), Buffer.from('data: {"message":"too many tokens"}\n\n'))).toContain(
      'too many tokens',
    );
  });
});

describe('an answer of status 200 that failed', () => {
  test.each([
    ['ERROR', 500],
    ['TIMEOUT', 504],
  ])('says so by its finish reason: %s', (finish_reason, status) => {
    const error = errorInstead('cohere-chat', Buffer.from(JSON.stringify(saying(words('Hel'), { finish_reason }))));
    expect(error).not.toBeNull();
    expect(statusOfError(error as JsonObject)).toBe(status);
  });

  test('is no answer that speaks of errors', () => {
    const answer = saying(words('a "finish_reason": "ERROR" and an "error": {}'));
    expect(errorInstead('cohere-chat', Buffer.from(JSON.stringify(answer)))).toBeNull();
  });

  test('is known before the first words of a stream, in one piece or in many', () => {
    const reading = (bytes: Buffer, step: number) => {
      const reader = new OpeningReader();
      for (let at = step; at < bytes.length; at += step) {
        const said = reader.read(bytes.subarray(0, at));
        if (said !== 'unsaid') return said;
      }
      return reader.read(bytes, true);
    };
    for (const step of [1, 10_000]) {
      expect(reading(sse(START, text('Hel')), step)).toBe('answer');
      expect(reading(sse(START), step)).toBe('unsaid');
      expect(reading(Buffer.from(`data: ${JSON.stringify(START)}\n\n`), step)).toBe('unsaid');
      expect(reading(sse(START, end()), step)).toBe('answer');
      expect(reading(sse(START, end({ finish_reason: 'ERROR' })), step)).toMatchObject({ error: { type: 'server_error' } });
      expect(reading(sse(START, end({ error: 'out of luck' })), step)).toMatchObject({ error: { message: 'out of luck' } });
    }
  });
});
