import type { StopReason } from '../neutral.ts';

const WORDS: Readonly<Record<StopReason, string>> = {
  end: 'STOP',
  stop_sequence: 'STOP',
  length: 'MAX_TOKENS',
  tool_call: 'STOP',
  refusal: 'SAFETY',
  pause: 'STOP',
};

/** A map, because a provider's word can be one that every object has, such as `constructor`. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['STOP', 'end'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'refusal'],
  ['RECITATION', 'refusal'],
  ['BLOCKLIST', 'refusal'],
  ['PROHIBITED_CONTENT', 'refusal'],
  ['SPII', 'refusal'],
  ['IMAGE_SAFETY', 'refusal'],
  ['MODEL_ARMOR', 'refusal'],
]);

export function finishReasonOf(reason: StopReason): string {
  return WORDS[reason];
}

/** Maps Gemini's finish reason. It says STOP after calls too. An unknown word counts as an ordinary end. */
export function stopOf(word: string, hasCalls: boolean): StopReason {
  const reason = REASONS.get(word) ?? 'end';
  return reason === 'end' && hasCalls ? 'tool_call' : reason;
}
