import type { StopReason } from '../neutral.ts';

/** A map, because a provider's word can be one that every object has, such as `constructor`. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['COMPLETE', 'end'],
  ['STOP_SEQUENCE', 'stop_sequence'],
  ['MAX_TOKENS', 'length'],
  ['TOOL_CALL', 'tool_call'],
  ['ERROR_TOXIC', 'refusal'],
]);

/** Maps Cohere's finish reason. An unknown word counts as an ordinary end, or as one for calls if there are some. */
export function stopOf(word: string, hasCalls: boolean): StopReason {
  const reason = REASONS.get(word) ?? 'end';
  return reason === 'end' && hasCalls ? 'tool_call' : reason;
}
