import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { chatUsage } from '../openai-chat/usage.ts';

/** Converts disjoint buckets to the usage of a response, which overlap as in chat completions. */
export function responsesUsage(usage: Usage): JsonObject {
  const { prompt_tokens, completion_tokens, total_tokens } = chatUsage(usage);
  const written = (usage.cache_write ?? 0) + (usage.cache_write_1h ?? 0);
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { cached_tokens: usage.cached_input ?? 0, ...(written > 0 ? { cache_write_tokens: written } : {}) },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens,
  };
}
