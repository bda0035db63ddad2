import type { Quirks } from '../domain/presets/preset.ts';
import { cloudRequest, refuseReferenceParts } from './anthropic-messages/cloud-request.ts';
import { decodeMessagesAnswer } from './anthropic-messages/decode-answer.ts';
import { decodeMessagesRequest } from './anthropic-messages/decode-request.ts';
import { MessagesStreamDecoder } from './anthropic-messages/decode-stream.ts';
import { encodeMessagesAnswer } from './anthropic-messages/encode-answer.ts';
import { encodeMessagesRequest } from './anthropic-messages/encode-request.ts';
import { MessagesStreamEncoder } from './anthropic-messages/encode-stream.ts';
import { decodeConverseAnswer } from './bedrock-converse/decode-answer.ts';
import { ConverseStreamDecoder } from './bedrock-converse/decode-stream.ts';
import { encodeConverseRequest } from './bedrock-converse/encode-request.ts';
import { withCacheKey, withoutCacheKey } from './cache-key.ts';
import { decodeCohereAnswer } from './cohere-chat/decode-answer.ts';
import { CohereStreamDecoder } from './cohere-chat/decode-stream.ts';
import { encodeCohereRequest } from './cohere-chat/encode-request.ts';
import type {
  AnswerFacts,
  ChatWire,
  ClientWire,
  Exchange,
  ExchangeOptions,
  InboundWire,
  JsonObject,
  ServerWire,
  TranslatedRequest,
  Wire,
} from './dialect.ts';
import { UnreadableAnswer } from './dialect.ts';
import { FEATURE_NAMES } from './feature-names.ts';
import { framed } from './gemini/array-stream.ts';
import { cloudContentRequest } from './gemini/cloud-content.ts';
import { decodeContentAnswer } from './gemini/decode-answer.ts';
import { decodeContentRequest } from './gemini/decode-request.ts';
import { ContentStreamDecoder } from './gemini/decode-stream.ts';
import { encodeContentAnswer } from './gemini/encode-answer.ts';
import { encodeContentRequest } from './gemini/encode-request.ts';
import { ContentStreamEncoder } from './gemini/encode-stream.ts';
import { isObject, parseJson } from './json.ts';
import { loseFields } from './lose-fields.ts';
import { Losses } from './losses.ts';
import type { AnswerOptions, EncodeOptions, NeutralAnswer, NeutralRequest, StreamDecoder, StreamEncoder } from './neutral.ts';
import { decodeChatAnswer } from './openai-chat/decode-answer.ts';
import { decodeChatRequest } from './openai-chat/decode-request.ts';
import { ChatStreamDecoder } from './openai-chat/decode-stream.ts';
import { encodeChatAnswer } from './openai-chat/encode-answer.ts';
import { encodeChatRequest } from './openai-chat/encode-request.ts';
import { ChatStreamEncoder } from './openai-chat/encode-stream.ts';
import { decodeCompletionsRequest } from './openai-completions/decode-request.ts';
import { encodeCompletionsAnswer } from './openai-completions/encode-answer.ts';
import { CompletionsStreamEncoder } from './openai-completions/encode-stream.ts';
import { decodeResponsesAnswer } from './openai-responses/decode-answer.ts';
import { decodeResponsesRequest } from './openai-responses/decode-request.ts';
import { ResponsesStreamDecoder } from './openai-responses/decode-stream.ts';
import { encodeResponsesAnswer } from './openai-responses/encode-answer.ts';
import { encodeResponsesRequest } from './openai-responses/encode-request.ts';
import { ResponsesStreamEncoder } from './openai-responses/encode-stream.ts';
import { withoutReasoning } from './openai-responses/own-items.ts';
import { reportOf } from './plausible.ts';
import { withQuirks } from './quirks.ts';
import { answerBytes, TranslatingStream } from './translating-stream.ts';

/** The conversions of a client's dialect: of its requests to the neutral form, and of answers from it. */
interface ClientCodec {
  decodeRequest(body: JsonObject, losses: Losses): NeutralRequest;
  encodeAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject;
  encodeStream(options: AnswerOptions): StreamEncoder;
}

/** The conversions of a provider's dialect: of requests from the neutral form, and of its answers to it. */
interface ServerCodec {
  encodeRequest(request: NeutralRequest, options: EncodeOptions): JsonObject;
  decodeAnswer(json: JsonObject, reading?: Reading): NeutralAnswer;
  decodeStream(reading?: Reading): StreamDecoder;
}

/** The places of an answer that a vendor has elsewhere. */
type Reading = Pick<Quirks, 'usageAt'> | undefined;

const CODECS: Readonly<Record<ChatWire, ClientCodec & ServerCodec>> = {
  'openai-chat': {
    decodeRequest: decodeChatRequest,
    encodeRequest: encodeChatRequest,
    decodeAnswer: (json, reading) => decodeChatAnswer(json, reading?.usageAt),
    encodeAnswer: encodeChatAnswer,
    decodeStream: (reading) => new ChatStreamDecoder(reading?.usageAt),
    encodeStream: (options) => new ChatStreamEncoder(options),
  },
  'anthropic-messages': {
    decodeRequest: decodeMessagesRequest,
    encodeRequest: encodeMessagesRequest,
    decodeAnswer: decodeMessagesAnswer,
    encodeAnswer: encodeMessagesAnswer,
    decodeStream: () => new MessagesStreamDecoder(),
    encodeStream: (options) => new MessagesStreamEncoder(options),
  },
  gemini: {
    decodeRequest: decodeContentRequest,
    encodeRequest: encodeContentRequest,
    decodeAnswer: decodeContentAnswer,
    encodeAnswer: encodeContentAnswer,
    decodeStream: () => new ContentStreamDecoder(),
    encodeStream: (options) => new ContentStreamEncoder(options),
  },
  'openai-responses': {
    decodeRequest: decodeResponsesRequest,
    encodeRequest: encodeResponsesRequest,
    decodeAnswer: decodeResponsesAnswer,
    encodeAnswer: encodeResponsesAnswer,
    decodeStream: () => new ResponsesStreamDecoder(),
    encodeStream: (options) => new ResponsesStreamEncoder(options),
  },
};

const SERVER_CODECS: Readonly<Record<ServerWire, ServerCodec>> = {
  ...CODECS,
  'cohere-chat': {
    encodeRequest: encodeCohereRequest,
    decodeAnswer: decodeCohereAnswer,
    decodeStream: () => new CohereStreamDecoder(),
  },
  'bedrock-converse': {
    encodeRequest: encodeConverseRequest,
    decodeAnswer: decodeConverseAnswer,
    decodeStream: () => new ConverseStreamDecoder(),
  },
};

const CLIENT_CODECS: Readonly<Record<ClientWire, ClientCodec>> = {
  ...CODECS,
  'openai-completions': {
    decodeRequest: decodeCompletionsRequest,
    encodeAnswer: encodeCompletionsAnswer,
    encodeStream: (options) => new CompletionsStreamEncoder(options),
  },
  'cursor-responses': {
    decodeRequest: decodeResponsesRequest,
    encodeAnswer: encodeChatAnswer,
    encodeStream: (options) => new ChatStreamEncoder(options),
  },
};

const OUTPUT_CAP_DEFAULT = 4096;

/**
 * Returns the exchange for a client and an upstream with different chat dialects. Throws Untranslatable if the upstream's dialect
 * cannot express the request.
 */
export function translatedExchange(options: ExchangeOptions): Exchange {
  const client = CLIENT_CODECS[clientWire(options.client)];
  const upstream = SERVER_CODECS[serverWire(options.upstream)];
  const { facts, upstreamModel } = options;
  const reading = options.quirks ?? undefined;
  const said: AnswerOptions = {
    model: upstreamModel,
    createdAtMs: options.createdAtMs ?? Date.now(),
    wantsUsage: facts.wantsUsage,
    asked: options.body,
  };
  return {
    ...(options.translated ?? translatedRequest(options)),
    whole: (bytes) => {
      const answer = upstream.decodeAnswer(jsonOf(bytes), reading);
      return { bytes: Buffer.from(JSON.stringify(client.encodeAnswer(answer, said))), facts: factsOf(answer) };
    },
    stream: () => framed(new TranslatingStream(upstream.decodeStream(reading), client.encodeStream(said)), facts),
  };
}

/** The options that the translation of a request needs. */
export type Translation = Pick<
  ExchangeOptions,
  | 'client'
  | 'upstream'
  | 'facts'
  | 'upstreamModel'
  | 'outputCap'
  | 'maxOutputTokens'
  | 'capField'
  | 'quirks'
  | 'isStrict'
  | 'isUnsealed'
  | 'cloud'
  | 'betas'
  | 'contentForm'
  | 'cacheKey'
>;

/** Translates the request into the upstream's dialect. Throws Untranslatable. */
export function translatedRequest({ body, ...options }: Translation & Pick<ExchangeOptions, 'body'>): TranslatedRequest {
  const { facts, upstreamModel, outputCap, maxOutputTokens, cacheKey = null } = options;
  const client = clientWire(options.client);
  const upstream = serverWire(options.upstream);
  const losses = new Losses({ names: FEATURE_NAMES[client], isStrict: options.isStrict === true });
  loseFields(client, upstream, withoutCacheKey(body, cacheKey), losses);
  const neutral = CLIENT_CODECS[client].decodeRequest(body, losses);
  if ((options.cloud ?? null) !== null) refuseReferenceParts(neutral);
  const request = SERVER_CODECS[upstream].encodeRequest(neutral, {
    upstreamModel,
    stream: facts.stream,
    outputCap: outputCap ?? facts.outputCap,
    outputCapDefault: maxOutputTokens ?? OUTPUT_CAP_DEFAULT,
    capField: options.capField ?? 'max_completion_tokens',
    thinking: options.quirks?.thinking ?? null,
    losses,
  });
  if (options.isUnsealed === true && options.upstream === 'openai-responses') {
    request.input = withoutReasoning(request.input);
    losses.drop('signature');
  }
  const formed = options.contentForm === 'google-cloud' ? cloudContentRequest(request) : cloudRequest(request, options);
  const keyed = withCacheKey(formed, cacheKey);
  const sent = options.quirks == null ? keyed : withQuirks(keyed, options.quirks, losses);
  return { upstreamBody: Buffer.from(JSON.stringify(sent)), dropped: losses.dropped() };
}

function clientWire(wire: InboundWire): ClientWire {
  if (!Object.hasOwn(CLIENT_CODECS, wire)) throw new Error(`there is no translation from ${wire}`);
  return wire as ClientWire;
}

function serverWire(wire: Wire): ServerWire {
  if (!Object.hasOwn(SERVER_CODECS, wire)) throw new Error(`there is no translation to ${wire}`);
  return wire as ServerWire;
}

function jsonOf(bytes: Buffer): JsonObject {
  if (bytes.length === 0) throw new UnreadableAnswer('the provider answered with an empty body');
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with a JSON object');
  return json;
}

function factsOf(answer: NeutralAnswer): AnswerFacts {
  const { usage, stopWord, billedTier } = answer;
  return {
    ...reportOf(usage),
    serviceTier: billedTier,
    outputBytes: answerBytes(answer.parts),
    finishReason: stopWord,
    finishes: 1,
    complete: true,
    error: null,
  };
}
