import type { StopReason } from '../neutral.ts';

const WORDS: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_call: 'tool_calls',
  refusal: 'content_filter',
  pause: 'stop',
};

/** A map, because a provider's word can be one that every object has, such as `constructor`. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['stop', 'end'],
  ['length', 'length'],
  ['model_length', 'length'], // Mistral
  ['tool_calls', 'tool_call'],
  ['function_call', 'tool_call'],
  ['content_filter', 'refusal'],
]);

export function finishReasonOf(reason: StopReason): string {
  return WORDS[reason];
}

/** Maps OpenAI's finish reason. An unknown word counts as an ordinary end. */
export function stopOfFinishReason(word: string): StopReason {
  return REASONS.get(word) ?? 'end';
}
