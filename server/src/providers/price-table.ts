import { calcPrice, type ModelPrice, type TieredPrices } from '@pydantic/genai-prices';
import type { PerMillion, Price, PriceUnits } from '../domain/money/price.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import { plainModelName } from '../domain/routing/known-model.ts';
import type { UsageBucket, UsageUnit } from '../domain/usage/usage.ts';
import { UNIT_PRICES_EDITION, unitPriceFor } from './unit-prices.ts';

/** The content of a list price, without its version. */
export type ListPrice = Pick<Price, 'perMillion' | 'units'>;

/** The package that contains the published list: its name, its version, the day of its publication and its author. */
export const PRICE_LIST = Object.freeze({
  name: '@pydantic/genai-prices',
  version: '0.1.8',
  publishedOn: '2026-09-23',
  author: 'Pydantic',
});

/** The edition that price versions name: of the published list, and of our own. */
export const PRICE_LIST_EDITION = `${PRICE_LIST.name} ${PRICE_LIST.version}, ${UNIT_PRICES_EDITION}`;

const NANO_PER_USD = 1_000_000_000;

/** The list's names for vendors whose name is another there. */
const VENDORS: Readonly<Partial<Record<ProviderName, string>>> = {
  gemini: 'google',
  vertex: 'google',
  bedrock: 'aws',
  voyage: 'voyageai',
};

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

/** The list's names for our pieces, per thousand. Its prices for other units (hours, film, pages) are not used. */
const PIECES: Readonly<Record<string, UsageUnit>> = { web_searches_kcount: 'search', requests_kcount: 'request' };

/** Nobody is paid for this model. It has a price so that spend is visible before there is a real provider. */
const FAKE_LARGE: ListPrice = Object.freeze({
  perMillion: Object.freeze({ input: 1_250_000_000, cached_input: 125_000_000, output: 10_000_000_000 }),
});

const FAKE_CONTEXT_WINDOW = 128_000;

/**
 * Returns the list price of a vendor's model today: whole nano-dollars per million tokens, and the charges beyond them. Returns
 * null if neither list has a price for it. Not for the hot path: the list counts in floats.
 */
export function priceFor(provider: ProviderName, upstreamModel: string): ListPrice | null {
  if (provider === 'fake') return upstreamModel === 'fake-large' ? FAKE_LARGE : null;
  const byUnit = unitPriceFor(provider, upstreamModel);
  if (byUnit !== null) return byUnit;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, plainModelName(upstreamModel), {
    providerId: vendorInList(provider),
  });
  if (found === null) return null;
  const price = listPriceOf(found.model_price);
  return Object.keys(price.perMillion).length > 0 ? price : null;
}

/**
 * Returns the most tokens that an upstream model takes in a request and its answer together, as the published list has it. Returns
 * null if the list does not have it.
 */
export function contextWindowOf(provider: ProviderName, upstreamModel: string): number | null {
  if (provider === 'fake') return upstreamModel === 'fake-large' ? FAKE_CONTEXT_WINDOW : null;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, plainModelName(upstreamModel), {
    providerId: vendorInList(provider),
  });
  return found?.model.context_window ?? null;
}

/** Returns the list's name for a vendor. */
export function vendorInList(provider: ProviderName): string {
  return VENDORS[provider] ?? provider;
}

/** Converts a price of the list to our buckets, tiers and pieces. */
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

/**
 * Returns the context tiers. Each contains every bucket that has a tier, so that the highest tier reached is complete by itself.
 */
function contextTiersOf(price: ModelPrice): Pick<PriceUnits, 'contextTiers'> {
  const starts = new Set(Object.values(price).flatMap((value) => (isTiered(value) ? value.tiers.map(({ start }) => start) : [])));
  if (starts.size === 0) return {};
  const contextTiers = [...starts]
    .sort((one, other) => one - other)
    .map((aboveInputTokens) => ({ aboveInputTokens, perMillion: ratesAbove(price, aboveInputTokens, isTiered) }));
  return { contextTiers };
}

/** Returns the rates of a prompt that is longer than `inputTokens`, for the buckets whose price `isWanted`. */
function ratesAbove(price: ModelPrice, inputTokens: number, isWanted: (value: ModelPrice[string]) => boolean): PerMillion {
  const perMillion: Partial<Record<UsageBucket, number>> = {};
  for (const [name, value] of Object.entries(price)) {
    const bucket = BUCKETS[name];
    if (bucket === undefined || value === undefined || !isWanted(value)) continue;
    const usd = isTiered(value) ? (value.tiers.findLast(({ start }) => start <= inputTokens)?.price ?? value.base) : value;
    // The list holds short decimals; rounding only removes the error of floats.
    perMillion[bucket] = Math.round(usd * NANO_PER_USD);
  }
  return perMillion;
}

function isTiered(value: ModelPrice[string]): value is TieredPrices {
  return typeof value === 'object';
}
