/** Embeddings of vendors with their own formats, for clients of OpenAI's. */
import {
  type EmbeddingWire,
  type Exchange,
  type ExchangeOptions,
  type JsonObject,
  type TranslatedRequest,
  UnreadableAnswer,
  type Wire,
} from '../dialect.ts';
import { FEATURE_NAMES } from '../feature-names.ts';
import { isObject, parseJson, stringOr } from '../json.ts';
import { Losses } from '../losses.ts';
import { type Reported, reportOf } from '../plausible.ts';
import type { Translation } from '../translated-exchange.ts';
import { usageOf } from '../usage.ts';
import { vectorsOf } from './decode-answer.ts';
import { dimensionsOf, encodeEmbeddingRequest, encodingOf } from './encode-request.ts';

const BYTES_PER_TOKEN = 4;

/** Returns the exchange of a request for embeddings with another vendor. Throws Untranslatable. */
export function embeddingExchange(options: ExchangeOptions): Exchange {
  const { body, facts, upstreamModel } = options;
  const wire = embeddingWire(options.upstream);
  const request = options.translated ?? embeddingRequest(options);
  const expected = { inputs: facts.inputs ?? 1, dimensions: dimensionsOf(body) };
  const format = encodingOf(body);
  return {
    ...request,
    whole: (bytes) => {
      const json = jsonOf(bytes);
      const vectors = vectorsOf(wire, json, expected);
      const usage = usageOf(wire, json);
      const answer = {
        object: 'list',
        data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: written(vector, format) })),
        model: stringOr(json.model, upstreamModel),
        usage: tokensOf(usage, request),
      };
      const seen = { serviceTier: null, outputBytes: 0, finishReason: null, finishes: 1, complete: true, error: null };
      return { bytes: Buffer.from(JSON.stringify(answer)), facts: { ...reportOf(usage), ...seen } };
    },
    stream: () => {
      throw new Error('embeddings are never streamed');
    },
  };
}

/** Returns the request of such an exchange. Throws Untranslatable. */
export function embeddingRequest(options: Translation & Pick<ExchangeOptions, 'body'>): TranslatedRequest {
  const losses = new Losses({ names: FEATURE_NAMES['openai-chat'], isStrict: options.isStrict === true });
  const request = encodeEmbeddingRequest(embeddingWire(options.upstream), options.upstreamModel, options.body, losses);
  return { upstreamBody: Buffer.from(JSON.stringify(request)), dropped: losses.dropped() };
}

const WIRES: ReadonlySet<Wire> = new Set<EmbeddingWire>(['cohere-embed', 'voyage-embed', 'gemini-embed']);

function embeddingWire(wire: Wire): EmbeddingWire {
  if (!WIRES.has(wire)) throw new Error(`there is no translation of embeddings to ${wire}`);
  return wire as EmbeddingWire;
}

function jsonOf(bytes: Buffer): JsonObject {
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with a JSON object');
  return json;
}

/** Returns a vector as the client wants it: base64 is of 32-bit floats, the lowest byte first. */
function written(vector: readonly number[], format: 'float' | 'base64'): readonly number[] | string {
  if (format === 'float') return vector;
  const bytes = Buffer.alloc(vector.length * 4);
  for (let at = 0; at < vector.length; at++) bytes.writeFloatLE(vector[at] as number, at * 4);
  return bytes.toString('base64');
}

/** Returns the usage for the client, whose SDK expects some. An estimate of ours is marked, here and in the request's row. */
function tokensOf(usage: Reported, { upstreamBody }: TranslatedRequest): JsonObject {
  if (usage !== null && usage !== 'implausible') {
    const tokens = usage.input ?? 0;
    return { prompt_tokens: tokens, total_tokens: tokens };
  }
  const tokens = Math.ceil(upstreamBody.length / BYTES_PER_TOKEN);
  return { prompt_tokens: tokens, total_tokens: tokens, estimated: true };
}
