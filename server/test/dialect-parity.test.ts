import { describe, expect, it } from 'vitest';
import type { InboundWire, JsonObject, Wire } from '../src/dialects/dialect.ts';
import { openExchange, readFacts } from '../src/dialects/exchange.ts';
import { meaningOf } from './answer-meaning.ts';
import { answersOf, bytesOf, justified, pairs, type Recording } from './recordings.ts';

type Kind = 'chat' | 'messages';
const WIRES: Record<Kind, InboundWire> = { chat: 'openai-chat', messages: 'anthropic-messages' };
/** The wire of a recorded answer. */
const wireOf = ({ kind }: Recording): Wire => (kind === 'cohere-chat' ? kind : WIRES[kind as Kind]);

function exchange(client: InboundWire, upstream: Wire, body: JsonObject, upstreamModel = 'claude-sonnet-4-5') {
  const reading = readFacts(client, body);
  if (!reading.ok) throw new Error(reading.problem.message);
  const { facts } = reading;
  return openExchange({
    client,
    upstream,
    body,
    facts,
    upstreamModel,
    outputCap: null,
    maxOutputTokens: null,
    // The same for both readings of a recording, whatever second they fall into.
    createdAtMs: 1_700_000_000_000,
  });
}

/** The recorded answer as a client of `kind` receives it, the stream cut into pieces of `step` bytes. */
function answered(recording: Recording, kind: Kind, step: number) {
  const body = {
    model: 'called',
    max_tokens: 1024,
    stream: recording.stream,
    messages: [{ role: 'user', content: 'hi' }],
    stream_options: { include_usage: true },
  };
  const { whole, stream } = exchange(WIRES[kind], wireOf(recording), body);
  const bytes = bytesOf(recording);
  if (!recording.stream) return whole(bytes);
  const answer = stream();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(answer.push(bytes.subarray(at, at + step)));
  out.push(answer.end({ clean: true }));
  return { bytes: Buffer.concat(out), facts: answer.facts() };
}

/**
 * Four files hold several answers one after another, as no provider sends them: the steps of one conversation, recorded as one stream. Translated,
 * an answer ends at its own end, so it is held against the first. (A comparison over the whole file takes later answers' blocks for the first one's.)
 */
const SEVERAL_ANSWERS =
  /programmatic-tool-calling\.1\.chunks|tool-search-deferred-(bm25|regex)\.chunks|tool-search-regex\.1\.chunks/;

function firstAnswer(bytes: Buffer, kind: Kind, recording: Recording): Buffer {
  if (kind === recording.kind || !SEVERAL_ANSWERS.test(recording.response)) return bytes;
  const end = 'data: {"type":"message_stop"}\n\n';
  return bytes.subarray(0, bytes.indexOf(end) + end.length);
}

const recorded = [...answersOf('openai', 'chat'), ...answersOf('anthropic', 'messages')];
const cases = recorded.flatMap((recording) =>
  (['chat', 'messages'] as const).map((kind) => [recording.response, kind, recording] as const),
);

describe('every recorded answer says the same in both dialects', () => {
  it('covers at least 17 answers of OpenAI and 45 of Anthropic', () => {
    expect(answersOf('openai', 'chat').length).toBeGreaterThanOrEqual(17);
    expect(answersOf('anthropic', 'messages').length).toBeGreaterThanOrEqual(45);
  });

  it.each(cases)('%s as %s', (_name, kind, recording) => {
    const want = meaningOf(recording.kind as Kind, recording.stream, firstAnswer(bytesOf(recording), kind, recording));
    const { bytes, facts } = answered(recording, kind, 10_000);
    const got = meaningOf(kind, recording.stream, bytes);
    expect(got.text).toBe(want.text);
    expect(got.tools).toEqual(want.tools);
    if (want.output !== undefined) expect(got.output).toBe(want.output);
    // OpenAI's prompt tokens include what came from a cache, Anthropic's do not.
    if (want.input !== undefined) {
      const sum = kind === 'chat' && recording.kind === 'messages' ? want.input + want.cache : want.input;
      expect((got.input ?? 0) + (kind === 'messages' && recording.kind === 'chat' ? got.cache : 0)).toBe(sum);
    }
    if (want.stop !== null) expect(got.stop).toEqual(expect.any(String));
    expect(facts.complete).toBe(true);
    if (recording.stream) expect(answered(recording, kind, 1).bytes.equals(bytes)).toBe(true);
  });
});

describe('other OpenAI-compatible answers read as messages', () => {
  const vendors = [
    'azure',
    'deepseek',
    'groq',
    'mistral',
    'moonshotai',
    'openai-compatible',
    'openrouter',
    'perplexity',
    'gemini',
  ];
  const answers = vendors.flatMap((vendor) => answersOf(vendor, 'chat'));
  it.each(answers.map((recording) => [recording.response, recording] as const))('%s', (_name, recording) => {
    const want = meaningOf('chat', recording.stream, bytesOf(recording));
    const { bytes, facts } = answered(recording, 'messages', 1000);
    if (facts.error !== null) {
      expect(bytes.toString()).toContain('event: error');
      expect(bytes.toString()).not.toContain('message_stop');
      return;
    }
    const got = meaningOf('messages', recording.stream, bytes);
    expect({ text: got.text, tools: got.tools }).toEqual({ text: want.text, tools: want.tools });
  });
});

describe('Cohere’s answers read as chat completions and as messages', () => {
  const answers = answersOf('cohere', 'cohere-chat');
  const both = answers.flatMap((recording) =>
    (['chat', 'messages'] as const).map((kind) => [recording.response, kind, recording] as const),
  );

  it('covers nine answers', () => expect(answers).toHaveLength(9));

  it.each(both)('%s as %s', (_name, kind, recording) => {
    const want = meaningOf('cohere', recording.stream, bytesOf(recording));
    const { bytes, facts } = answered(recording, kind, 1000);
    const got = meaningOf(kind, recording.stream, bytes);
    expect({ text: got.text, tools: got.tools }).toEqual({ text: want.text, tools: want.tools });
    expect([got.input, got.output, facts.complete]).toEqual([want.input, want.output, true]);
    expect(got.stop).toEqual(expect.any(String));
    if (recording.stream) expect(answered(recording, kind, 1).bytes.equals(bytes)).toBe(true);
  });
});

describe('requests translate at least what another gateway translates', () => {
  const apis: Record<string, InboundWire> = {
    completions: 'openai-chat',
    messages: 'anthropic-messages',
    'count-tokens': 'anthropic-count-tokens',
    embeddings: 'openai-embeddings',
    anthropic: 'anthropic-messages',
    openai: 'openai-embeddings',
  };
  const requests = pairs.filter((pair) => pair.direction === 'request' && typeof pair.expected === 'object');
  it.each(requests.map((pair) => [`${pair.input_api} → ${pair.target}: ${pair.case}`, pair] as const))('%s', (_name, pair) => {
    const client = apis[pair.input_api] as InboundWire;
    const upstream = pair.input_api === 'count-tokens' ? client : (apis[pair.target] as Wire);
    const model = upstream === 'openai-chat' ? 'gpt-5-nano' : 'claude-sonnet-4-5';
    const sent = JSON.parse(exchange(client, upstream, { ...pair.input, model }, model).upstreamBody.toString());
    const missing = paths(pair.expected).filter((path) => !paths(sent).includes(path) && !justified[`${pair.case} ${path}`]);
    expect(missing).toEqual([]);
  });
});

const IGNORED = new Set(['/model', '/stream', '/max_tokens', '/anthropic_version']);

/** The paths of all values but null, as that gateway's own comparison names them. */
function paths(value: unknown, at = ''): string[] {
  if (value === null || value === undefined || IGNORED.has(at)) return [];
  return typeof value === 'object' ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}/${key}`)) : [at];
}
