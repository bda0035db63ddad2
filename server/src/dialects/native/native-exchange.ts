import { type Bytes, Pieces } from '../../lib/pieces.ts';
import { cloudBytes, cloudRequest } from '../anthropic-messages/cloud-request.ts';
import { CACHE_KEY_FIELD } from '../cache-key.ts';
import {
  type AnswerFacts,
  type Exchange,
  type ExchangeOptions,
  type JsonObject,
  LEFT_IN_BYTES,
  type LeftFields,
  type RequestFacts,
  type Wire,
} from '../dialect.ts';
import { framed } from '../gemini/array-stream.ts';
import { cloudContentRequest, cloudCountRequest } from '../gemini/cloud-content.ts';
import { ownContentRequest, ownCountRequest } from '../gemini/own-request.ts';
import { objectOr } from '../json.ts';
import { NOTHING_DROPPED } from '../losses.ts';
import { isMedia } from '../media/facts.ts';
import { mediaStream } from '../media/media-stream.ts';
import { wholeMediaFacts } from '../media/whole-facts.ts';
import { isOfResponses } from '../openai-responses/family.ts';
import { ownItems, withoutReasoning } from '../openai-responses/own-items.ts';
import { ownLosses, touches, withQuirks } from '../quirks.ts';
import type { UsageAt } from '../usage.ts';
import { chatEventReader } from './chat-events.ts';
import { completionEventReader } from './completion-events.ts';
import { contentEventReader, wholeContentFacts } from './content-events.ts';
import { messageEventReader } from './message-events.ts';
import { type EventReader, passingStream } from './passing-stream.ts';
import { responseEventReader } from './response-events.ts';
import { wholeFacts } from './whole.ts';
import { wholeResponseFacts } from './whole-response.ts';

/**
 * Returns the exchange for a client and an upstream with the same wire. It edits the model, the forced usage option, a clamped
 * cap and the prompt cache key, and what a cloud wants of Anthropic's requests. Of a Responses request it also leaves out what would be stored, or read by another account. Nothing else changes.
 */
export function nativeExchange(options: ExchangeOptions): Exchange {
  const { client, facts, quirks } = options;
  const usageAt = quirks?.usageAt;
  return {
    ...(options.translated ?? ownRequest(options)),
    whole: (bytes) => ({ bytes, facts: factsOfWhole(client, bytes, usageAt) }),
    stream: (contentType = '') =>
      isMedia(client)
        ? mediaStream(client, facts, contentType)
        : framed(passingStream(client, eventReaderOf(client, facts, usageAt)), facts),
  };
}

function ownRequest(options: ExchangeOptions): Pick<Exchange, 'upstreamBody' | 'dropped'> {
  const { client, quirks = null, left = null } = options;
  const dropped = options.isUnsealed === true ? REASONING_DROPPED : NOTHING_DROPPED;
  if (quirks === null) return { upstreamBody: unchangedBytes(options) ?? written(editedBody(options), left), dropped };
  const unchanged = touches(options.body, quirks) ? null : unchangedBytes(options);
  if (unchanged !== null) return { upstreamBody: unchanged, dropped };
  const losses = ownLosses(client, options.isStrict === true);
  const edited = withQuirks(editedBody(options), quirks, losses);
  const lost = losses.dropped();
  return { upstreamBody: written(edited, left), dropped: lost.length === 0 ? dropped : [...dropped, ...lost] };
}

const REASONING_DROPPED: readonly string[] = ['input.encrypted_content'];

/** Returns the facts of a whole answer in the format of its request. Throws UnreadableAnswer. */
export function factsOfWhole(client: Wire, bytes: Buffer, usageAt?: UsageAt): AnswerFacts {
  if (isResponse(client)) return wholeResponseFacts(bytes);
  if (isMedia(client)) return wholeMediaFacts(client, bytes);
  return client === 'gemini' ? wholeContentFacts(bytes) : wholeFacts(client, bytes, usageAt);
}

function eventReaderOf(client: Wire, { wantsUsage, answers }: RequestFacts, usageAt: UsageAt | undefined): EventReader {
  if (client === 'anthropic-messages') return messageEventReader();
  if (client === 'openai-responses') return responseEventReader();
  if (client === 'gemini') return contentEventReader(answers);
  if (client === 'openai-completions') return completionEventReader({ wantsUsage, choices: answers });
  return chatEventReader({ wantsUsage, choices: answers, usageAt });
}

const MODEL_FIRST = '{"model":';

/**
 * Returns the received bytes if they equal the request to send, with the model replaced if it is the first field, and a cache key
 * before it. Null: the request must be serialized.
 */
function unchangedBytes(options: ExchangeOptions): Buffer | null {
  const { client, body, ourBytes = null, facts, upstreamModel, outputCap, cloud = null, cacheKey = null } = options;
  if (client === 'gemini') return ourBytes !== null && contentRequest(options) === body ? ourBytes : null;
  if (client === 'gemini-count-tokens') return null;
  if (ourBytes === null || outputCap !== null || (facts.stream && reportsWhenAsked(client))) return null;
  if (isOfResponses(client)) return null;
  if (cloud !== null) return cloudBytes(ourBytes, options, cloud);
  // The client's own key is in the bytes.
  if (cacheKey !== null && Object.hasOwn(body, CACHE_KEY_FIELD)) return null;
  const keyFirst = cacheKey === null ? '' : `${JSON.stringify({ [CACHE_KEY_FIELD]: cacheKey }).slice(1, -1)},`;
  if (body.model === upstreamModel)
    return keyFirst === '' ? ourBytes : Buffer.concat([Buffer.from(`{${keyFirst}`), ourBytes.subarray(1)]);
  const before = Buffer.from(MODEL_FIRST + JSON.stringify(body.model));
  if (ourBytes.compare(before, 0, before.length, 0, before.length) !== 0) return null;
  return Buffer.concat([Buffer.from(`{${keyFirst}"model":${JSON.stringify(upstreamModel)}`), ourBytes.subarray(before.length)]);
}

/** Reports whether streams of a wire report usage only if the request asks for it. */
function reportsWhenAsked(wire: Wire): boolean {
  return wire === 'openai-chat' || wire === 'openai-completions';
}

/** Serializes the request. Values that were left in the bytes of a large body stay there, as pieces of the request. */
function written(edited: JsonObject, left: LeftFields | null): Bytes {
  if (left === null) return Buffer.from(JSON.stringify(edited));
  const pieces: Buffer[] = [];
  let text = '';
  for (const name in edited) {
    text += `${text === '' && pieces.length === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    const bytes = edited[name] === LEFT_IN_BYTES ? left.get(name) : undefined;
    if (bytes === undefined) {
      text += JSON.stringify(edited[name]);
      continue;
    }
    pieces.push(Buffer.from(text), bytes);
    text = '';
  }
  return new Pieces([...pieces, Buffer.from(`${text}}`)]);
}

function editedBody(options: ExchangeOptions): JsonObject {
  const { client, body, facts, upstreamModel, outputCap, capField, isUnsealed, cacheKey = null } = options;
  if (client === 'gemini') return contentRequest(options);
  if (client === 'gemini-count-tokens')
    return options.contentForm === 'google-cloud' ? cloudCountRequest(body) : ownCountRequest(body, upstreamModel);
  const edited: JsonObject = { ...body, model: upstreamModel };
  if (facts.stream && reportsWhenAsked(client)) edited.stream_options = { ...objectOr(body.stream_options), include_usage: true };
  if (outputCap !== null && client === 'openai-chat') capChat(edited, outputCap, capField ?? 'max_completion_tokens');
  if (outputCap !== null && (client === 'anthropic-messages' || client === 'openai-completions')) edited.max_tokens = outputCap;
  if (client === 'openai-responses') editResponses(edited, outputCap);
  else if (isOfResponses(client)) editStateless(edited);
  if (cacheKey !== null) edited[CACHE_KEY_FIELD] = cacheKey;
  if (isUnsealed === true) edited.input = withoutReasoning(edited.input);
  return cloudRequest(edited, options);
}

function contentRequest({ body, outputCap, contentForm }: ExchangeOptions): JsonObject {
  const request = ownContentRequest(body, outputCap);
  return contentForm === 'google-cloud' ? cloudContentRequest(request) : request;
}

/** Reports whether answers of a wire have the usage and the items of a response. */
function isResponse(wire: Wire): boolean {
  return wire === 'openai-responses' || wire === 'openai-compact';
}

/**
 * Makes a Responses request one that leaves nothing at the provider. Codex describes its caller's machine in `client_metadata`,
 * which no provider needs.
 */
function editResponses(edited: JsonObject, outputCap: number | null): void {
  edited.store = false;
  edited.input = ownItems(edited.input);
  delete edited.client_metadata;
  if (outputCap !== null) edited.max_output_tokens = outputCap;
}

/**
 * Does the same to a request of which nothing is ever stored: OpenAI knows no `store` there, and no output cap. An input that the
 * client left out stays absent.
 */
function editStateless(edited: JsonObject): void {
  if (edited.input !== undefined) edited.input = ownItems(edited.input);
  delete edited.store;
  delete edited.stream;
  delete edited.client_metadata;
}

/**
 * Sets the clamp in the field of the caller's cap, because a server may know only one of the two names. Without a cap,
 * the deployment's name is used.
 */
function capChat(edited: JsonObject, outputCap: number, otherwise: string): void {
  const older = typeof edited.max_tokens === 'number';
  const newer = typeof edited.max_completion_tokens === 'number';
  if (older) edited.max_tokens = outputCap;
  if (newer) edited.max_completion_tokens = outputCap;
  if (!newer && !older) edited[otherwise] = outputCap;
}
