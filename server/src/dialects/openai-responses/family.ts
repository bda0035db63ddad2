import type { Wire } from '../dialect.ts';

/**
 * Reports whether a wire's requests are those of the Responses API: a response itself, also for a client that reads it as a chat
 * completion, its compaction, or a count of its input.
 */
export function isOfResponses(wire: Wire): boolean {
  if (wire === 'openai-responses' || wire === 'cursor-responses') return true;
  return wire === 'openai-compact' || wire === 'openai-input-tokens';
}
