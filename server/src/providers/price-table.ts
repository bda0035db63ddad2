import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import type { ProviderName } from '../domain/catalogue.ts';
import type { Price } from '../domain/price.ts';
import type { UsageBucket } from '../domain/usage.ts';

type PerMillion = Price['perMillion'];

const NANO_PER_USD = 1_000_000_000;

/** The published table's names for our buckets. What it prices in other units (hours, searches, images by the piece) is not counted. */
const BUCKETS: Readonly<Record<string, UsageBucket>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cached_input',
  cache_write_mtok: 'cache_write',
  cache_write_1h_mtok: 'cache_write_1h',
  input_audio_mtok: 'audio_input',
  input_image_mtok: 'image_input',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'audio_output',
  output_image_mtok: 'image_output',
};

/** Nobody is paid for it; it has a price so that spend can be seen before there is a real provider. */
const FAKE_LARGE: PerMillion = Object.freeze({ input: 1_250_000_000, cached_input: 125_000_000, output: 10_000_000_000 });

/**
 * The list price of a vendor's model today, in whole nano-dollars per million tokens; null when the table does not know it by tokens.
 * Where a vendor charges long prompts dearer this is the price of the ordinary ones. Off the hot path: the table counts in floats.
 */
export function priceFor(provider: ProviderName, upstreamModel: string): PerMillion | null {
  if (provider === 'fake') return upstreamModel === 'fake-large' ? FAKE_LARGE : null;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, upstreamModel, { providerId: provider });
  if (found === null) return null;
  const perMillion = perMillionOf(found.model_price);
  return Object.keys(perMillion).length > 0 ? perMillion : null;
}

/** A price of the table in our buckets: per token only, and for prompts of ordinary length. */
export function perMillionOf(price: ModelPrice): PerMillion {
  const perMillion: Partial<Record<UsageBucket, number>> = {};
  for (const [name, value] of Object.entries(price)) {
    const bucket = BUCKETS[name];
    const usd = typeof value === 'object' ? value.base : value;
    // The table holds short decimals; rounding only takes away what floats added.
    if (bucket !== undefined && usd !== undefined) perMillion[bucket] = Math.round(usd * NANO_PER_USD);
  }
  return perMillion;
}
