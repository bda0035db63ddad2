import type { Beyond } from '../domain/money/beyond.ts';
import type { Usage } from '../domain/usage/usage.ts';

/** The wire formats we read and write. The first two are chat and translate into each other; the others pass as they are. */
export type Wire = 'openai-chat' | 'anthropic-messages' | 'openai-embeddings' | 'anthropic-count-tokens';

export type JsonObject = Record<string, unknown>;

/** What admission needs to know of a request, read from its parsed body without translating it. */
export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** The caller's output cap (`max_tokens`, `max_completion_tokens`), null when absent. */
  readonly outputCap: number | null;
  /** How many answers are asked for (`n`); 1 when absent. */
  readonly answers: number;
  /** Image, audio and file parts: each is held at the model's declared maximum, for their bytes say little of their tokens. */
  readonly mediaParts: number;
  /** How many of the body's bytes those parts take (base64 data; 0 for references), so that a picture is not counted as text. */
  readonly mediaBytes: number;
  /** Whether the caller asked for usage in the stream (`stream_options.include_usage`); Anthropic's always carries it. */
  readonly wantsUsage: boolean;
  /** What it asks for that is billed beyond ordinary tokens; the shared empty list for nearly all. */
  readonly beyond: readonly Beyond[];
}

/** Why a body cannot be served: answered as 400 `invalid_request`. */
export interface BodyProblem {
  readonly message: string;
  readonly param: string | null;
}

/** What an answer said of itself, read beside its bytes. */
export interface AnswerFacts {
  /** As the provider reported it, in disjoint buckets; null when it reported none (so far), or nothing that can be believed. */
  readonly usage: Usage | null;
  /** What the provider reported last cannot be: see plausible.ts. `usage` is null then. */
  readonly usageImplausible: boolean;
  /**
   * Whether `usage` is the provider's last word. False while only a stream's opening report is known (Anthropic's first event, whose output is a
   * placeholder): then its input counts as reported, and its output is at least what `outputBytes` says.
   */
  readonly usageIsFinal: boolean;
  /** The service tier or speed that answered: empty for the ordinary one; null: the answer names none. See domain/money/service-tier.ts. */
  readonly serviceTier: string | null;
  /** Bytes of text, reasoning and tool arguments seen, for an estimate where usage is missing. */
  readonly outputBytes: number;
  readonly finishReason: string | null;
  /** How many choices came to their finish reason. */
  readonly finishes: number;
  /** The answer came to its own end (`[DONE]`, `message_stop`, a whole JSON body) and carried no error. */
  readonly complete: boolean;
  /** An in-band error event was seen in a stream that began with 200. */
  readonly error: string | null;
}

/** One streamed answer on its way to the client: give it each upstream chunk, send on what it returns. */
export interface AnswerStream {
  /** What to forward now: within a dialect most often the very same buffer; empty when nothing is ready. */
  push(chunk: Buffer): Buffer;
  /**
   * The upstream's stream ended (`clean`) or broke. Returns the last bytes for the client: after a complete answer whatever is still due, and
   * after a broken or incomplete one an error event in the client's dialect. Never fakes a terminator.
   */
  end(how: { readonly clean: true } | { readonly clean: false; readonly message: string }): Buffer;
  /** What is known so far; the object may go on changing while the stream does. Costs nothing to ask. */
  facts(): AnswerFacts;
}

/** How one request is said to one upstream, and how its answer is said to the client. Pure: no I/O. */
export interface Exchange {
  readonly upstreamBody: Buffer;
  /** A whole (non-streamed) 2xx answer. `bytes` is the same buffer within a dialect. Throws UnreadableAnswer when it is not the JSON expected. */
  whole(bytes: Buffer): { readonly bytes: Buffer; readonly facts: AnswerFacts };
  stream(): AnswerStream;
}

/** A 2xx answer that is not what its dialect promises (bad JSON, empty, HTML). The caller gets 502 `provider_error`. */
export class UnreadableAnswer extends Error {}

/** What the caller asked for cannot be said in the upstream's dialect: answered as 400 `invalid_request`. Thrown by openExchange across dialects. */
export class Untranslatable extends Error {
  readonly param: string;
  constructor(param: string, message: string) {
    super(message);
    this.name = 'Untranslatable';
    this.param = param;
  }
}

/** Stands in a large body where a value was left in the bytes that came. Nobody may write it as it is. */
export const LEFT_IN_BYTES: JsonObject = Object.freeze({
  toJSON: () => {
    throw new Error('a value that was left in its bytes was written');
  },
});

/** The fields of a body that are `LEFT_IN_BYTES`, each as JSON. */
export type LeftFields = ReadonlyMap<string, Buffer>;

export interface ExchangeOptions {
  readonly client: Wire;
  readonly upstream: Wire;
  readonly body: JsonObject;
  /** Bytes that are exactly the serialisation of `body`, where such came. They are not changed. */
  readonly ourBytes?: Buffer | null;
  /** What was left in the bytes of a large body. */
  readonly left?: LeftFields | null;
  /** The request as the upstream is to be sent it, where somebody has written it. */
  readonly upstreamBody?: Buffer | null;
  readonly facts: RequestFacts;
  /** The deployment's own name for the model: replaces `model` in the upstream body, and is what translated answers say where the provider names none. */
  readonly upstreamModel: string;
  /** When set, the output cap the upstream must respect (a clamp); replaces or adds the caller's. */
  readonly outputCap: number | null;
  /** The model's own maximum, for upstreams that insist on a cap (Anthropic); null = 4,096 there. */
  readonly maxOutputTokens: number | null;
  /** When the request came, for answers that state it; the time of the call when absent. */
  readonly createdAtMs?: number;
}
