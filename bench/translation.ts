/**
 * Measures what a translation costs: the work of this process for a call and for a chunk of a stream, from each dialect to each wire,
 * divided by the same of the dialect's own wire.
 * Run: node bench/translation.ts [--rounds=9]
 */
import type { JsonObject, Wire } from '../server/src/dialects/dialect.ts';
import { chatSse, exchangeOf } from '../server/test/exchanges.ts';

const WIRES = ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini'] as const satisfies readonly Wire[];
type Dialect = (typeof WIRES)[number];
const ROUNDS = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? '9');
const CALLS = 2_000;
const CHUNKS = 200;
const STREAMS = 50;
const TEXT = 'Some words of an answer. ';

const turns = (textOf: (role: string, text: string) => JsonObject): JsonObject[] =>
  Array.from({ length: 6 }, (_, at) => textOf(at % 2 === 0 ? 'user' : 'assistant', TEXT.repeat(8)));

/** A conversation of six turns in each dialect. */
const BODIES: Readonly<Record<Dialect, JsonObject>> = {
  'openai-chat': { max_tokens: 400, messages: turns((role, content) => ({ role, content })) },
  'anthropic-messages': { max_tokens: 400, messages: turns((role, content) => ({ role, content })) },
  'openai-responses': { max_output_tokens: 400, input: turns((role, content) => ({ role, content })) },
  gemini: {
    generationConfig: { maxOutputTokens: 400 },
    contents: turns((role, text) => ({ role: role === 'assistant' ? 'model' : 'user', parts: [{ text }] })),
  },
};

const USAGE = { prompt_tokens: 300, completion_tokens: CHUNKS, total_tokens: 300 + CHUNKS };
const ANSWER = { id: 'chatcmpl-1', created: 1, model: 'up' };
const WHOLE = Buffer.from(
  JSON.stringify({
    ...ANSWER,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: TEXT.repeat(40) }, finish_reason: 'stop' }],
    usage: USAGE,
  }),
);
const chunk = (choices: JsonObject[], more: JsonObject = {}) => ({
  ...ANSWER,
  object: 'chat.completion.chunk',
  choices,
  ...more,
});
const STREAM = chatSse([
  ...Array.from({ length: CHUNKS }, () =>
    chunk([{ index: 0, delta: { role: 'assistant', content: TEXT }, finish_reason: null }]),
  ),
  chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
  chunk([], { usage: USAGE }),
]);

/** Returns the answers as a provider of that wire gives them: what a client of the same dialect is given of a chat's. */
function answersOn(wire: Dialect): { readonly whole: Buffer; readonly events: readonly Buffer[] } {
  if (wire === 'openai-chat') return { whole: WHOLE, events: eventsOf(STREAM) };
  const { bytes: whole } = exchangeOf(wire, 'openai-chat', BODIES[wire]).whole(WHOLE);
  const stream = exchangeOf(wire, 'openai-chat', { ...BODIES[wire], stream: true }).stream();
  return { whole, events: eventsOf(Buffer.concat([stream.push(STREAM), stream.end({ clean: true })])) };
}

function eventsOf(stream: Buffer): readonly Buffer[] {
  return stream
    .toString()
    .split(/(?<=\n\n)/)
    .map((event) => Buffer.from(event));
}

/** Microseconds for a call: its request is read and written, and its answer. */
function callUs(client: Dialect, wire: Dialect, answer: Buffer): number {
  const begunMs = performance.now();
  for (let at = 0; at < CALLS; at += 1) exchangeOf(client, wire, BODIES[client]).whole(answer);
  return ((performance.now() - begunMs) * 1_000) / CALLS;
}

/** Microseconds for a chunk of a stream. */
function chunkUs(client: Dialect, wire: Dialect, events: readonly Buffer[]): number {
  let ms = 0;
  for (let at = 0; at < STREAMS; at += 1) {
    const stream = exchangeOf(client, wire, { ...BODIES[client], stream: true }).stream();
    const begunMs = performance.now();
    for (const event of events) stream.push(event);
    ms += performance.now() - begunMs;
  }
  return (ms * 1_000) / (STREAMS * events.length);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const pairs = WIRES.flatMap((client) =>
  WIRES.map((wire) => ({ client, wire, ...answersOn(wire), calls: [] as number[], chunks: [] as number[] })),
);
// The first round is for the compiler.
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const pair of pairs) {
    const [call, piece] = [callUs(pair.client, pair.wire, pair.whole), chunkUs(pair.client, pair.wire, pair.events)];
    if (round > 0) pair.calls.push(call);
    if (round > 0) pair.chunks.push(piece);
  }
}
for (const { client, wire, calls, chunks } of pairs) {
  const own = pairs.find((pair) => pair.client === client && pair.wire === client);
  const [call, piece] = [median(calls), median(chunks)];
  const ratios = `call × ${(call / median(own?.calls ?? [])).toFixed(2)}, chunk × ${(piece / median(own?.chunks ?? [])).toFixed(2)}`;
  console.log(
    `${client} on ${wire}: call ${call.toFixed(1)} µs, chunk ${piece.toFixed(2)} µs${client === wire ? ' (native)' : `, ${ratios}`}`,
  );
}
