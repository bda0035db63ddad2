import type { StopReason } from '../neutral.ts';

/** A map, because a provider's word can be one that every object has, such as `constructor`. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['end_turn', 'end'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_call'],
  ['content_filtered', 'refusal'],
  ['guardrail_intervened', 'refusal'],
  ['refusal', 'refusal'],
]);

/** Maps the stop reason of an answer. An unknown word counts as an ordinary end. */
export function stopOfConverse(word: string): StopReason {
  return REASONS.get(word) ?? 'end';
}
