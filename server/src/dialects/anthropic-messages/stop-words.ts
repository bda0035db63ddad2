import type { StopReason } from '../neutral.ts';

const WORDS: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_call: 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
};

const REASONS: Readonly<Record<string, StopReason>> = {
  end_turn: 'end',
  stop_sequence: 'stop_sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_call',
  refusal: 'refusal',
  pause_turn: 'pause',
};

export function stopReasonOf(reason: StopReason): string {
  return WORDS[reason];
}

/** Maps Anthropic's stop reason. An unknown word counts as an ordinary end. */
export function stopOfStopReason(word: string): StopReason {
  return REASONS[word] ?? 'end';
}
