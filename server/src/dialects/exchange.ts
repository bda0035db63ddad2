/**
 * Wire formats: translation between the format of a client and that of an upstream.
 *
 * Problem. Clients speak OpenAI's chat completions, text completions or responses, Anthropic's messages or Gemini's format, and an
 * upstream serves one or two of them. All change every few weeks. A gateway that translates everything loses the newest fields. One that translates pairwise needs a codec for every
 * pair of formats.
 *
 * Approach.
 * - Same dialect on both sides: nothing is translated (native/). Only the model's name, the forced usage option and a clamped
 *   output cap are edited, and what would be stored is left out. Unknown fields survive. The answer passes as bytes, and its usage is read alongside.
 * - Different dialects: each format is read into and written from one neutral form (neutral.ts). A field that the other side
 *   cannot express is refused by name, or dropped and said (loss-table.ts).
 * - Embeddings have no neutral form: OpenAI's format is written for each vendor directly (embeddings/). The same is true of
 *   documents that are put in order (media/), and of what is made of or from pictures and sound.
 * - Before anything is sent, read-facts.ts reads the facts that admission needs: model, output cap, number of answers, media, and
 *   charges beyond tokens. The checked body is the one that is sent. A body with two readings, such as a repeated field, is
 *   refused.
 *
 * Invariants. An answer's usage is whole numbers within bounds, or it is missing (plausible.ts), so no later code throws on a
 * provider's number. Two answers are never joined into one. A stream's end is never invented.
 *
 * What breaks it. Reading a field that another reader reads differently. Trusting a `200`: its body or first event can be an
 * error (opening.ts).
 */
import { cursorExchange } from './cursor/cursor-exchange.ts';
import type { Exchange, ExchangeOptions } from './dialect.ts';
import { embeddingExchange } from './embeddings/embedding-exchange.ts';
import { formExchange, isForm } from './media/form-exchange.ts';
import { rerankExchange } from './media/rerank-exchange.ts';
import { nativeExchange } from './native/native-exchange.ts';
import { countingExchange } from './openai-responses/counting-exchange.ts';
import { translatedExchange } from './translated-exchange.ts';

export { cloudRequest } from './anthropic-messages/cloud-request.ts';
export { clientCacheKey } from './cache-key.ts';
export { hasInput, withChatTools } from './cursor/cursor-body.ts';
export { countAnswer, estimateTokens } from './estimate.ts';
export { functionNames } from './gemini/decode-tools.ts';
export { actionIn, calledAt, modelIn, modelPath as geminiModelPath } from './gemini/paths.ts';
export { OUTPUT_CAP_NAMES } from './known-fields.ts';
export { BadField } from './media/fields.ts';
export { isForm } from './media/form-exchange.ts';
export { type FileHead, FormReader, type FormTaker } from './media/form-reader.ts';
export { hasPictures, passesWhole } from './media/media-stream.ts';
export { FormTexts, filesOf, formBody, readForm, readParts, type WrittenForm, writeForm } from './media/multipart.ts';
export { silentWav, wavSeconds } from './media/wav.ts';
export { factsOfWhole as wholeAnswerFacts } from './native/native-exchange.ts';
export { isOfResponses } from './openai-responses/family.ts';
export { foreignIdIn } from './openai-responses/foreign-ids.ts';
export { repeatedOf, responseObject } from './openai-responses/response-object.ts';
export { BETA_HEADER } from './read-beyond.ts';
export { readBody, readBodyInTurn } from './read-body.ts';
export { readFacts } from './read-facts.ts';
export { type LargeBodyHeaders, type LargeReading, readLargeBody, translateLargeBody } from './read-large-body.ts';
export { readTags, TAGS_HEADER } from './read-tags.ts';
export type { Translation } from './translated-exchange.ts';

/**
 * Returns the conversion of one request for one upstream, and of its answer for the client. Throws Untranslatable if the
 * upstream's dialect cannot express the request.
 */
export function openExchange(options: ExchangeOptions): Exchange {
  if (isForm(options.client)) return formExchange(options);
  if (options.client === options.upstream) return nativeExchange(options);
  if (options.client === 'cursor-responses') return cursorExchange(options);
  if (options.client === 'openai-embeddings') return embeddingExchange(options);
  if (options.client === 'cohere-rerank') return rerankExchange(options);
  return options.client === 'openai-input-tokens' ? countingExchange(options) : translatedExchange(options);
}
