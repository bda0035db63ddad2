import type { Wire } from '../dialect.ts';

/** Reports whether a wire's requests are those of the Responses API: a response itself, its compaction, or a count of its input. */
export function isOfResponses(wire: Wire): boolean {
  return wire === 'openai-responses' || wire === 'openai-compact' || wire === 'openai-input-tokens';
}
