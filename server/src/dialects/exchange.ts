import type { Exchange, ExchangeOptions } from './dialect.ts';
import { nativeExchange } from './native/native-exchange.ts';

import { translatedExchange } from './translated-exchange.ts';

export { estimateTokens } from './estimate.ts';
export { BETA_HEADER } from './read-beyond.ts';
export { readBody, readBodyInTurn } from './read-body.ts';
export { readFacts } from './read-facts.ts';
export { type LargeBodyHeaders, type LargeReading, readLargeBody, translateLargeBody } from './read-large-body.ts';
export { readTags, TAGS_HEADER } from './read-tags.ts';
export type { Translation } from './translated-exchange.ts';

/** How to say one request to one upstream and its answer to the client. Throws Untranslatable when the request asks for what the upstream cannot be told. */
export function openExchange(options: ExchangeOptions): Exchange {
  return options.client === options.upstream ? nativeExchange(options) : translatedExchange(options);
}
