import type { UsageBucket } from './usage.ts';

/**
 * One version of a deployment's price, effective from an instant. Whole nano-dollars per million tokens, never negative; zero is free.
 * A bucket without a price falls back: `cached_input`, `cache_write*`, `audio_input`, `image_input` → `input`; `reasoning`,
 * `audio_output`, `image_output` → `output`; a missing `input` or `output` is zero only when the price is given in part (embeddings).
 */
export interface Price {
  readonly id: string;
  readonly effectiveFromMs: number;
  readonly perMillion: Readonly<Partial<Record<UsageBucket, number>>>;
}
