import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ExchangeNames, exchangeOf } from '../../../test/exchanges.ts';
import { answersOf, bytesOf, type Recording } from '../../../test/recordings.ts';
import type { EmbeddingWire, JsonObject } from '../dialect.ts';
import { LEFT_IN_BYTES, UnreadableAnswer, Untranslatable } from '../dialect.ts';
import { openExchange, type Translation } from '../exchange.ts';
import { requestToSend } from '../request-to-send.ts';
import { usageOf } from '../usage.ts';

const WIRES = ['cohere-embed', 'voyage-embed', 'gemini-embed'] as const satisfies readonly EmbeddingWire[];
const TWO = ['sunny day at the beach', 'rainy day in the city'];
const open = (wire: EmbeddingWire, body: JsonObject, names: ExchangeNames = {}) =>
  exchangeOf('openai-embeddings', wire, body, names);
const sent = (wire: EmbeddingWire, body: JsonObject, names: ExchangeNames = {}) =>
  JSON.parse(open(wire, body, names).upstreamBody.toString()) as JsonObject;
const answered = (wire: EmbeddingWire, body: JsonObject, answer: unknown) =>
  open(wire, body).whole(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)));
/** The answer of a vendor that holds these vectors. */
const ANSWERS: Readonly<Record<EmbeddingWire, (vectors: readonly unknown[]) => JsonObject>> = {
  'cohere-embed': (float) => ({ id: 'e', embeddings: { float }, meta: { billed_units: { input_tokens: 10 } } }),
  'voyage-embed': (vectors) => ({
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', embedding, index })),
    model: 'voyage-3.5',
    usage: { total_tokens: 10 },
  }),
  'gemini-embed': (vectors) => ({
    embeddings: vectors.map((values) => ({ values })),
    usageMetadata: { promptTokenCount: 10 },
  }),
};
const recordingOf = (provider: string, kind: Recording['kind'], name: string) => {
  const found = answersOf(provider, kind).find(({ response }) => response.includes(name));
  if (found === undefined) throw new Error(`no recording ${name}`);
  return found;
};

describe('a request for embeddings', () => {
  test('is written in each vendor’s format', () => {
    expect(sent('cohere-embed', { input: TWO })).toEqual({
      ...{ model: 'up', texts: TWO, input_type: 'search_document', embedding_types: ['float'], truncate: 'NONE' },
    });
    expect(sent('voyage-embed', { input: 'one', dimensions: 256 })).toEqual({
      ...{ model: 'up', input: ['one'], output_dimension: 256, truncation: false },
    });
    expect(sent('cohere-embed', { input: 'one', dimensions: 256 })).toMatchObject({ texts: ['one'], output_dimension: 256 });
  });

  test('to Gemini is what its own client sends', () => {
    const { request = '' } = recordingOf('gemini', 'gemini-embed', 'embedding-batch');
    const recorded = readFileSync(new URL(`../../../test/recorded/cassettes/${request}`, import.meta.url), 'utf8');
    const body = { input: ['First text', 'Second text'], dimensions: 768 };
    expect(sent('gemini-embed', body, { upstreamModel: 'gemini-embedding-2' })).toEqual(JSON.parse(recorded));
  });

  test.each<[string, EmbeddingWire, JsonObject]>([
    ['search_query', 'cohere-embed', { input_type: 'search_query' }],
    ['query', 'cohere-embed', { input_type: 'search_query' }],
    ['RETRIEVAL_QUERY', 'voyage-embed', { input_type: 'query' }],
    ['search_document', 'voyage-embed', { input_type: 'document' }],
    ['clustering', 'cohere-embed', { input_type: 'clustering' }],
  ])('names its use by any vendor’s word: %s to %s', (input_type, wire, want) => {
    expect(sent(wire, { input: 'x', input_type })).toMatchObject(want);
    const requests = sent('gemini-embed', { input: 'x', input_type }).requests as JsonObject[];
    expect(requests[0]?.taskType).toMatch(/^(?:RETRIEVAL_QUERY|RETRIEVAL_DOCUMENT|CLUSTERING)$/);
  });

  // promise: A translation says what it loses: every field of a request that is translated is carried, or named as dropped
  test('says what is dropped, and a strict client is refused', () => {
    for (const wire of WIRES) {
      const body = { input: 'x', user: 'u', other: 1, encoding_format: 'float', dimensions: null };
      expect(open(wire, body).dropped).toEqual(['user', 'other']);
      expect(() => open(wire, body, { isStrict: true })).toThrow(Untranslatable);
      expect(open(wire, { input: 'x', input_type: 'query', user: null }, { isStrict: true }).dropped).toEqual([]);
    }
    expect(open('voyage-embed', { input: 'x', input_type: 'clustering' }).dropped).toEqual(['input_type']);
  });

  test.each<[string, JsonObject, string]>([
    ['tokens', { input: [1, 2, 3] }, 'input'],
    ['lists of tokens', { input: [[1, 2], [3]] }, 'input'],
    ['nothing', { input: [] }, 'input'],
    ['something else among texts', { input: ['a', null] }, 'input'],
    ['another encoding', { input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    ['no number of dimensions', { input: 'x', dimensions: '256' }, 'dimensions'],
    ['a fraction of dimensions', { input: 'x', dimensions: 1.5 }, 'dimensions'],
    ['too many dimensions', { input: 'x', dimensions: 1e6 }, 'dimensions'],
    ['a use that no vendor knows', { input: 'x', input_type: 'constructor' }, 'input_type'],
    ['a use that is no text', { input: 'x', input_type: 5 }, 'input_type'],
  ])('is refused with %s', (_what, body, param) => {
    for (const wire of WIRES) {
      const refused = (() => {
        try {
          return open(wire, body).dropped;
        } catch (error) {
          return error;
        }
      })();
      expect(refused).toBeInstanceOf(Untranslatable);
      expect(refused).toMatchObject({ param });
    }
  });
});

describe('a large request for embeddings', () => {
  test('is written apart from what stays in its bytes, and its answer is read like any other', () => {
    const body = { model: 'called', input: TWO, encoding_format: 'base64', dimensions: 2, user: 'u' };
    const facts = { model: 'called', stream: false, outputCap: null, answers: 1, mediaParts: 0, mediaBytes: 0, wantsUsage: true };
    const translation: Translation = {
      client: 'openai-embeddings',
      upstream: 'cohere-embed',
      upstreamModel: 'up',
      outputCap: null,
      maxOutputTokens: null,
      facts: { ...facts, beyond: [], inputs: 2 },
    };
    const translated = requestToSend({ ...translation, body });
    expect(translated.dropped).toEqual(['user']);
    expect(translated.upstreamBody.toString()).toBe(open('cohere-embed', body).upstreamBody.toString());
    const exchange = openExchange({ ...translation, translated, body: { ...body, input: LEFT_IN_BYTES } });
    const said = (...vectors: readonly number[][]) =>
      exchange.whole(Buffer.from(JSON.stringify(ANSWERS['cohere-embed'](vectors)))).bytes.toString();
    expect(JSON.parse(said([1, 2], [3, 4])).data).toMatchObject([{ embedding: 'AACAPwAAAEA=' }, { index: 1 }]);
    expect(() => said([1, 2])).toThrow(UnreadableAnswer);
  });
});

describe('a recorded answer with embeddings', () => {
  const cases = [
    ['cohere-embed', recordingOf('cohere', 'cohere-embed', 'cohere-embedding'), TWO, 10, 'up'],
    ['voyage-embed', recordingOf('voyage', 'embeddings', 'voyage-embedding'), TWO, 12, 'voyage-3.5'],
    ['gemini-embed', recordingOf('gemini', 'gemini-embed', 'embedding-batch'), TWO, 4, 'up'],
    ['gemini-embed', recordingOf('gemini', 'gemini-embed', 'embedding-001'), ['x'], null, 'up'],
  ] as const;
  const vectorsIn = (bytes: Buffer): number[][] => {
    const { embeddings, data } = JSON.parse(bytes.toString());
    return (data ?? embeddings.float ?? embeddings).map((one: { embedding?: number[]; values?: number[] } | number[]) =>
      Array.isArray(one) ? one : (one.embedding ?? one.values),
    );
  };

  test.each(cases)('of %s is OpenAI’s, field by field', (wire, recording, input, tokens, model) => {
    const bytes = bytesOf(recording);
    const vectors = vectorsIn(bytes);
    const { bytes: said, facts } = open(wire, { input }).whole(bytes);
    const { usage, ...answer } = JSON.parse(said.toString());
    expect(answer).toEqual({
      ...{ object: 'list', model },
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    });
    const seen = { outputBytes: 0, finishes: 1, complete: true, error: null, usageImplausible: false };
    if (tokens === null) {
      expect(usage).toEqual({ prompt_tokens: expect.any(Number), total_tokens: usage.prompt_tokens, estimated: true });
      expect(facts).toMatchObject({ ...seen, usage: null, usageIsFinal: false });
      return;
    }
    expect(usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
    expect(facts).toMatchObject({ ...seen, usageIsFinal: true });
    expect(facts.usage?.input).toBe(tokens);
    expect(facts.usage?.output ?? 0).toBe(0);
  });

  test.each(cases)('of %s is 32-bit floats for a client that asks for base64', (wire, recording, input) => {
    const bytes = bytesOf(recording);
    const { data } = JSON.parse(open(wire, { input, encoding_format: 'base64' }).whole(bytes).bytes.toString());
    const read = data.map(({ embedding }: { embedding: string }) => {
      const raw = Buffer.from(embedding, 'base64');
      return Array.from({ length: raw.length / 4 }, (_, at) => raw.readFloatLE(at * 4));
    });
    expect(read).toEqual(vectorsIn(bytes).map((vector) => vector.map(Math.fround)));
  });
});

describe('an answer that is not to be believed', () => {
  const lists: readonly (readonly [string, readonly unknown[]])[] = [
    ['fewer vectors', [[1, 2]]],
    ['more vectors', [[1], [2], [3]]],
    ['none', []],
    ['vectors of several lengths', [[1, 2], [3]]],
    ['an empty vector', [[], []]],
    ['a vector that is none', [[1], 'x']],
    [
      'a null among numbers',
      [
        [1, null],
        [2, 3],
      ],
    ],
    [
      'a text among numbers',
      [
        [1, '2'],
        [2, 3],
      ],
    ],
    ['a number that 32 bits do not hold', [[1e39], [1]]],
    ['a vector of a million numbers', [new Array(1e6).fill(1), new Array(1e6).fill(1)]],
  ];

  test.each(lists)('because of %s', (_what, vectors) => {
    for (const wire of WIRES) expect(() => answered(wire, { input: TWO }, ANSWERS[wire](vectors))).toThrow(UnreadableAnswer);
  });

  test('because of numbers that only look like some', () => {
    for (const wire of WIRES) {
      const text = JSON.stringify(ANSWERS[wire]([[1], [2]]));
      expect(() => answered(wire, { input: TWO }, text.replace('[1]', '[1e999]'))).toThrow(UnreadableAnswer);
      expect(() => answered(wire, { input: TWO }, text.replace('[1]', '[NaN]'))).toThrow(UnreadableAnswer);
      for (const odd of ['', '[]', 'null', '{}', '{"embeddings":5,"data":{}}'])
        expect(() => answered(wire, { input: TWO }, odd)).toThrow(UnreadableAnswer);
    }
  });

  test('because its vectors are longer than what was asked for', () => {
    for (const wire of WIRES) {
      const answer = ANSWERS[wire]([[1, 2, 3]]);
      expect(() => answered(wire, { input: 'x', dimensions: 2 }, answer)).toThrow(UnreadableAnswer);
      expect(() => answered(wire, { input: 'x', dimensions: 3 }, answer)).not.toThrow();
    }
  });

  test('of Voyage may come in any order, and not with one index twice', () => {
    const data = [
      { embedding: [2], index: 1 },
      { embedding: [1], index: 0 },
    ];
    const said = JSON.parse(answered('voyage-embed', { input: TWO }, { data }).bytes.toString());
    expect(said.data.map(({ embedding }: { embedding: number[] }) => embedding)).toEqual([[1], [2]]);
    for (const index of [1, 7, -1, 0.5, '0'])
      expect(() => answered('voyage-embed', { input: TWO }, { data: [{ embedding: [1], index }, data[0]] })).toThrow(
        UnreadableAnswer,
      );
  });

  test.each<[EmbeddingWire, JsonObject, unknown]>([
    ['cohere-embed', { meta: { billed_units: { input_tokens: 10 } } }, { input: 10 }],
    ['cohere-embed', { meta: { billed_units: {} } }, null],
    ['cohere-embed', { meta: 5 }, null],
    ['cohere-embed', { meta: { billed_units: { input_tokens: -1 } } }, 'implausible'],
    ['cohere-embed', { meta: { billed_units: { input_tokens: 1e10 } } }, 'implausible'],
    ['voyage-embed', { usage: { total_tokens: 12 } }, { input: 12, output: 0 }],
    ['voyage-embed', { usage: { total_tokens: '12' } }, 'implausible'],
    ['gemini-embed', { usageMetadata: { promptTokenCount: 4 } }, { input: 4 }],
    ['gemini-embed', { usage_metadata: { prompt_token_count: 4 } }, { input: 4 }],
    ['gemini-embed', {}, null],
    ['gemini-embed', { usageMetadata: { promptTokenCount: 0.5 } }, 'implausible'],
  ])('has its usage read within bounds: %s %j', (wire, answer, want) => {
    expect(usageOf(wire, answer)).toEqual(want);
  });

  test('with impossible usage is estimated', () => {
    const answer = { ...ANSWERS['cohere-embed']([[1]]), meta: { billed_units: { input_tokens: 1e12 } } };
    const { bytes, facts } = answered('cohere-embed', { input: 'x' }, answer);
    expect(facts).toMatchObject({ usage: null, usageImplausible: true });
    expect(JSON.parse(bytes.toString()).usage).toMatchObject({ estimated: true });
  });
});
