import { whole } from '../lib/pieces.ts';
import { cursorRequest } from './cursor/cursor-exchange.ts';
import type { ExchangeOptions, TranslatedRequest } from './dialect.ts';
import { embeddingRequest } from './embeddings/embedding-exchange.ts';
import { rerankRequest } from './media/rerank-exchange.ts';
import { nativeExchange } from './native/native-exchange.ts';
import { countingRequest } from './openai-responses/counting-exchange.ts';
import { type Translation, translatedRequest } from './translated-exchange.ts';

/** Returns the request for an upstream with another dialect, or with another form of the same one. Throws Untranslatable. */
export function requestToSend(options: Translation & Pick<ExchangeOptions, 'body'>): TranslatedRequest {
  if (options.client === 'cursor-responses') return cursorRequest(options);
  if (options.client === 'openai-embeddings') return embeddingRequest(options);
  if (options.client === 'cohere-rerank' && options.upstream !== options.client) return rerankRequest(options);
  if (options.client === options.upstream) {
    const { upstreamBody, dropped } = nativeExchange(options);
    return { upstreamBody: whole(upstreamBody), dropped };
  }
  return options.client === 'openai-input-tokens' ? countingRequest(options) : translatedRequest(options);
}
