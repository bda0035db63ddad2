import type { StopReason } from '../neutral.ts';

const WORDS: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_call: 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
};

/** A map, because a provider's word can be one that every object has, such as `constructor`. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['end_turn', 'end'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_call'],
  ['refusal', 'refusal'],
  ['pause_turn', 'pause'],
]);

export function stopReasonOf(reason: StopReason): string {
  return WORDS[reason];
}

/** Maps Anthropic's stop reason. An unknown word counts as an ordinary end. */
export function stopOfStopReason(word: string): StopReason {
  return REASONS.get(word) ?? 'end';
}
