/** Documents put in order by Amazon Bedrock, which calls them sources and reports no usage. */
import { type ExchangeOptions, type JsonObject, type TranslatedRequest, UnreadableAnswer, Untranslatable } from '../dialect.ts';
import { arrayOr, objectsIn } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { Translation } from '../translated-exchange.ts';

const CARRIED: ReadonlySet<string> = new Set(['model', 'query', 'documents', 'top_n', 'return_documents']);
/** The most documents that one request may have there. */
const DOCUMENTS_MAX = 1_000;

/**
 * Returns the request for Bedrock. It names the model as the deployment does; the provider writes the ARN, which contains the region. Throws
 * Untranslatable.
 */
export function bedrockRerankRequest(
  { body, upstreamModel }: Translation & Pick<ExchangeOptions, 'body'>,
  losses: Losses,
): TranslatedRequest {
  for (const name in body) if (!CARRIED.has(name) && body[name] !== null && body[name] !== undefined) losses.dropField(name);
  const documents = arrayOr(body.documents);
  if (documents.length > DOCUMENTS_MAX)
    throw new Untranslatable('documents', `documents must be at most ${DOCUMENTS_MAX} for this model`);
  const request = {
    queries: [{ type: 'TEXT', textQuery: { text: body.query } }],
    sources: documents.map((one) => ({ type: 'INLINE', inlineDocumentSource: sourceOf(one) })),
    rerankingConfiguration: {
      type: 'BEDROCK_RERANKING_MODEL',
      bedrockRerankingConfiguration: {
        numberOfResults: Math.min(typeof body.top_n === 'number' ? body.top_n : documents.length, documents.length),
        modelConfiguration: { modelArn: upstreamModel },
      },
    },
  };
  return { upstreamBody: Buffer.from(JSON.stringify(request)), dropped: losses.dropped() };
}

function sourceOf(document: unknown): JsonObject {
  if (typeof document === 'string') return { type: 'TEXT', textDocument: { text: document } };
  const { text, ...more } = document as JsonObject;
  return typeof text === 'string' && Object.keys(more).length === 0
    ? { type: 'TEXT', textDocument: { text } }
    : { type: 'JSON', jsonDocument: document };
}

/** Returns the results of an answer in Cohere's words. Throws UnreadableAnswer if it has only some of them. */
export function bedrockRerankResults({ results, nextToken }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(results)) throw new UnreadableAnswer('the provider answered without results');
  if (typeof nextToken === 'string') throw new UnreadableAnswer('the provider answered with some of the results only');
  return objectsIn(results).map(({ index, relevanceScore }) => ({ index, relevance_score: relevanceScore }));
}
