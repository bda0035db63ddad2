import type { Beyond } from '../domain/money/beyond.ts';
import type { Picture } from '../domain/money/pieces.ts';
import type { Quirks } from '../domain/presets/preset.ts';
import type { Usage } from '../domain/usage/usage.ts';
import type { Sendable } from '../lib/pieces.ts';

/**
 * The wire formats in which clients ask. The first four are chat formats and translate into each other. The next two translate
 * into them: text completions, and requests of the Responses API that want a chat completion as their answer. The others pass
 * unchanged, or translate into a wire that only a provider speaks.
 */
export type InboundWire =
  | ('openai-chat' | 'anthropic-messages' | 'openai-responses' | 'gemini')
  | ('openai-completions' | 'cursor-responses')
  | ('openai-compact' | 'openai-input-tokens')
  | ('openai-embeddings' | 'anthropic-count-tokens' | 'gemini-count-tokens')
  | MediaWire;

/**
 * The wires of requests that are no conversation and no embedding: their prices count pieces rather than tokens. Documents put in
 * order have the format of Cohere's second version, which Jina and most compatible servers share; the others are OpenAI's.
 */
export type MediaWire =
  | ('cohere-rerank' | 'openai-moderations' | 'openai-images' | 'openai-speech')
  | ('openai-transcriptions' | 'openai-translations')
  | ('openai-image-edits' | 'openai-image-variations');

/** All wire formats: those of clients, and those that only providers speak. */
export type Wire = InboundWire | ServerWire | EmbeddingWire | RerankWire;

/** The facts about a call that its path states, for wires whose bodies do not. */
export interface Called {
  readonly model: string;
  readonly stream: boolean;
  /** The form of a stream: server-sent events, or one JSON array that grows. */
  readonly framing: Framing;
}

type Framing = 'events' | 'array';

/** The wires that translate into each other. */
export type ChatWire = 'openai-chat' | 'anthropic-messages' | 'openai-responses' | 'gemini';

/** The wires of providers that chats translate into: the chat wires, and those that no client speaks. */
export type ServerWire = ChatWire | 'cohere-chat' | 'bedrock-converse';

/** The wires of providers that requests for embeddings translate into. */
export type EmbeddingWire = 'cohere-embed' | 'voyage-embed' | 'gemini-embed';

/** The wires of providers that requests to put documents in order translate into. */
export type RerankWire = 'voyage-rerank' | 'bedrock-rerank';

/** The wires of clients whose requests translate into a chat wire. */
export type ClientWire = ChatWire | 'openai-completions' | 'cursor-responses';

export type JsonObject = Record<string, unknown>;

/** The facts about a request that admission needs, read from its parsed body without translation. */
export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** The caller's output cap (`max_tokens`, `max_completion_tokens`, `max_output_tokens`), null when absent. */
  readonly outputCap: number | null;
  /** The number of answers that are made (`n`; of text completions, those of all prompts); 1 if absent. */
  readonly answers: number;
  /**
   * The number of image, audio and file parts. Each is held at the model's declared maximum, because bytes say little about
   * tokens.
   */
  readonly mediaParts: number;
  /**
   * The number of the body's bytes that those parts take (base64 data; 0 for references), so that a picture does not count as
   * text.
   */
  readonly mediaBytes: number;
  /** The number of inputs of a request for embeddings, or of documents. */
  readonly inputs?: number;
  /** The bytes by which the input is longer than the body: parts of it are read again, or it is a form in the spool. */
  readonly moreBytes?: number;
  /** True if the caller asked for usage in the stream (`stream_options.include_usage`). Anthropic's streams always report it. */
  readonly wantsUsage: boolean;
  /** The form in which the caller wants a stream; absent: server-sent events. */
  readonly framing?: Framing;
  /** The things it asks for that are billed beyond ordinary tokens; for nearly all requests the shared empty list. */
  readonly beyond: readonly Beyond[];
}

/** The reason why a body cannot be served. The caller gets 400 `invalid_request`. */
export interface BodyProblem {
  readonly message: string;
  readonly param: string | null;
}

/** The facts that an answer states about itself, read alongside its bytes. */
export interface AnswerFacts {
  /** The usage that the provider reported, in disjoint buckets. Null if it has reported none yet, or impossible numbers. */
  readonly usage: Usage | null;
  /** True if the provider's last report is impossible: see plausible.ts. `usage` is null then. */
  readonly usageImplausible: boolean;
  /**
   * True if `usage` is the provider's final report. False while only a stream's opening report is known: the output in
   * Anthropic's first event is a placeholder. Its input then counts as reported, and its output is at least what `outputBytes`
   * suggests.
   */
  readonly usageIsFinal: boolean;
  /**
   * The service tier or speed that answered. Empty: the ordinary one. Null: the answer names none. See
   * domain/money/service-tier.ts.
   */
  readonly serviceTier: string | null;
  /** The quality and the size of the pictures that were made, as far as the answer says them. */
  readonly picture?: Picture;
  /** Bytes of text, reasoning and tool arguments seen, for an estimate where usage is missing. */
  readonly outputBytes: number;
  readonly finishReason: string | null;
  /** The number of choices that have reached their finish reason. */
  readonly finishes: number;
  /** True if the answer reached its own end (`[DONE]`, `message_stop`, a whole JSON body) and carried no error. */
  readonly complete: boolean;
  /** The error of an answer that began with status 200: one reported inside it, or a break of its stream. Null: none. */
  readonly error: string | null;
}

/** One streamed answer for the client. Pass each upstream chunk in, and send the returned bytes on. */
export interface AnswerStream {
  /** Returns the bytes to forward now: within a dialect usually the same buffer, empty if nothing is ready. */
  push(chunk: Buffer): Buffer;
  /**
   * Handles that the upstream's stream ended (`clean`) or broke. Returns the last bytes for the client: the pending ones after a
   * complete answer, else an error event in the client's dialect. Never invents a terminator.
   */
  end(how: { readonly clean: true } | { readonly clean: false; readonly message: string }): Buffer;
  /** Returns the facts known so far, at no cost. The same object changes while the stream continues. */
  facts(): AnswerFacts;
  /** The content type for the client; absent: that of server-sent events. */
  readonly contentType?: string;
  /** True for bytes that have no form for an error, such as sound: if they break off, the connection does. */
  readonly isBare?: boolean;
}

/** A whole answer for the client. */
export interface WholeAnswer {
  readonly bytes: Buffer;
  /** Absent: JSON. */
  readonly contentType?: string;
  readonly facts: AnswerFacts;
}

/** The conversion of one request for one upstream, and of its answer for the client. Pure: no I/O. */
export interface Exchange {
  readonly upstreamBody: Sendable;
  /** The content type of the request; absent: JSON. */
  readonly contentType?: string;
  /** The client's fields that the request for the upstream lacks; at most 20. `NOTHING_DROPPED` within a dialect. */
  readonly dropped: readonly string[];
  /**
   * Converts a whole (non-streamed) 2xx answer. Within a dialect `bytes` is the same buffer. Throws UnreadableAnswer if it is not
   * the expected JSON.
   */
  whole(bytes: Buffer): WholeAnswer;
  /** `contentType`: that of the upstream's answer, for those that pass in more than one. */
  stream(contentType?: string): AnswerStream;
}

/** A 2xx answer that does not follow its dialect (bad JSON, empty, HTML). The caller gets 502 `provider_error`. */
export class UnreadableAnswer extends Error {}

/**
 * The upstream's dialect cannot express what the caller asked for. The caller gets 400 `invalid_request`. openExchange throws it
 * if the dialects differ.
 */
export class Untranslatable extends Error {
  readonly param: string;
  constructor(param: string, message: string) {
    super(message);
    this.name = 'Untranslatable';
    this.param = param;
  }
}

/** A request in the dialect of its upstream. */
export interface TranslatedRequest {
  readonly upstreamBody: Buffer;
  readonly dropped: readonly string[];
}

/** The placeholder in a large body for a value that was left in the received bytes. Serializing it throws. */
export const LEFT_IN_BYTES: JsonObject = Object.freeze({
  toJSON: () => {
    throw new Error('a large value, which stays in the received bytes, was serialized');
  },
});

/** The fields of a body that are `LEFT_IN_BYTES`, each with its JSON bytes. */
export type LeftFields = ReadonlyMap<string, Buffer>;

/** The form that a cloud gives Anthropic's requests: the path names the model, and the body names the version. */
export interface CloudForm {
  /** The value of `anthropic_version`: `vertex-2023-10-16`, `bedrock-2023-05-31`. */
  readonly version: string;
  /** The fields that the path stands for. */
  readonly omits: readonly ('model' | 'stream')[];
  /** True if the body lists the client's betas (`anthropic_beta`); else the header does. */
  readonly listsBetas: boolean;
  /** The betas that are listed; absent: all. A cloud may refuse a request for a beta that it does not know. */
  readonly knownBetas?: readonly string[];
}

/** The form of Gemini's requests at Google Cloud, which takes fewer fields than Gemini's own API. */
export type ContentForm = 'google-cloud';

export interface ExchangeOptions {
  readonly client: InboundWire;
  readonly upstream: Wire;
  readonly body: JsonObject;
  /** Bytes that are exactly the serialization of `body`, if such were received. They must not be changed. */
  readonly ourBytes?: Buffer | null;
  /** The values that were left in the bytes of a large body. */
  readonly left?: LeftFields | null;
  /** The finished request for the upstream, if it has been written already, and what it lacks. */
  readonly translated?: TranslatedRequest | null;
  /** True to leave sealed reasoning out of a Responses request. */
  readonly isUnsealed?: boolean;
  /** True if a translation may leave nothing out. */
  readonly isStrict?: boolean;
  readonly facts: RequestFacts;
  /**
   * The deployment's own name for the model. It replaces `model` in the upstream body. Translated answers state it if the
   * provider names no model.
   */
  readonly upstreamModel: string;
  /** The output cap that the upstream must respect (a clamp). It replaces or adds the caller's. Null: the caller's cap stays. */
  readonly outputCap: number | null;
  /** The model's own maximum, for upstreams that require a cap (Anthropic). Null: 4,096 there. */
  readonly maxOutputTokens: number | null;
  /** The field of the output cap on the chat wire. Absent or null: the newer name. */
  readonly capField?: 'max_tokens' | 'max_completion_tokens' | null;
  /** The differences of a preset's vendor from the upstream's dialect. Absent or null: none. */
  readonly quirks?: Quirks | null;
  /** The form of Anthropic's requests at the upstream. Absent or null: Anthropic's own. */
  readonly cloud?: CloudForm | null;
  /** The form of Gemini's requests at the upstream. Absent or null: that of its own API. */
  readonly contentForm?: ContentForm | null;
  /**
   * The prompt cache key to send in place of the client's. Absent or null: the client's is sent where nothing is translated, and
   * dropped elsewhere.
   */
  readonly cacheKey?: string | null;
  /** The value of the client's header for betas, for a cloud that reads them in the body. */
  readonly betas?: string | null;
  /** The time at which the request arrived, for answers that state it. Absent: the time of the call. */
  readonly createdAtMs?: number;
}
