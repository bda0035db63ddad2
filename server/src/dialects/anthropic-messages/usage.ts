import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';

/** Converts disjoint buckets to Anthropic's usage fields. */
export function messageUsage(usage: Usage): JsonObject {
  const { input = 0, cached_input = 0, cache_write = 0, cache_write_1h = 0, audio_input = 0, image_input = 0 } = usage;
  const { output = 0, reasoning = 0, audio_output = 0, image_output = 0 } = usage;
  return {
    input_tokens: input + audio_input + image_input,
    cache_creation_input_tokens: cache_write + cache_write_1h,
    cache_read_input_tokens: cached_input,
    cache_creation: { ephemeral_5m_input_tokens: cache_write, ephemeral_1h_input_tokens: cache_write_1h },
    output_tokens: output + reasoning + audio_output + image_output,
    ...(reasoning > 0 ? { output_tokens_details: { thinking_tokens: reasoning } } : {}),
  };
}
