import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';

/**
 * Converts disjoint buckets to OpenAI's overlapping usage fields. `cache_write_tokens` is present only if something was written.
 */
export function chatUsage(usage: Usage): JsonObject {
  const { input = 0, cached_input = 0, cache_write = 0, cache_write_1h = 0, audio_input = 0, image_input = 0 } = usage;
  const { output = 0, reasoning = 0, audio_output = 0, image_output = 0 } = usage;
  const written = cache_write + cache_write_1h;
  const prompt = input + cached_input + written + audio_input + image_input;
  const completion = output + reasoning + audio_output + image_output;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cached_input,
      audio_tokens: audio_input,
      ...(written > 0 ? { cache_write_tokens: written } : {}),
    },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: audio_output },
  };
}
