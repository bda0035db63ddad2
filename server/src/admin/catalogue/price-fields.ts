import { z } from 'zod';
import { type GivenPrice, givenPrice, NO_PRICE } from '../../domain/money/price-units.ts';
import { invalid } from '../http/problem.ts';
import { patchedRates, rateFields, ratesOut, renderRates } from './price-rate-fields.ts';
import { patchedUnits, renderUnits, unitFields, unitsOut } from './price-unit-fields.ts';

/** Prices in the API: decimal USD per million tokens by bucket, and the prices of units and tiers. Each may be left out. */

export const priceFields = z.strictObject({ ...rateFields, ...unitFields }).meta({
  id: 'PriceChange',
  description:
    'USD per million tokens as decimal strings, by bucket, and prices of other units. A bucket without a price uses the input price (cached, cache-write, audio and image input) or the output price (reasoning, audio and image output). A PATCH keeps absent fields and removes null ones, also by name in `per_unit` and `service_tiers`; `context_tiers` is replaced as a whole.',
});
export const pricesOut = z.object({ ...ratesOut.shape, ...unitsOut }).meta({ id: 'Prices' });

export type PriceBody = z.output<typeof priceFields>;

/** Returns the price of a body as a whole: a bucket that is absent or null has no price. Throws as patchedPrice does. */
export function priceFrom(body: PriceBody | null): GivenPrice {
  return patchedPrice(NO_PRICE, body);
}

/**
 * Applies a PATCH to a price: absent keeps, null removes, and null for the whole removes everything. Throws 400 if units or tiers
 * would be left without the price of any bucket. That is no price, but would look like one.
 */
export function patchedPrice(stored: GivenPrice, patch: PriceBody | null | undefined): GivenPrice {
  if (patch === undefined) return stored;
  if (patch === null) return NO_PRICE;
  const perMillion = patchedRates(stored.perMillion, patch);
  const price = givenPrice({ perMillion, units: patchedUnits(stored.units ?? {}, patch) });
  if (price.units === null || !isUnpriced(price)) return price;
  throw invalid('/prices', 'must have a token price in at least one bucket ("0" if tokens are free), or be null for no price');
}

/** Reports whether a price has no bucket. Such a price counts as unpriced, never as free. */
export function isUnpriced({ perMillion }: GivenPrice): boolean {
  return Object.keys(perMillion).length === 0;
}

/** Renders a price. Returns null if there is none. */
export function renderPrices(price: GivenPrice | null | undefined): z.output<typeof pricesOut> | null {
  if (price == null || isUnpriced(price)) return null;
  return { ...renderRates(price.perMillion), ...renderUnits(price.units ?? {}) };
}
