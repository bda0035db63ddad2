/** Documents put in order by vendors with a format of their own, for clients of Cohere's. */
import {
  type Exchange,
  type ExchangeOptions,
  type JsonObject,
  type TranslatedRequest,
  UnreadableAnswer,
  Untranslatable,
} from '../dialect.ts';
import { FEATURE_NAMES } from '../feature-names.ts';
import { arrayOr, defined, isObject, objectsIn, parseJson, stringOr } from '../json.ts';
import { Losses } from '../losses.ts';
import { reportOf } from '../plausible.ts';
import type { Translation } from '../translated-exchange.ts';
import { usageOf } from '../usage.ts';
import { bedrockRerankRequest, bedrockRerankResults } from './bedrock-rerank.ts';

/** Returns the exchange with Voyage or Bedrock, the vendors whose formats differ. Throws Untranslatable. */
export function rerankExchange(options: ExchangeOptions): Exchange {
  const { body, upstream, upstreamModel } = options;
  const request = options.translated ?? rerankRequest(options);
  const documents = arrayOr(body.documents);
  return {
    ...request,
    whole: (bytes) => {
      const json = parseJson(bytes.toString('utf8'));
      if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with a JSON object');
      const usage = usageOf(upstream, json);
      const rows = upstream === 'bedrock-rerank' ? bedrockRerankResults(json) : voyageResults(json);
      const answer = defined({
        id: stringOr(json.id, undefined),
        model: stringOr(json.model, upstreamModel),
        results: resultsOf(rows, documents.length, body.return_documents === true ? documents : null),
        usage: json.usage,
      });
      const seen = { serviceTier: null, outputBytes: 0, finishReason: null, finishes: 1, complete: true, error: null };
      return { bytes: Buffer.from(JSON.stringify(answer)), facts: { ...reportOf(usage), ...seen } };
    },
    stream: () => {
      throw new Error('a list of documents is never streamed');
    },
  };
}

const CARRIED: ReadonlySet<string> = new Set(['model', 'query', 'documents', 'top_n', 'return_documents', 'truncation']);

/** Returns the request of such an exchange. Throws Untranslatable. */
export function rerankRequest(options: Translation & Pick<ExchangeOptions, 'body'>): TranslatedRequest {
  const { body, upstreamModel, upstream } = options;
  const losses = new Losses({ names: FEATURE_NAMES['openai-chat'], isStrict: options.isStrict === true });
  if (upstream === 'bedrock-rerank') return bedrockRerankRequest(options, losses);
  if (upstream !== 'voyage-rerank') throw new Error(`there is no translation of a rerank to ${upstream}`);
  for (const name in body) if (!CARRIED.has(name) && body[name] !== null && body[name] !== undefined) losses.dropField(name);
  const documents = arrayOr(body.documents);
  const wrong = documents.findIndex((one) => typeof one !== 'string' && typeof (one as JsonObject).text !== 'string');
  if (wrong !== -1)
    throw new Untranslatable(`documents[${wrong}]`, `documents[${wrong}] must be a text: this model takes no other objects`);
  const request = defined({
    model: upstreamModel,
    query: body.query,
    documents: documents.map((one) => (typeof one === 'string' ? one : (one as JsonObject).text)),
    top_k: body.top_n ?? undefined,
    truncation: body.truncation ?? undefined,
  });
  return { upstreamBody: Buffer.from(JSON.stringify(request)), dropped: losses.dropped() };
}

function voyageResults({ data }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(data)) throw new UnreadableAnswer('the provider answered without results');
  return objectsIn(data);
}

/** Returns the results as Cohere writes them. Throws UnreadableAnswer for one that is none of the documents. */
function resultsOf(rows: readonly JsonObject[], documents: number, shown: readonly unknown[] | null): readonly JsonObject[] {
  const seen = new Set<number>();
  return rows.map(({ index, relevance_score: score }) => {
    const isPlace = typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < documents && !seen.has(index);
    if (!isPlace || typeof score !== 'number')
      throw new UnreadableAnswer('the provider answered with a result that is none of the documents');
    seen.add(index);
    const document = shown?.[index];
    const text = typeof document === 'string' ? { text: document } : document;
    return defined({ index, relevance_score: score, document: text });
  });
}
