/**
 * The neutral form between the chat dialects. Each dialect is decoded into it and encoded from it, so a further dialect needs
 * one codec and not one for each pair. It holds what both sides can express. The rest stays in the codec of its dialect.
 */
import type { ThinkingPlace } from '../domain/presets/preset.ts';
import type { Usage } from '../domain/usage/usage.ts';
import type { SseEvent } from '../lib/sse.ts';
import type { JsonObject } from './dialect.ts';
import type { Losses } from './losses.ts';
import type { Reported } from './plausible.ts';

/** A mark: the provider may cache the prompt up to this part. Null: the part ends no cached prefix. */
export interface CacheMark {
  readonly ttl: string | null;
}

export type Source =
  | { readonly is: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly is: 'url'; readonly url: string }
  | { readonly is: 'file'; readonly id: string }
  | { readonly is: 'text'; readonly text: string };

export interface TextPart {
  readonly is: 'text';
  readonly text: string;
  readonly cache: CacheMark | null;
  readonly citations: readonly Citation[];
}

/** A source on the web that supports a piece of text. */
export interface Citation {
  readonly url: string;
  readonly title: string | null;
  readonly citedText: string | null;
}

/** The vendors whose sealed data a client returns with its next request. */
export const ISSUERS = ['anthropic', 'google', 'openai'] as const;
export type Issuer = (typeof ISSUERS)[number];

/**
 * Data that only its issuer can read, such as a signature or encrypted thinking. It returns only to its issuer: others refuse it.
 * Clients see it as opaque.ts writes it.
 */
export interface Opaque {
  readonly issuer: Issuer;
  readonly data: string;
}

export interface ThinkingPart {
  readonly is: 'thinking';
  readonly text: string;
  /** The data by which the provider recognizes its own thinking when it is sent back. Null if the provider signs none. */
  readonly signature: Opaque | null;
}

/** An object of one provider that no other understands. Others leave it out. */
export interface RawPart {
  readonly is: 'raw';
  readonly what: 'compaction' | 'server_tool_call' | 'server_tool_result';
  readonly issuer: Issuer;
  readonly json: JsonObject;
}

/** An image, a document, a sound or a film. */
export interface MediaPart {
  readonly is: 'image' | 'document' | 'audio' | 'video';
  readonly source: Source;
  readonly title: string | null;
  readonly cache: CacheMark | null;
  /** The path of the part in the client's request, for an error that names it. */
  readonly at: string;
}

export interface ToolCallPart {
  readonly is: 'tool_call';
  readonly id: string;
  readonly name: string;
  /** The arguments as the JSON text that the model wrote. Of a custom tool: an object with its text as `input`. */
  readonly arguments: string;
  /** The signature of the call itself. Null if the provider signs none. */
  readonly signature: Opaque | null;
  readonly cache: CacheMark | null;
}

export type Part =
  | TextPart
  | ThinkingPart
  | ToolCallPart
  | { readonly is: 'redacted_thinking'; readonly data: Opaque }
  /** The model's words by which it refuses. A dialect without such words writes them as text. */
  | { readonly is: 'refusal'; readonly text: string }
  | MediaPart
  | RawPart
  | ToolResultPart;

export interface ToolResultPart {
  readonly is: 'tool_result';
  readonly callId: string;
  readonly parts: readonly Part[];
  readonly failed: boolean;
  readonly cache: CacheMark | null;
}

export interface NeutralMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly parts: readonly Part[];
}

/** A tool that the client runs, with arguments by a JSON schema. */
export interface FunctionTool {
  readonly is: 'function';
  readonly name: string;
  readonly description: string | null;
  readonly schema: JsonObject;
  readonly strict: boolean | null;
  readonly cache: CacheMark | null;
}

/** A tool that the client runs, with free text as its argument. */
export interface CustomTool {
  readonly is: 'custom';
  readonly name: string;
  readonly description: string | null;
  /** The grammar that the text must follow; null: none. */
  readonly grammar: { readonly syntax: string; readonly definition: string } | null;
  readonly cache: CacheMark | null;
  /** Its path in the client's request. */
  readonly at: string;
}

/** A tool that the provider runs. A wire that lacks it refuses the request. */
export interface ServerTool {
  readonly is: 'server';
  readonly what: 'web_search' | 'other';
  readonly issuer: Issuer;
  readonly json: JsonObject;
  readonly cache: CacheMark | null;
  /** Its path in the client's request. */
  readonly at: string;
}

export type NeutralTool = FunctionTool | CustomTool | ServerTool;

export type ToolChoice =
  | { readonly is: 'auto' | 'none' | 'any' }
  | { readonly is: 'tool'; readonly name: string }
  | { readonly is: 'among'; readonly names: readonly string[]; readonly must: boolean };

export type OutputFormat =
  | { readonly is: 'json' }
  | { readonly is: 'schema'; readonly name: string | null; readonly schema: JsonObject; readonly strict: boolean | null };

export interface Reasoning {
  readonly mode: 'on' | 'off' | 'unsaid';
  /** The effort from `none` to `max`, in the words that OpenAI and Anthropic share. */
  readonly effort: string | null;
  readonly budgetTokens: number | null;
}

export interface NeutralRequest {
  readonly system: readonly TextPart[];
  readonly messages: readonly NeutralMessage[];
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly stopSequences: readonly string[];
  readonly tools: readonly NeutralTool[];
  readonly toolChoice: ToolChoice | null;
  readonly parallelTools: 'allowed' | 'one_at_a_time' | null;
  readonly output: OutputFormat | null;
  readonly reasoning: Reasoning | null;
  /** The caller's own name for its end user. */
  readonly endUser: string | null;
  readonly serviceTier: 'auto' | 'standard' | null;
  readonly hints: Hints;
}

/** Settings that only some dialects have. Absent: the client did not say. The table of losses says which wire has which. */
export interface Hints {
  readonly answers?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly logitBias?: JsonObject;
  /** The number of alternatives to report for each token; 0: only the token's own probability. */
  readonly logprobs?: number;
  readonly verbosity?: string;
  readonly metadata?: JsonObject;
  readonly promptCacheKey?: string;
  readonly promptCacheRetention?: string;
  /** A tier of the vendor that `serviceTier` has no word for, such as `flex`. */
  readonly otherTier?: string;
}

/** The two names of the output cap on the chat wire. Each server knows one of them or both. */
export type CapField = 'max_tokens' | 'max_completion_tokens';

/** The values for encoding a request that the caller did not state. */
export interface EncodeOptions {
  readonly upstreamModel: string;
  readonly stream: boolean;
  /** The output cap to state; null to state none. */
  readonly outputCap: number | null;
  /** The cap to state if the wire requires one and `outputCap` is null. */
  readonly outputCapDefault: number;
  /** The field of the cap on the chat wire. */
  readonly capField: CapField;
  /** The place of earlier thinking on the chat wire. Absent or null: as the model's name says. */
  readonly thinking?: ThinkingPlace | null;
  /** Takes what the encoder leaves out or refuses. */
  readonly losses: Losses;
}

export type StopReason = 'end' | 'stop_sequence' | 'length' | 'tool_call' | 'refusal' | 'pause';

export interface NeutralAnswer {
  readonly id: string;
  /** The model that the provider names; null if it names none. */
  readonly model: string | null;
  readonly parts: readonly Part[];
  readonly stop: StopReason;
  /** The provider's own word for the stop reason; null if it gave none. */
  readonly stopWord: string | null;
  readonly stopSequence: string | null;
  readonly usage: Reported;
  /** The service tier in the provider's own word. */
  readonly serviceTier: string | null;
  /** The tier at which the answer was billed: see `serviceTier` of AnswerFacts. */
  readonly billedTier: string | null;
}

/** The events of a streamed answer, in order. A block is an unfinished part. Its number is unique in the answer. */
export type AnswerEvent =
  | { readonly is: 'start'; readonly id: string; readonly model: string | null; readonly usage: Usage | null }
  | { readonly is: 'text'; readonly block: number; readonly text: string }
  | { readonly is: 'citation'; readonly block: number; readonly citation: Citation }
  | { readonly is: 'thinking'; readonly block: number; readonly text: string }
  /** The signature of a block of thinking, or of a call. */
  | { readonly is: 'signature'; readonly block: number; readonly signature: Opaque }
  | { readonly is: 'redacted_thinking'; readonly block: number; readonly data: Opaque }
  | { readonly is: 'refusal'; readonly block: number; readonly text: string }
  | { readonly is: 'raw'; readonly block: number; readonly part: RawPart }
  | { readonly is: 'tool_call'; readonly block: number; readonly id: string; readonly name: string }
  | { readonly is: 'arguments'; readonly block: number; readonly json: string }
  | { readonly is: 'block_end'; readonly block: number }
  | { readonly is: 'stop'; readonly reason: StopReason; readonly word: string; readonly stopSequence: string | null }
  | { readonly is: 'usage'; readonly usage: Usage | 'implausible'; readonly billedTier: string | null }
  | { readonly is: 'error'; readonly message: string }
  /** The provider stated the end of the answer. */
  | { readonly is: 'end' };

/** Reads a provider's events, one at a time. */
export interface StreamDecoder {
  read(event: SseEvent): readonly AnswerEvent[];
  /** Returns the last events, once no more will arrive, for a dialect in which nothing marks an answer's end. */
  ended?(): readonly AnswerEvent[];
}

/** Writes events for a client. The result is the text of whole server-sent events, possibly none. */
export interface StreamEncoder {
  write(event: AnswerEvent): string;
}

export interface AnswerOptions {
  /** The model to state if the provider names none. */
  readonly model: string;
  readonly createdAtMs: number;
  /** True if the client of a stream asked for usage. */
  readonly wantsUsage: boolean;
  /** The request as the client wrote it, for answers that repeat parts of it. Large values may be `LEFT_IN_BYTES`. */
  readonly asked: JsonObject;
}

export function text(content: string, cache: CacheMark | null = null): TextPart {
  return { is: 'text', text: content, cache, citations: [] };
}

/** Returns all visible text of the parts, joined. */
export function textOf(parts: readonly Part[]): string {
  let all = '';
  for (const part of parts) if (part.is === 'text' || part.is === 'refusal') all += part.text;
  return all;
}
