import { describe, expect, test } from 'vitest';
import { exchangeOf, run } from '../../../test/exchanges.ts';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import type { InboundWire, JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { usageOf } from '../usage.ts';

const WIRES = ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini'] as const;
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
const messages = [{ role: 'user', content: 'hi' }];
const bodyFor = (wire: InboundWire, stream = false): JsonObject =>
  wire === 'gemini'
    ? { contents, stream }
    : wire === 'openai-responses'
      ? { input: 'hi', stream }
      : {
          messages,
          max_tokens: 9,
          stream,
          ...(stream && wire === 'openai-chat' ? { stream_options: { include_usage: true } } : {}),
        };
const whole = (client: InboundWire, answer: unknown) =>
  exchangeOf(client, 'gemini', bodyFor(client)).whole(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)));
const wholeJson = (client: InboundWire, answer: unknown) => JSON.parse(whole(client, answer).bytes.toString()) as JsonObject;
const streamOf = (client: InboundWire) => exchangeOf(client, 'gemini', bodyFor(client, true)).stream();
const sse = (...chunks: unknown[]) => Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
const saying = (parts: JsonObject[], more: JsonObject = {}, about: JsonObject = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  modelVersion: 'gemini-3-pro',
  responseId: 'r1',
  ...about,
});
const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 4, thoughtsTokenCount: 3, totalTokenCount: 17 };

describe('a whole answer of Gemini', () => {
  test.each([
    ['STOP', 'end_turn', 'stop'],
    ['MAX_TOKENS', 'max_tokens', 'length'],
    ['SAFETY', 'refusal', 'content_filter'],
    ['PROHIBITED_CONTENT', 'refusal', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'end_turn', 'stop'],
    ['constructor', 'end_turn', 'stop'],
  ])('ends with %s', (finishReason, stop, finish) => {
    const answer = saying([{ text: 'x' }], { finishReason }, { usageMetadata });
    expect(wholeJson('anthropic-messages', answer)).toMatchObject({ stop_reason: stop, id: 'r1', model: 'gemini-3-pro' });
    expect(wholeJson('openai-chat', answer)).toMatchObject({ choices: [{ finish_reason: finish }] });
  });

  test('has the ids of its calls from their places, and their signatures', () => {
    const answer = saying(
      [
        { text: 'hm', thought: true },
        { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' },
        { functionCall: { name: 'g', id: 'own' } },
      ],
      { finishReason: 'STOP' },
    );
    const { content, stop_reason } = wholeJson('anthropic-messages', answer) as { content: JsonObject[]; stop_reason: string };
    expect(stop_reason).toBe('tool_use');
    expect(content.filter(({ type }) => type === 'tool_use')).toMatchObject([
      { id: 'call_r1_0', name: 'f', input: { a: 1 } },
      { id: 'own', name: 'g', input: {} },
    ]);
  });

  test('cites the pages that support it', () => {
    const groundingMetadata = {
      webSearchQueries: ['q'],
      groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }, { other: 1 }],
      groundingSupports: [{ segment: { endIndex: 3, text: 'Yes' }, groundingChunkIndices: [0, 1, 9, 'x'] }],
    };
    const { bytes, facts } = whole(
      'anthropic-messages',
      saying([{ text: 'Yes' }], { finishReason: 'STOP', groundingMetadata }, { usageMetadata }),
    );
    expect(JSON.parse(bytes.toString()).content[0].citations).toMatchObject([{ url: 'https://a.example', cited_text: 'Yes' }]);
    expect(facts.usage).toEqual({ input: 10, output: 4, reasoning: 3, search: 1 });
  });

  test.each(WIRES)('to a blocked prompt is a refusal in %s, and costs its prompt', (client) => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 } };
    const { bytes, facts } = whole(client, blocked);
    expect(facts).toMatchObject({ complete: true, error: null, finishReason: 'SAFETY', usage: { input: 5 } });
    expect(bytes.toString()).toMatch(/content_filter|refusal|SAFETY/);
  });

  test.each(['', 'null', '[]', '{}', '{"candidates":[]}', '<html>', '{"candidates":[{'])('is unreadable: %j', (text) => {
    expect(() => whole('openai-chat', text)).toThrow(UnreadableAnswer);
  });

  test.each([[5], ['x'], ['{"a":1}'], [null], [[1, 2]], [true]])('may call with arguments %j', (args) => {
    const answer = saying([{ functionCall: { name: 'f', args } }], { finishReason: 'STOP' });
    for (const client of WIRES) expect(() => wholeJson(client, answer)).not.toThrow();
    const { content } = wholeJson('anthropic-messages', answer) as { content: { input: unknown }[] };
    expect(content[0]?.input).toEqual(expect.any(Object));
  });
});

describe('the usage of Gemini', () => {
  test.each<[string, JsonObject, unknown]>([
    [
      'cached inside the prompt',
      { promptTokenCount: 10, cachedContentTokenCount: 7, candidatesTokenCount: 2 },
      { input: 3, cached_input: 7, output: 2 },
    ],
    [
      'thoughts and tools beside',
      {
        promptTokenCount: 10,
        candidatesTokenCount: 2,
        thoughtsTokenCount: 5,
        toolUsePromptTokenCount: 100,
        totalTokenCount: 117,
      },
      { input: 110, output: 2, reasoning: 5 },
    ],
    [
      'sound in the prompt',
      {
        promptTokenCount: 159,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 9 },
          { modality: 'AUDIO', tokenCount: 150 },
        ],
      },
      { input: 9, audio_input: 150, output: 0 },
    ],
    [
      'a total beyond its parts',
      { promptTokenCount: 10, candidatesTokenCount: 2, totalTokenCount: 20 },
      { input: 10, output: 2, reasoning: 8 },
    ],
    ['nothing but a kind of traffic', { trafficType: 'ON_DEMAND' }, null],
    ['a negative number', { promptTokenCount: -1, candidatesTokenCount: 2 }, 'implausible'],
    ['a huge number', { promptTokenCount: 1e12 }, 'implausible'],
    ['half a token', { candidatesTokenCount: 0.5 }, 'implausible'],
    ['a number as text', { promptTokenCount: '10' }, 'implausible'],
    ['more cached than there is', { promptTokenCount: 1, cachedContentTokenCount: 2 }, 'implausible'],
    ['a huge total', { promptTokenCount: 1, totalTokenCount: 1e15 }, 'implausible'],
    [
      'an impossible detail',
      { promptTokenCount: 1, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: -5 }] },
      'implausible',
    ],
  ])('%s', (_name, reported, want) => {
    expect(usageOf('gemini', { usageMetadata: reported })).toEqual(want);
  });
});

describe('a stream of Gemini', () => {
  const stream = sse(
    saying([{ text: 'I think.', thought: true }]),
    saying([{ text: 'It is ' }], {}, { usageMetadata: { promptTokenCount: 15, totalTokenCount: 15 } }),
    saying([{ text: 'sunny ☀.' }]),
    saying([{ functionCall: { name: 'f', args: { city: 'Köln' } }, thoughtSignature: 'c2ln' }]),
    saying(
      [{ text: '' }],
      { finishReason: 'STOP' },
      { usageMetadata: { ...usageMetadata, promptTokenCount: 13, totalTokenCount: 20 } },
    ),
  );

  test.each(WIRES)('cut at every byte says the same in %s, and is charged by its last report', (client) => {
    const want = run(streamOf(client), stream);
    for (const step of [1, 2, 3, 7, 50]) expect(run(streamOf(client), stream, step)).toBe(want);
    const answer = streamOf(client);
    run(answer, stream);
    expect(answer.facts()).toMatchObject({
      usage: { input: 13, output: 4, reasoning: 3 },
      usageIsFinal: true,
      complete: true,
      finishReason: 'STOP',
      finishes: 1,
    });
  });

  test.each(WIRES)('broken off after any byte is an error in %s, never an end that was not said', (client) => {
    const last = stream.lastIndexOf('data:');
    for (let cut = 0; cut < stream.length; cut += 1) {
      const answer = streamOf(client);
      const out = Buffer.concat([
        answer.push(stream.subarray(0, cut)),
        answer.end({ clean: false, message: 'it broke' }),
      ]).toString();
      const isWhole = answer.facts().complete;
      if (cut <= last) expect(isWhole).toBe(false);
      if (isWhole) continue;
      expect(answer.facts().error).toBe('it broke');
      expect(out).toContain('it broke');
      expect(out).not.toMatch(/\[DONE\]|message_stop|response\.completed|"finishReason"/);
    }
  });

  test('reaches a client of chat with calls whole, and thinking apart', () => {
    const chunks = jsonEventsIn(run(streamOf('openai-chat'), stream)) as {
      choices: { delta: JsonObject; finish_reason: string | null }[];
    }[];
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas.map(({ content }) => content ?? '').join('')).toBe('It is sunny ☀.');
    expect(deltas.map(({ reasoning_content }) => reasoning_content ?? '').join('')).toBe('I think.');
    expect(chunks.findLast(({ choices }) => choices.length > 0)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(JSON.stringify(deltas)).toContain(JSON.stringify('{"city":"Köln"}').slice(1, -1));
  });

  test('of a blocked prompt ends as a refusal', () => {
    const blocked = sse({
      promptFeedback: { blockReason: 'BLOCKLIST' },
      usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 },
    });
    for (const client of WIRES) {
      const answer = streamOf(client);
      run(answer, blocked);
      expect(answer.facts()).toMatchObject({ complete: true, error: null, finishReason: 'BLOCKLIST' });
    }
  });

  test('that says STOP in every chunk, as old servers do, loses no words', () => {
    const often = sse(saying([{ text: 'one ' }], { finishReason: 'STOP' }), saying([{ text: 'two' }], { finishReason: 'STOP' }));
    for (const client of WIRES) {
      const said = run(streamOf(client), often);
      expect(said).toContain('one ');
      expect(said).toContain('two');
    }
  });

  test('may hold an event of a megabyte', () => {
    const long = 'x'.repeat(1_000_000);
    const big = sse(saying([{ text: long }]), saying([], { finishReason: 'STOP' }));
    for (const client of WIRES) {
      const answer = streamOf(client);
      expect(run(answer, big, 65_536)).toContain(long);
      expect(answer.facts()).toMatchObject({ complete: true, outputBytes: 1_000_000 });
    }
  });

  test('that fails within is an error in each dialect', () => {
    const failed = sse(saying([{ text: 'one' }]), { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } });
    for (const client of WIRES) {
      const answer = streamOf(client);
      expect(run(answer, failed)).toContain('overloaded');
      expect(answer.facts()).toMatchObject({ complete: false, error: 'overloaded' });
    }
  });

  test('with arguments in pieces by their paths is one call with whole arguments', () => {
    const piece = (functionCall: JsonObject, more: JsonObject = {}) => saying([{ functionCall }], more);
    const partial = (jsonPath: string, value: JsonObject) => ({ partialArgs: [{ jsonPath, ...value }], willContinue: true });
    const pieces = sse(
      piece({ name: 'write', willContinue: true }),
      piece(partial('$.items[0].text', { stringValue: 'He', willContinue: true })),
      piece(partial('$.items[0].text', { stringValue: 'llo' })),
      piece(partial('$.items[1].count', { numberValue: 3 })),
      piece(partial('$.__proto__.polluted', { boolValue: true })),
      piece(partial('$.items[99999999].x', { stringValue: 'gap' })),
      piece(partial('not a path', { stringValue: 'x' })),
      piece({}),
      saying([], { finishReason: 'STOP' }),
    );
    const chunks = jsonEventsIn(run(streamOf('openai-chat'), pieces)) as {
      choices: { delta: { tool_calls?: { function: { arguments: string } }[] } }[];
    }[];
    const args = chunks
      .flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []))
      .map((call) => call.function.arguments);
    expect(JSON.parse(args.join(''))).toMatchObject({ items: [{ text: 'Hello' }, { count: 3 }] });
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  test('as a JSON array is one document of the same chunks, cut anywhere, and ends with its error', () => {
    const array = () => {
      const body = { contents, stream: true };
      const exchange = exchangeOf('gemini', 'gemini', body, { framing: 'array' });
      return exchange.stream();
    };
    expect(array().contentType).toMatch(/^application\/json/);
    for (const step of [1, 10, stream.length])
      expect(JSON.parse(run(array(), stream, step))).toEqual(jsonEventsIn(stream.toString()));
    expect(JSON.parse(run(array(), Buffer.alloc(0)))).toMatchObject([{ error: { code: 502 } }]);
    const cut = array();
    const half = Buffer.concat([cut.push(stream.subarray(0, 500)), cut.end({ clean: false, message: 'it broke' })]).toString();
    expect((JSON.parse(half) as JsonObject[]).at(-1)).toMatchObject({ error: { message: 'it broke', status: 'UNAVAILABLE' } });
  });
});
