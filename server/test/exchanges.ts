/** What tests of dialects share: an exchange for a body, a stream run through, events written and read. */
import type { AnswerStream, Exchange, InboundWire, JsonObject, Wire } from '../src/dialects/dialect.ts';
import { openExchange, readFacts } from '../src/dialects/exchange.ts';
import type { Quirks } from '../src/domain/presets/preset.ts';

export interface ExchangeNames {
  readonly upstreamModel?: string;
  readonly outputCap?: number;
  readonly maxOutputTokens?: number;
  readonly isStrict?: boolean;
  readonly capField?: 'max_tokens' | 'max_completion_tokens';
  /** The received bytes, if they are the body's. */
  readonly ourBytes?: Buffer;
  /** The differences of a preset's vendor. */
  readonly quirks?: Quirks;
  /** The form of a stream of Gemini's. */
  readonly framing?: 'events' | 'array';
}

/** An exchange for a request to the model `called`, at a fixed time. Throws when the request is not one to serve. */
export function exchangeOf(client: InboundWire, upstream: Wire, more: JsonObject, names: ExchangeNames = {}): Exchange {
  // Gemini's bodies name neither a model nor a stream.
  const { stream: _stream, ...gemini } = more;
  const body: JsonObject = client.startsWith('gemini') ? gemini : { model: 'called', ...more };
  const called = { model: 'called', stream: more.stream === true, framing: names.framing ?? 'events' } as const;
  const reading = readFacts(client, body, undefined, called);
  if (!reading.ok) throw new Error(reading.problem.message);
  return openExchange({
    client: client as InboundWire,
    upstream,
    body,
    facts: reading.facts,
    upstreamModel: names.upstreamModel ?? 'up',
    outputCap: names.outputCap ?? null,
    maxOutputTokens: names.maxOutputTokens ?? null,
    createdAtMs: 1_700_000_000_999,
    ourBytes: names.ourBytes ?? null,
    capField: names.capField ?? null,
    quirks: names.quirks ?? null,
    isStrict: names.isStrict ?? false,
  });
}

/** What the upstream is sent. */
export function sentTo(client: InboundWire, upstream: Wire, body: JsonObject, names: ExchangeNames): JsonObject {
  return JSON.parse(exchangeOf(client, upstream, body, names).upstreamBody.toString()) as JsonObject;
}

/** All a client gets of a stream whose bytes come in pieces of `step`. */
export function run(stream: AnswerStream, bytes: Buffer, step = bytes.length): string {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(stream.push(bytes.subarray(at, at + step)));
  return Buffer.concat([...out, stream.end({ clean: true })]).toString();
}

export function anthropicSse(events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
}

export function chatSse(chunks: readonly unknown[]): Buffer {
  return Buffer.from([...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((line) => `data: ${line}\n\n`).join(''));
}

/** The delta of a chat chunk's first choice. */
export function deltaOf(chunk: JsonObject): JsonObject {
  return (chunk.choices as { delta?: JsonObject }[])[0]?.delta ?? {};
}
