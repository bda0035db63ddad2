import { calcPrice, type ModelPrice, type TieredPrices } from '@pydantic/genai-prices';
import type { PerMillion, Price, PriceUnits } from '../domain/money/price.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import type { UsageBucket, UsageUnit } from '../domain/usage/usage.ts';

/** What a price of the list says, without which version it is. */
export type ListPrice = Pick<Price, 'perMillion' | 'units'>;

/** The package that the published list comes in, and its version. */
export const PRICE_LIST_EDITION = '@pydantic/genai-prices 0.1.8';

const NANO_PER_USD = 1_000_000_000;

/** The list's names for our buckets, per million tokens. */
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

/** The list's names for our pieces, per thousand. What it prices in other units (hours, film, pages) is not counted here. */
const PIECES: Readonly<Record<string, UsageUnit>> = { web_searches_kcount: 'search', requests_kcount: 'request' };

/** Nobody is paid for it; it has a price so that spend can be seen before there is a real provider. */
const FAKE_LARGE: ListPrice = Object.freeze({
  perMillion: Object.freeze({ input: 1_250_000_000, cached_input: 125_000_000, output: 10_000_000_000 }),
});

/**
 * The list price of a vendor's model today: whole nano-dollars per million tokens, and what is charged beyond them; null when the list does not
 * know it by tokens. Off the hot path: the list counts in floats.
 */
export function priceFor(provider: ProviderName, upstreamModel: string): ListPrice | null {
  if (provider === 'fake') return upstreamModel === 'fake-large' ? FAKE_LARGE : null;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, upstreamModel, { providerId: provider });
  if (found === null) return null;
  const price = listPriceOf(found.model_price);
  return Object.keys(price.perMillion).length > 0 ? price : null;
}

/** A price of the list in our buckets, tiers and pieces. */
export function listPriceOf(price: ModelPrice): ListPrice {
  const units: PriceUnits = { ...piecesOf(price), ...contextTiersOf(price) };
  const perMillion = ratesAbove(price, Number.NEGATIVE_INFINITY, () => true);
  return Object.keys(units).length === 0 ? { perMillion } : { perMillion, units };
}

function piecesOf(price: ModelPrice): Pick<PriceUnits, 'perUnit'> {
  const perUnit: Partial<Record<UsageUnit, number>> = {};
  for (const [name, unit] of Object.entries(PIECES)) {
    const usd = price[name];
    if (typeof usd === 'number') perUnit[unit] = Math.round((usd * NANO_PER_USD) / 1_000);
  }
  return Object.keys(perUnit).length === 0 ? {} : { perUnit };
}

/** A tier holds every bucket that any tier is dearer in, so that the highest one that is reached says all. */
function contextTiersOf(price: ModelPrice): Pick<PriceUnits, 'contextTiers'> {
  const starts = new Set(Object.values(price).flatMap((value) => (isTiered(value) ? value.tiers.map(({ start }) => start) : [])));
  if (starts.size === 0) return {};
  const contextTiers = [...starts]
    .sort((one, other) => one - other)
    .map((aboveInputTokens) => ({ aboveInputTokens, perMillion: ratesAbove(price, aboveInputTokens, isTiered) }));
  return { contextTiers };
}

/** The rates of a prompt that is longer than so many tokens, of those buckets whose price is such a one. */
function ratesAbove(price: ModelPrice, inputTokens: number, isWanted: (value: ModelPrice[string]) => boolean): PerMillion {
  const perMillion: Partial<Record<UsageBucket, number>> = {};
  for (const [name, value] of Object.entries(price)) {
    const bucket = BUCKETS[name];
    if (bucket === undefined || value === undefined || !isWanted(value)) continue;
    const usd = isTiered(value) ? (value.tiers.findLast(({ start }) => start <= inputTokens)?.price ?? value.base) : value;
    // The list holds short decimals; rounding only takes away what floats added.
    perMillion[bucket] = Math.round(usd * NANO_PER_USD);
  }
  return perMillion;
}

function isTiered(value: ModelPrice[string]): value is TieredPrices {
  return typeof value === 'object';
}
