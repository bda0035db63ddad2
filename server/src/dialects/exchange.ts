/**
 * Wire formats: what a client says in one and an upstream understands in another.
 *
 * Problem. Clients speak OpenAI's chat completions or Anthropic's messages, and upstreams serve one of the two. Both change every few weeks. Whoever
 * translates everything loses the newest field, and whoever translates pairwise writes each format as often as there are others.
 *
 * Approach.
 * - Same dialect on both sides: nothing is translated (native/). The model's name and the forced usage option are edited in the bytes. Unknown
 *   fields survive, and the answer passes as bytes while its usage is read beside it.
 * - Different dialects: through one neutral form (neutral.ts), so that each format is read and written once. What the other side has no word for
 *   is refused with the field's name, and not dropped.
 * - Before anything is sent, the body is read for what admission must know (read-facts.ts): model, output cap, number of answers, media, and what
 *   is billed beyond tokens. What was checked is what is sent: a body with two readings, such as a repeated field, is refused.
 *
 * Invariants. An answer's usage is a whole number within bounds or it is missing (plausible.ts): nothing behind this border can meet a provider's
 * number that makes it throw. An answer is never two answers put together. A stream's end is never invented.
 *
 * What breaks it. Reading a field that another reader reads differently. Trusting a `200`: its body or first event can be an error (opening.ts).
 */
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
