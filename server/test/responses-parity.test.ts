import { describe, expect, it } from 'vitest';
import type { InboundWire } from '../src/dialects/dialect.ts';
import { type ChatKind, type Meaning, meaningOf } from './answer-meaning.ts';
import { exchangeOf } from './exchanges.ts';
import { answersOf, bytesOf, type Recording } from './recordings.ts';
import { jsonEventsIn } from './support/event-stream.ts';

const WIRES: Record<ChatKind, InboundWire> = {
  chat: 'openai-chat',
  messages: 'anthropic-messages',
  responses: 'openai-responses',
  gemini: 'gemini',
};
const KINDS: readonly ChatKind[] = ['chat', 'messages', 'responses'];

/** A body of each dialect, of a client that asks for everything an answer can have. */
function bodyFor(kind: ChatKind, stream: boolean) {
  const common = { model: 'called', stream };
  if (kind === 'responses') return { ...common, input: 'hi', include: ['reasoning.encrypted_content'] };
  const messages = [{ role: 'user', content: 'hi' }];
  return kind === 'chat'
    ? { ...common, messages, stream_options: { include_usage: true } }
    : { ...common, messages, max_tokens: 1024 };
}

/** The recorded answer as a client of `kind` receives it, the stream cut into pieces of `step` bytes. */
function answered(recording: Recording, kind: ChatKind, step: number, bytes = bytesOf(recording)) {
  const exchange = exchangeOf(WIRES[kind], WIRES[recording.kind as ChatKind], bodyFor(kind, recording.stream));
  if (!recording.stream) return exchange.whole(bytes);
  const answer = exchange.stream();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(answer.push(bytes.subarray(at, at + step)));
  out.push(answer.end({ clean: true }));
  return { bytes: Buffer.concat(out), facts: answer.facts() };
}

const responses = ['openai', 'azure', 'open-responses', 'openrouter']
  .flatMap((provider) => answersOf(provider, 'responses'))
  .filter(({ response }) => !response.includes('openai-error'));
const SEVERAL_ANSWERS =
  /programmatic-tool-calling\.1\.chunks|tool-search-deferred-(bm25|regex)\.chunks|tool-search-regex\.1\.chunks/;
const others = [...answersOf('openai', 'chat'), ...answersOf('anthropic', 'messages')].filter(
  ({ response }) => !SEVERAL_ANSWERS.test(response),
);

/** Tokens of the prompt, with those from and to a cache. */
function promptOf({ input, cache }: Meaning): number {
  return (input ?? 0) + cache;
}

describe('every recorded response says the same in all three dialects', () => {
  it('covers at least 44 responses of four providers, 18 of them streamed', () => {
    expect(responses.length).toBeGreaterThanOrEqual(44);
    expect(new Set(responses.map(({ provider }) => provider)).size).toBe(4);
    expect(responses.filter(({ stream }) => stream).length).toBeGreaterThanOrEqual(18);
  });

  it.each(responses.flatMap((recording) => KINDS.map((kind) => [recording.response, kind, recording] as const)))(
    '%s as %s',
    (_name, kind, recording) => {
      const recorded = bytesOf(recording);
      const want = meaningOf('responses', recording.stream, recorded);
      const { bytes, facts } = answered(recording, kind, 10_000);
      const got = meaningOf(kind, recording.stream, bytes);
      expect({ text: got.text, tools: got.tools }).toEqual({ text: want.text, tools: want.tools });
      expect(got.output).toBe(want.output);
      expect(promptOf(got)).toBe(promptOf(want));
      expect(got.stop).toEqual(expect.any(String));
      expect(facts.complete).toBe(true);
      if (kind === 'responses') expect(bytes.equals(recorded)).toBe(true);
      if (recording.stream) expect(answered(recording, kind, 1).bytes.equals(bytes)).toBe(true);
    },
  );
});

describe('every recorded answer of the other dialects says the same as a response', () => {
  it.each(others.map((recording) => [recording.response, recording] as const))('%s', (_name, recording) => {
    const want = meaningOf(recording.kind as ChatKind, recording.stream, bytesOf(recording));
    const { bytes, facts } = answered(recording, 'responses', 10_000);
    const got = meaningOf('responses', recording.stream, bytes);
    expect({ text: got.text, tools: got.tools }).toEqual({ text: want.text, tools: want.tools });
    if (want.output !== undefined) expect(got.output).toBe(want.output);
    if (want.input !== undefined) expect(promptOf(got)).toBe(promptOf(want));
    expect(facts.complete).toBe(true);
    if (!recording.stream) return;
    expect(answered(recording, 'responses', 1).bytes.equals(bytes)).toBe(true);
    const events = jsonEventsIn(bytes.toString());
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at));
    expect(bytes.toString()).not.toContain('[DONE]');
  });
});

describe('a stream that is cut anywhere', () => {
  const streams = [...responses, ...others].filter(({ stream }) => stream);
  const cases = streams.flatMap((recording) =>
    (recording.kind === 'responses' ? KINDS : (['responses'] as const)).map(
      (kind) => [recording.response, kind, recording] as const,
    ),
  );

  it.each(cases)('%s as %s never ends as if it were whole, and reports no more than it used', (_name, kind, recording) => {
    const all = bytesOf(recording);
    const end = answered(recording, kind, all.length).facts;
    // Every byte of a short stream, and every 97th of a long one.
    const step = all.length < 6_000 ? 1 : 97;
    for (let cut = 0; cut < all.length; cut += step) {
      const { bytes, facts } = answered(recording, kind, 1_000, all.subarray(0, cut));
      if (facts.complete) {
        // Only what comes after the last report can be missing: white space, or further events of a complete answer.
        expect(facts.usage ?? end.usage).toEqual(end.usage);
        continue;
      }
      expect(facts.error).not.toBeNull();
      const text = bytes.toString();
      expect(text).not.toMatch(/data: \[DONE\]|"type":"message_stop"|"type":"response\.(?:completed|incomplete)"/);
      if (facts.usageIsFinal) expect(facts.usage).toEqual(end.usage);
      expect(facts.outputBytes).toBeLessThanOrEqual(end.outputBytes);
    }
  });
});
