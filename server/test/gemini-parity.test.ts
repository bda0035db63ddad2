import { describe, expect, it } from 'vitest';
import type { InboundWire } from '../src/dialects/dialect.ts';
import { type ChatKind, type Meaning, meaningOf } from './answer-meaning.ts';
import { exchangeOf } from './exchanges.ts';
import { answersOf, bytesOf, type Recording } from './recordings.ts';

const WIRES: Record<ChatKind, InboundWire> = {
  chat: 'openai-chat',
  messages: 'anthropic-messages',
  responses: 'openai-responses',
  gemini: 'gemini',
};
const KINDS: readonly ChatKind[] = ['chat', 'messages', 'responses', 'gemini'];

/** A body of each dialect, of a client that asks for everything an answer can have. */
function bodyFor(kind: ChatKind, stream: boolean) {
  if (kind === 'gemini') return { stream, contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  if (kind === 'responses') return { stream, input: 'hi', include: ['reasoning.encrypted_content'] };
  const messages = [{ role: 'user', content: 'hi' }];
  return kind === 'chat' ? { stream, messages, stream_options: { include_usage: true } } : { stream, messages, max_tokens: 1024 };
}

const kindOf = ({ kind }: Recording): ChatKind => (kind.endsWith('generate-content') ? 'gemini' : (kind as ChatKind));

/** The recorded answer as a client of `kind` receives it, the stream cut into pieces of `step` bytes. */
function answered(recording: Recording, kind: ChatKind, step: number, bytes = bytesOf(recording)) {
  const exchange = exchangeOf(WIRES[kind], WIRES[kindOf(recording)], bodyFor(kind, recording.stream));
  if (!recording.stream) return exchange.whole(bytes);
  const answer = exchange.stream();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(answer.push(bytes.subarray(at, at + step)));
  out.push(answer.end({ clean: true }));
  return { bytes: Buffer.concat(out), facts: answer.facts() };
}

const PARTIAL = /stream-tool-call/;
const contents = [...answersOf('gemini', 'generate-content'), ...answersOf('gemini', 'stream-generate-content')];
const SEVERAL_ANSWERS =
  /programmatic-tool-calling\.1\.chunks|tool-search-deferred-(bm25|regex)\.chunks|tool-search-regex\.1\.chunks/;
const others = [
  ...answersOf('openai', 'chat'),
  ...answersOf('anthropic', 'messages'),
  ...answersOf('openai', 'responses'),
].filter(({ response }) => !SEVERAL_ANSWERS.test(response) && !response.includes('openai-error'));

/** Tokens of the prompt, with those from and to a cache. */
function promptOf({ input, cache }: Meaning): number {
  return (input ?? 0) + cache;
}

describe('every recorded answer of Gemini says the same in all four dialects', () => {
  it('covers at least 26 answers, 17 of them streamed', () => {
    expect(contents.length).toBeGreaterThanOrEqual(26);
    expect(contents.filter(({ stream }) => stream).length).toBeGreaterThanOrEqual(17);
  });

  it.each(contents.flatMap((recording) => KINDS.map((kind) => [recording.response, kind, recording] as const)))(
    '%s as %s',
    (_name, kind, recording) => {
      const recorded = bytesOf(recording);
      const want = meaningOf('gemini', recording.stream, recorded);
      const { bytes, facts } = answered(recording, kind, 10_000);
      const got = meaningOf(kind, recording.stream, bytes);
      expect(got.text).toBe(want.text);
      if (!PARTIAL.test(recording.response)) expect(got.tools).toEqual(want.tools);
      else expect(got.tools.map(([name]) => name)).toEqual(want.tools.map(([name]) => name));
      expect(got.output ?? 0).toBe(want.output ?? 0);
      expect(promptOf(got)).toBe(promptOf(want));
      expect(got.stop).toEqual(expect.any(String));
      expect(facts).toMatchObject({ complete: true, error: null });
      if (kind === 'gemini') expect(bytes.equals(recorded)).toBe(true);
      if (recording.stream) expect(answered(recording, kind, 1).bytes.equals(bytes)).toBe(true);
    },
  );
});

describe('every recorded answer of the other dialects says the same in Gemini’s', () => {
  it.each(others.map((recording) => [recording.response, recording] as const))('%s', (_name, recording) => {
    const want = meaningOf(kindOf(recording), recording.stream, bytesOf(recording));
    const { bytes, facts } = answered(recording, 'gemini', 10_000);
    const got = meaningOf('gemini', recording.stream, bytes);
    expect({ text: got.text, tools: got.tools }).toEqual({ text: want.text, tools: want.tools });
    if (want.output !== undefined) expect(got.output).toBe(want.output);
    if (want.input !== undefined) expect(promptOf(got)).toBe(promptOf(want));
    expect(facts.complete).toBe(true);
    if (recording.stream) expect(answered(recording, 'gemini', 1).bytes.equals(bytes)).toBe(true);
  });
});
