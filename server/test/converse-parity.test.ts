import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InboundWire, JsonObject } from '../src/dialects/dialect.ts';
import { type ChatKind, meaningOf } from './answer-meaning.ts';
import { exchangeOf, sentTo } from './exchanges.ts';
import { answersOf, bytesOf, type Recording } from './recordings.ts';

const WIRES: Record<ChatKind, InboundWire> = {
  chat: 'openai-chat',
  messages: 'anthropic-messages',
  responses: 'openai-responses',
  gemini: 'gemini',
};
const KINDS = Object.keys(WIRES) as ChatKind[];

function bodyFor(kind: ChatKind, stream: boolean): JsonObject {
  if (kind === 'gemini') return { stream, contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  if (kind === 'responses') return { stream, input: 'hi' };
  const messages = [{ role: 'user', content: 'hi' }];
  return kind === 'chat' ? { stream, messages, stream_options: { include_usage: true } } : { stream, messages, max_tokens: 1024 };
}

/** The recorded answer as a client of `kind` receives it, the stream cut into pieces of `step` bytes. */
function answered(recording: Recording, kind: ChatKind, step: number) {
  const exchange = exchangeOf(WIRES[kind], 'bedrock-converse', bodyFor(kind, recording.stream));
  const bytes = bytesOf(recording);
  if (!recording.stream) return exchange.whole(bytes);
  const answer = exchange.stream();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(answer.push(bytes.subarray(at, at + step)));
  out.push(answer.end({ clean: true }));
  return { bytes: Buffer.concat(out), facts: answer.facts() };
}

const recorded = [...answersOf('bedrock', 'converse'), ...answersOf('bedrock', 'converse-stream')];
const cases = recorded.flatMap((recording) => KINDS.map((kind) => [recording.response, kind, recording] as const));

describe('every recorded answer of Converse says the same in each dialect', () => {
  it('is there to be read: 16 that were kept as JSON, 4 as frames', () => expect(recorded).toHaveLength(20));

  it.each(cases)('%s as %s', (_name, kind, recording) => {
    const want = meaningOf('converse', recording.stream, bytesOf(recording));
    const { bytes, facts } = answered(recording, kind, 10_000);
    const got = meaningOf(kind, recording.stream, bytes);
    expect([got.text, got.tools]).toEqual([want.text, want.tools]);
    if (want.output !== undefined) expect(got.output).toBe(want.output);
    if (want.input !== undefined) expect((got.input ?? 0) + got.cache).toBe(want.input + want.cache);
    expect(got.stop).toEqual(expect.any(String));
    expect(facts.complete).toBe(true);
    if (recording.stream) expect(answered(recording, kind, 1).bytes.equals(bytes)).toBe(true);
  });
});

const fileOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`./recorded/cassettes/bedrock/${name}.request.json`, import.meta.url), 'utf8')) as JsonObject;

/** Removes what says nothing: the library that recorded it sends empty instructions and settings. */
function withoutEmpty(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => typeof value !== 'object' || Object.keys(value ?? {}).length > 0),
  );
}

const city = {
  additionalProperties: false,
  properties: { city: { type: 'string' }, country: { type: 'string' }, population: { type: 'integer' } },
  required: ['city', 'country', 'population'],
  type: 'object',
};
const formatted = { response_format: { type: 'json_schema', json_schema: { name: 'CityInfo', schema: city } } };
const lookup = {
  type: 'function',
  function: {
    name: 'lookup_population',
    strict: true,
    parameters: { additionalProperties: false, properties: { city: { type: 'string' } }, required: ['city'], type: 'object' },
  },
};
const expenses = {
  type: 'function',
  function: { name: 'get_expenses', parameters: { additionalProperties: false, properties: {}, type: 'object' } },
};
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

describe('requests are those that Bedrock was recorded to accept', () => {
  it.each<[string, string, JsonObject]>([
    [
      'converse/bedrock-inference-profile-converse',
      CLAUDE,
      { messages: [{ role: 'user', content: 'Say "hello" and nothing else.' }] },
    ],
    [
      'converse/bedrock-thinking-true-openai-variant',
      'openai.gpt-oss-120b-1:0',
      { messages: [{ role: 'user', content: 'Reply with the single word: ok' }], reasoning_effort: 'medium' },
    ],
    [
      'converse-stream/stream-cancel',
      'us.amazon.nova-micro-v1:0',
      {
        stream: true,
        temperature: 0,
        messages: [
          { role: 'system', content: 'You are a helpful chatbot.' },
          { role: 'user', content: 'What is the capital of France?' },
        ],
      },
    ],
    [
      'converse-stream/bedrock-native-output-stream',
      CLAUDE,
      {
        ...formatted,
        stream: true,
        messages: [{ role: 'user', content: 'What is the capital of France? Give me the city name, country, and population.' }],
      },
    ],
    [
      'converse/bedrock-strict-tool-with-native-output',
      CLAUDE,
      {
        ...formatted,
        tools: [lookup],
        tool_choice: 'auto',
        messages: [{ role: 'user', content: 'Give me details about Paris including its population' }],
      },
    ],
    [
      'converse/bedrock-writer-tool-result-followed-by-text-accepted',
      'us.writer.palmyra-x4-v1:0',
      {
        tools: [expenses],
        messages: [
          { role: 'user', content: 'show me my expenses' },
          {
            role: 'assistant',
            tool_calls: [{ id: 't1', type: 'function', function: { name: 'get_expenses', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: 't1', content: 'ok' },
          { role: 'user', content: 'Thanks. Now just say the word DONE.' },
        ],
      },
    ],
  ])('%s', (name, upstreamModel, body) => {
    const want = withoutEmpty(fileOf(name));
    const sent = sentTo('openai-chat', 'bedrock-converse', body, { upstreamModel });
    expect(comparable(sent)).toEqual(comparable(want));
  });
});

/** Returns a request with its schema as JSON, and without the description that chat requests of ours do not have. */
function comparable(body: JsonObject): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value: unknown) => {
      if (key === 'schema' && typeof value === 'string') return JSON.parse(value) as unknown;
      return key === 'description' ? undefined : value;
    }),
  );
}
