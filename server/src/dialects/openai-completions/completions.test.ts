import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { anthropicSse, chatSse, exchangeOf, run, sentTo } from '../../../test/exchanges.ts';
import { answersOf, bytesOf } from '../../../test/recordings.ts';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import { type AnswerStream, type JsonObject, Untranslatable } from '../dialect.ts';
import { readFacts } from '../exchange.ts';
import { onlyText, promptsIn } from './prompts.ts';

const WIRE = 'openai-completions';
interface Chunk {
  readonly choices: readonly { readonly text: string }[];
}

const CHAT_WIRES = ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini'] as const;

function factsOf(body: JsonObject) {
  const reading = readFacts(WIRE, { model: 'm', ...body });
  if (!reading.ok) throw new Error(`${reading.problem.param}: ${reading.problem.message}`);
  return reading.facts;
}

function problemOf(body: JsonObject): string | null {
  const reading = readFacts(WIRE, { model: 'm', ...body });
  return reading.ok ? null : reading.problem.param;
}

describe('the prompts of a text completion', () => {
  const tokens = fc.array(fc.nat(), { minLength: 1, maxLength: 9 });
  const prompts = fc.oneof(
    fc.string().map((prompt) => ({ prompt, count: 1, text: prompt as string | null })),
    tokens.map((prompt) => ({ prompt, count: 1, text: null })),
    fc
      .array(fc.string(), { minLength: 1, maxLength: 9 })
      .map((prompt) => ({ prompt, count: prompt.length, text: prompt.length === 1 ? (prompt[0] as string) : null })),
    fc.array(tokens, { minLength: 1, maxLength: 9 }).map((prompt) => ({ prompt, count: prompt.length, text: null })),
  );

  test('are counted in each of the four forms, and one text is found alone or in a list', () => {
    fc.assert(
      fc.property(prompts, ({ prompt, count, text }) => {
        expect(promptsIn({ prompt })).toBe(count);
        expect(onlyText({ prompt })).toBe(text);
      }),
    );
  });

  test('hold the output of max(n, best_of) texts for each', () => {
    fc.assert(
      fc.property(
        prompts,
        fc.option(fc.integer({ min: 1, max: 128 })),
        fc.option(fc.integer({ min: 0, max: 128 })),
        fc.option(fc.integer({ min: 0, max: 2 ** 31 })),
        ({ prompt, count }, n, best_of, max_tokens) => {
          const facts = factsOf({ prompt, n, best_of, max_tokens });
          expect(facts.answers).toBe(count * Math.max(n ?? 1, best_of ?? 1));
          expect(facts.outputCap).toBe(max_tokens);
          expect(Number.isSafeInteger(facts.answers * (facts.outputCap ?? 0))).toBe(true);
        },
      ),
    );
  });

  test.each<[string, unknown]>([
    ['a number', 7],
    ['an object', {}],
    ['an empty list', []],
    ['an empty list of tokens in a list', [[]]],
    ['texts beside tokens', ['a', 1]],
    ['tokens beside lists of them', [1, [2]]],
    ['texts beside lists of tokens', ['a', [1]]],
    ['a negative token', [-1]],
    ['a token that is no whole number', [1.5]],
    ['a token that is too large', [2 ** 31]],
    ['nothing in a list', [null]],
    ['a list too deep', [[['a']]]],
    ['more than 2,048 texts', Array.from({ length: 2_049 }, () => 'a')],
  ])('are refused by name if they are %s', (_what, prompt) => {
    expect(problemOf({ prompt })).toBe('prompt');
  });

  test('are none in an absent prompt, which still makes one text, and vectors count beside texts', () => {
    expect(factsOf({}).answers).toBe(1);
    expect(factsOf({ prompt: null }).answers).toBe(1);
    expect(factsOf({ prompt: ['a', 'b'], prompt_embeds: ['x', 'y', 'z'] }).answers).toBe(5);
    expect(factsOf({ prompt_embeds: 'x' }).answers).toBe(1);
  });
});

test.each<[string, JsonObject]>([
  ['n', { n: 0 }],
  ['n', { n: 129 }],
  ['best_of', { best_of: 129 }],
  ['best_of', { best_of: -1 }],
  ['best_of', { best_of: 3, n: 2, stream: true }],
  ['max_tokens', { max_tokens: -1 }],
  ['max_tokens', { max_tokens: 1.5 }],
  ['stream', { stream: 'yes' }],
  ['stream_options', { stream_options: true }],
  ['stream_options.include_usage', { stream_options: { include_usage: 1 } }],
])('%s is refused by name: %j', (param, body) => {
  expect(problemOf({ prompt: 'a', ...body })).toBe(param);
});

test('what is billed beyond tokens is seen as in a chat', () => {
  expect(factsOf({ prompt: 'a', service_tier: 'priority' }).beyond).toEqual([
    { is: 'tier', param: 'service_tier', tier: 'priority' },
  ]);
  expect(factsOf({ prompt: 'a', plugins: [{ id: 'web' }] }).beyond).toMatchObject([{ param: 'plugins' }]);
  expect(factsOf({ prompt: 'a' }).beyond).toEqual([]);
});

describe('within the dialect', () => {
  const STREAM = answersOf('openai', 'completions').find(({ stream }) => stream);
  if (STREAM === undefined) throw new Error('the recorded stream is not there');
  const bytes = bytesOf(STREAM);
  const streamOf = (body: JsonObject = {}) => exchangeOf(WIRE, WIRE, { prompt: 'a', stream: true, ...body }).stream();

  it('changes the model, asks a stream for usage, and clamps by the only name that there is', () => {
    const body = { prompt: [1, 2], suffix: 'x', echo: true, logprobs: 2, x_own: { a: [1] } };
    expect(sentTo(WIRE, WIRE, body, {})).toEqual({ model: 'up', ...body });
    expect(sentTo(WIRE, WIRE, { prompt: 'a', stream: true }, { outputCap: 9 })).toEqual({
      ...{ model: 'up', prompt: 'a', stream: true, max_tokens: 9 },
      stream_options: { include_usage: true },
    });
  });

  it.each(answersOf('openai', 'completions').filter(({ stream }) => !stream))('passes $response as it came', (recording) => {
    const came = bytesOf(recording);
    const { bytes: said, facts } = exchangeOf(WIRE, WIRE, { prompt: 'a' }).whole(came);
    const { usage, choices } = JSON.parse(came.toString());
    expect(said).toBe(came);
    expect(facts).toMatchObject({
      usage: { input: usage.prompt_tokens, output: usage.completion_tokens },
      finishReason: choices.at(-1).finish_reason,
      complete: true,
      error: null,
    });
  });

  it('passes a stream with its usage if that was asked for, else without', () => {
    const asked = streamOf({ stream_options: { include_usage: true } });
    expect(run(asked, bytes)).toBe(bytes.toString());
    const texts = jsonEventsIn<Chunk>(bytes.toString()).flatMap(({ choices }) => choices.map(({ text }) => text));
    const outputBytes = texts.reduce((sum, text) => sum + JSON.stringify(text).length - 2, 0);
    const plain = streamOf();
    const events = jsonEventsIn<JsonObject>(run(plain, bytes));
    expect(events).toHaveLength(jsonEventsIn(bytes.toString()).length - 1);
    expect(events.filter(({ usage }) => usage !== null)).toEqual([]);
    for (const stream of [asked, plain])
      expect(stream.facts()).toMatchObject({
        usage: { input: 14, output: 16 },
        ...{ finishReason: 'length', finishes: 1, outputBytes, complete: true, error: null },
      });
  });

  it('is the same in pieces of any size, and an error without an end wherever it is cut', () => {
    for (const wanted of [true, false]) {
      const options = { stream_options: { include_usage: wanted } };
      expect(run(streamOf(options), bytes, 1)).toBe(run(streamOf(options), bytes));
      for (let at = 0; at < bytes.length; at += 1) expectCut(streamOf(options), bytes.subarray(0, at));
    }
  });

  it('counts the choices that have finished, of each prompt', () => {
    const stream = streamOf({ prompt: ['a', 'b'], n: 2 });
    const finish = (index: number) => `data: ${JSON.stringify({ choices: [{ index, text: 'x', finish_reason: 'stop' }] })}\n\n`;
    for (const [at, index] of [0, 3, 3, 1, 2].entries()) {
      stream.push(Buffer.from(finish(index)));
      expect(stream.facts().finishes).toBe([1, 2, 2, 3, 4][at]);
    }
  });

  it('estimates an answer without usage by its texts', () => {
    const answer = {
      choices: [
        { text: 'twelve chars', index: 0 },
        { text: 'more', index: 1 },
      ],
    };
    const { facts } = exchangeOf(WIRE, WIRE, { prompt: 'a', n: 2 }).whole(Buffer.from(JSON.stringify(answer)));
    expect(facts.usage).toBeNull();
    expect(facts.outputBytes).toBe('"twelve chars"'.length + '"more"'.length);
  });
});

/** Breaks a stream off after these bytes. The client must get an error, and no end that never came. */
function expectCut(stream: AnswerStream, part: Buffer): void {
  const said = Buffer.concat([stream.push(part), stream.end({ clean: false, message: 'it broke' })]).toString();
  if (stream.facts().complete) return;
  expect(said).not.toContain('[DONE]');
  expect(said).toMatch(/data: \{"error":\{"message":"it broke"[^\n]*\n\n$/);
}

describe('towards a chat model', () => {
  it.each(CHAT_WIRES)('the prompt is the message of a user: %s', (upstream) => {
    const body = { prompt: 'Once upon a time', max_tokens: 50, temperature: 0.5, top_p: 0.9, n: 1, best_of: 1, echo: false };
    const sent = JSON.stringify(sentTo(WIRE, upstream, body, { upstreamModel: 'm' }));
    expect(sent).toContain('Once upon a time');
    expect(sent).toMatch(/"(?:max_completion_tokens|max_tokens|max_output_tokens|maxOutputTokens)":50/);
    for (const name of ['"prompt"', 'best_of', 'echo', '"n"']) expect(sent).not.toContain(name);
    expect(sentTo(WIRE, upstream, { ...body, prompt: ['Once upon a time'] }, { upstreamModel: 'm' })).toEqual(JSON.parse(sent));
  });

  it('a chat gets it as the least request', () => {
    expect(sentTo(WIRE, 'openai-chat', { prompt: 'hi', stop: 'end', seed: 7, user: 'u' }, {})).toEqual({
      ...{ model: 'up', messages: [{ role: 'user', content: 'hi' }], stop: ['end'], seed: 7, user: 'u' },
    });
  });

  it.each<[string, JsonObject]>([
    ['prompt', { prompt: ['a', 'b'] }],
    ['prompt', { prompt: [1, 2] }],
    ['prompt', { prompt: [[1], [2]] }],
    ['prompt', { prompt: undefined }],
    ['suffix', { suffix: 'end' }],
    ['echo', { echo: true }],
    ['logprobs', { logprobs: 0 }],
    ['best_of', { best_of: 2 }],
    ['n', { n: 2 }],
    ['max_tokens', { max_tokens: 0 }],
  ])('%s is refused by name: %j', (param, more) => {
    for (const upstream of CHAT_WIRES) {
      let refused: unknown = null;
      try {
        exchangeOf(WIRE, upstream, { prompt: 'a', ...more });
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(Untranslatable);
      expect((refused as Untranslatable).param).toBe(param);
    }
  });

  const CHAT_CHUNKS = chatSse([
    { id: 'c', model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    { id: 'c', model: 'm', choices: [{ index: 0, delta: { reasoning_content: 'hm' }, finish_reason: null }] },
    { id: 'c', model: 'm', choices: [{ index: 0, delta: { content: 'Once ' }, finish_reason: null }] },
    { id: 'c', model: 'm', choices: [{ index: 0, delta: { content: 'höre' }, finish_reason: null }] },
    { id: 'c', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'length' }] },
    { id: 'c', model: 'm', choices: [], usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 } },
  ]);
  const MESSAGE_EVENTS = anthropicSse([
    { type: 'message_start', message: { id: 'c', model: 'm', content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Once ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'höre' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ]);

  it.each([
    ['openai-chat', CHAT_CHUNKS],
    ['anthropic-messages', MESSAGE_EVENTS],
  ] as const)('a stream of %s is one of texts, in pieces of any size and wherever it is cut', (upstream, bytes) => {
    for (const wanted of [true, false]) {
      const body = { prompt: 'a', stream: true, stream_options: { include_usage: wanted } };
      const open = () => exchangeOf(WIRE, upstream, body).stream();
      const said = run(open(), bytes);
      expect(run(open(), bytes, 1)).toBe(said);
      const events = jsonEventsIn<JsonObject & { choices: { text: string; finish_reason: string | null }[] }>(said);
      expect(events.flatMap(({ choices }) => choices.map(({ text }) => text)).join('')).toBe('Once höre');
      expect(events.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).at(-1)).toBe('length');
      expect(new Set(events.map(({ object }) => object))).toEqual(new Set(['text_completion']));
      expect(events.at(-1)?.usage).toEqual(
        wanted ? expect.objectContaining({ prompt_tokens: 3, completion_tokens: 5 }) : undefined,
      );
      expect(said.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(said).not.toContain('hm');
      for (let at = 0; at < bytes.length; at += 1) expectCut(open(), bytes.subarray(0, at));
    }
  });

  it('a whole answer is one text, with its usage and its reason', () => {
    const answer = {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', stop_reason: 'end_turn', stop_sequence: null },
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'Once.' },
      ],
      usage: { input_tokens: 3, output_tokens: 5 },
    };
    const { bytes, facts } = exchangeOf(WIRE, 'anthropic-messages', { prompt: 'a' }).whole(Buffer.from(JSON.stringify(answer)));
    expect(JSON.parse(bytes.toString())).toEqual({
      ...{ id: 'msg_1', object: 'text_completion', created: 1_700_000_000, model: 'claude' },
      choices: [{ text: 'Once.', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: expect.objectContaining({ prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }),
    });
    expect(facts.usage).toEqual({ input: 3, output: 5 });
  });
});
