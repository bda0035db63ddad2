import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { LEFT_IN_BYTES } from '../dialect.ts';
import type { AnswerOptions, StopReason } from '../neutral.ts';
import { responsesUsage } from './usage.ts';

/** The state of a response at one moment. */
export interface ResponseState {
  readonly id: string;
  readonly model: string;
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly output: readonly JsonObject[];
  readonly usage: Usage | null;
  /** The reason why it is incomplete. */
  readonly incomplete: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The fields of its request that a response repeats, with the value for a request that does not say. */
const REPEATED: readonly (readonly [name: string, otherwise: unknown])[] = [
  ['instructions', null],
  ['max_output_tokens', null],
  ['max_tool_calls', null],
  ['parallel_tool_calls', true],
  ['prompt_cache_key', null],
  ['safety_identifier', null],
  ['temperature', 1],
  ['tool_choice', 'auto'],
  ['tools', []],
  ['top_logprobs', 0],
  ['top_p', 1],
  ['truncation', 'disabled'],
  ['user', null],
  ['metadata', {}],
];

/** Returns what is the same in a response from its beginning to its end. */
export function repeatedOf({ asked, createdAtMs }: AnswerOptions): JsonObject {
  const repeated: JsonObject = { created_at: Math.floor(createdAtMs / 1000), background: false, previous_response_id: null };
  for (const [name, otherwise] of REPEATED) repeated[name] = sayable(asked[name]) ?? otherwise;
  repeated.reasoning = { effort: null, summary: null, ...(sayable(asked.reasoning) as JsonObject | null) };
  repeated.text = { format: { type: 'text' }, ...(sayable(asked.text) as JsonObject | null) };
  repeated.store = false;
  return repeated;
}

/** A large value stays in the received bytes, and is not repeated. */
function sayable(value: unknown): unknown {
  return value === LEFT_IN_BYTES || value === undefined ? null : value;
}

/** Returns the response as OpenAI writes it. */
export function responseObject(state: ResponseState, repeated: JsonObject): JsonObject {
  return {
    id: state.id,
    object: 'response',
    ...repeated,
    status: state.status,
    error: state.error,
    incomplete_details: state.incomplete === null ? null : { reason: state.incomplete },
    model: state.model,
    output: state.output,
    service_tier: null,
    usage: state.usage === null ? null : responsesUsage(state.usage),
  };
}

/** Returns the reason why an answer is incomplete; null if it is complete. */
export function incompleteReason(stop: StopReason): string | null {
  if (stop === 'length') return 'max_output_tokens';
  return stop === 'refusal' ? 'content_filter' : null;
}

/** Returns the id of a response, with OpenAI's beginning, because clients recognize ids by it. */
export function responseId(answerId: string): string {
  return answerId.startsWith('resp_') ? answerId : `resp_${answerId}`;
}
