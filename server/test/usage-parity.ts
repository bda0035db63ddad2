/** Usage as we read it, priced as we price it, held against what `@pydantic/genai-prices` makes of the same answer. */
import { calcPrice, extractUsage, findProvider, type Usage as TheirUsage } from '@pydantic/genai-prices';
import type { AnswerFacts, InboundWire, JsonObject, Wire } from '../src/dialects/dialect.ts';
import { openExchange } from '../src/dialects/exchange.ts';
import { costNanoUsd, withRequestFee } from '../src/domain/money/price.ts';
import type { Usage, UsageBucket, UsageUnit } from '../src/domain/usage/usage.ts';
import { listPriceOf } from '../src/providers/price-table.ts';
import { bytesOf, type Recording } from './recordings.ts';
import { jsonEventsIn } from './support/event-stream.ts';

export interface UsageParity {
  readonly model: string;
  readonly usage: Usage | null;
  /** Null: their table has no price for the model, or the answer reports no usage. */
  readonly ours: bigint | null;
  readonly theirsUsd: number | null;
}

/** Answers that are billed by other units than tokens, or not in JSON. They have tests of their own in walk/. */
export const MEDIA: ReadonlySet<string> = new Set(['rerank', 'image', 'images', 'audio-transcriptions', 'audio-translations']);

/** Answers that are billed by other units have no wire here. */
const WIRES: Readonly<Partial<Record<Recording['kind'], Wire>>> = {
  chat: 'openai-chat',
  messages: 'anthropic-messages',
  completions: 'openai-completions',
  responses: 'openai-responses',
  'responses-compact': 'openai-compact',
  'generate-content': 'gemini',
  'stream-generate-content': 'gemini',
  'cohere-chat': 'cohere-chat',
  'cohere-embed': 'cohere-embed',
  'gemini-embed': 'gemini-embed',
  embeddings: 'openai-embeddings',
  'count-tokens': 'anthropic-count-tokens',
  converse: 'bedrock-converse',
  'converse-stream': 'bedrock-converse',
  invoke: 'anthropic-messages',
};

/** Their name for a provider; the compatible recordings are xAI's. */
const PROVIDERS: Readonly<Record<string, string>> = { 'openai-compatible': 'x-ai', gemini: 'google', bedrock: 'aws' };

export function usageParity(recording: Recording): UsageParity {
  const facts = factsOf(recording);
  const answer = lastReport(recording);
  const provider = findProvider({ providerId: PROVIDERS[recording.provider] ?? recording.provider });
  const model = String(answer.model ?? answer.modelVersion ?? modelCalled(recording));
  const theirs = provider === undefined ? null : theirUsage(provider, recording, answer);
  const timestamp = new Date(
    typeof (answer.created ?? answer.created_at) === 'number'
      ? Number(answer.created ?? answer.created_at) * 1000
      : '2026-06-01T00:00:00Z',
  );
  const found = provider === undefined || theirs === null ? null : calcPrice(theirs, model, { provider, timestamp });
  if (found === null || facts.usage === null) return { model, usage: facts.usage, ours: null, theirsUsd: null };
  const price = { id: 'table', effectiveFromMs: 0, ...listPriceOf(found.model_price) };
  const ours = costNanoUsd(withRequestFee(facts.usage, price), price, facts.serviceTier || null);
  return { model, usage: facts.usage, ours, theirsUsd: found.total_price };
}

/** Prices for answers that their table does not know: 1, 0.10, 1.25 and 10 USD for a million tokens. Reasoning costs what output costs. */
const HAND_PRICE = {
  id: 'by hand',
  effectiveFromMs: 0,
  perMillion: { input: 1e9, cached_input: 1e8, cache_write: 1.25e9, output: 1e10 },
};

/** Returns the cost of usage at the prices for which `costs-by-hand.json` has costs, in nano-dollars. */
export function costByHandPrice(usage: Usage): bigint {
  return costNanoUsd(usage, HAND_PRICE);
}

/** Returns the model that Bedrock's addresses name, because its answers do not; undefined if the address was not kept. */
function modelCalled({ url }: Recording): string | undefined {
  const model = url === undefined ? undefined : /\/model\/([^/]+)\//.exec(url)?.[1];
  return model === undefined ? undefined : decodeURIComponent(model);
}

function factsOf(recording: Recording): AnswerFacts {
  const wire = WIRES[recording.kind];
  if (wire === undefined) throw new Error(`answers of ${recording.kind} are not priced by tokens`);
  const facts = {
    model: 'm',
    stream: recording.stream,
    outputCap: null,
    answers: 1,
    mediaParts: 0,
    mediaBytes: 0,
    wantsUsage: true,
    beyond: [],
  };
  const bytes = bytesOf(recording);
  const { client, body } = clientOf(wire, bytes);
  const inputs = Array.isArray(body.input) ? body.input.length : 1;
  const names = { upstreamModel: 'm', outputCap: null, maxOutputTokens: null };
  const exchange = openExchange({ client, upstream: wire, body, facts: { ...facts, inputs }, ...names });
  if (!recording.stream) return exchange.whole(bytes).facts;
  const stream = exchange.stream();
  stream.push(bytes);
  stream.end({ clean: true });
  return stream.facts();
}

/** A client that is served in this wire: one that speaks it, or one for which it is translated. */
function clientOf(wire: Wire, answer: Buffer): { readonly client: InboundWire; readonly body: JsonObject } {
  if (wire === 'cohere-chat' || wire === 'bedrock-converse') return { client: 'openai-chat', body: { messages: [] } };
  if (wire !== 'cohere-embed' && wire !== 'gemini-embed') return { client: wire as InboundWire, body: { messages: [] } };
  const { embeddings } = JSON.parse(answer.toString());
  const vectors: readonly unknown[] = embeddings.float ?? embeddings;
  return { client: 'openai-embeddings', body: { input: vectors.map(() => 'x') } };
}

/** The whole answer, or of a stream an answer with its model and final usage, read without our code. */
function lastReport(recording: Recording): JsonObject {
  const text = bytesOf(recording).toString();
  if (!recording.stream) return JSON.parse(text) as JsonObject;
  let answer: JsonObject = {};
  // biome-ignore lint/suspicious/noExplicitAny: events of many vendors
  for (const event of jsonEventsIn<any>(text)) {
    if (event.response?.usage) answer = event.response;
    else if (event.type === 'message_start') answer = { model: event.message.model, usage: event.message.usage };
    else if (event.type === 'message_delta') answer = { ...answer, usage: { ...(answer.usage as JsonObject), ...event.usage } };
    else if (event.usageMetadata !== undefined) answer = event;
    else if (event.usage?.inputTokens !== undefined) answer = event;
    else if (event.choices !== undefined) {
      const usage = event.usage ?? event.x_groq?.usage ?? answer.usage;
      answer = { model: event.model, created: event.created, usage };
    }
  }
  return answer;
}

function theirUsage(
  provider: NonNullable<ReturnType<typeof findProvider>>,
  { kind }: Recording,
  answer: JsonObject,
): TheirUsage | null {
  const flavours =
    kind === 'embeddings'
      ? ['embeddings']
      : kind === 'responses'
        ? ['responses']
        : kind === 'invoke'
          ? ['anthropic']
          : kind === 'chat' || kind === 'completions'
            ? ['chat', 'default']
            : ['default'];
  for (const flavour of flavours) {
    try {
      return extractUsage(provider, answer, flavour).usage;
    } catch {
      // This provider has no such flavour, or the answer no usage.
    }
  }
  return null;
}

/** Where the two rightly differ: by which unit, and why. */
const EXCEPTIONS: readonly { readonly response: RegExp; readonly unit: UsageBucket | UsageUnit; readonly why: string }[] = [
  {
    response: /^openai\/responses\/.*(?:web-search-tool|raw-annotations)/,
    unit: 'search',
    why: 'OpenAI bills each search, and a response shows it only as an item of its output; their table reads the usage alone',
  },
  {
    response: /^gemini\/chat\//,
    unit: 'reasoning',
    why: 'Gemini’s compatible endpoint says its thinking only in the total; we charge it as output, as Google does, and their table misses it',
  },
];

/** The unit in which an answer rightly costs more here than by their table, and why; null where it must not. */
export function exceptionFor(recording: Recording): { readonly unit: UsageBucket | UsageUnit; readonly why: string } | null {
  return EXCEPTIONS.find(({ response }) => response.test(recording.response)) ?? null;
}

/** How far apart the two are, in USD: theirs above ours. NaN where either has no price. */
export function differenceUsd({ ours, theirsUsd }: UsageParity): number {
  return ours === null || theirsUsd === null ? Number.NaN : theirsUsd - Number(ours) / 1e9;
}

/** Whether an exception differs by what is said: it used some of its unit, and costs more here. */
export function differsAsStated(recording: Recording, parity: UsageParity): boolean {
  const exception = exceptionFor(recording);
  return exception !== null && (parity.usage?.[exception.unit] ?? 0) > 0 && differenceUsd(parity) < 0;
}
