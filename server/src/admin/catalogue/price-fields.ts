import { z } from 'zod';
import { type GivenPrice, givenPrice, NO_PRICE } from '../../domain/money/price-units.ts';
import { invalid } from '../http/problem.ts';
import { patchedRates, rateFields, ratesOut, renderRates } from './price-rate-fields.ts';
import { patchedUnits, renderUnits, unitFields, unitsOut } from './price-unit-fields.ts';

/** Prices as the API shows and takes them: decimal USD per million tokens, by bucket, and what is charged beyond them; each may be left out. */

export const priceFields = z.strictObject({ ...rateFields, ...unitFields }).meta({
  id: 'PriceChange',
  description:
    'USD per million tokens as decimal strings, by bucket, and what is charged beyond them. A bucket without a price is charged as its side: cached, cache-write, audio and image input as input, reasoning, audio and image output as output. A PATCH keeps what is absent and takes away what is null, in `per_unit` and `service_tiers` name by name; `context_tiers` is replaced as a whole.',
});
export const pricesOut = z.object({ ...ratesOut.shape, ...unitsOut }).meta({ id: 'Prices' });

export type PriceBody = z.output<typeof priceFields>;

/** A price as a whole: what is absent or null has none. Throws as patchedPrice. */
export function priceFrom(body: PriceBody | null): GivenPrice {
  return patchedPrice(NO_PRICE, body);
}

/**
 * A price after a PATCH: absent keeps, null takes away, null as a whole everything. Throws 400 when pieces or tiers would be left without
 * the price of a single bucket: that is no price, and would look like one.
 */
export function patchedPrice(stored: GivenPrice, patch: PriceBody | null | undefined): GivenPrice {
  if (patch === undefined) return stored;
  if (patch === null) return NO_PRICE;
  const perMillion = patchedRates(stored.perMillion, patch);
  const price = givenPrice({ perMillion, units: patchedUnits(stored.units ?? {}, patch) });
  if (price.units === null || !isUnpriced(price)) return price;
  throw invalid(
    '/prices',
    'has no price of tokens: give at least one bucket, "0" where they are free, or null for no price at all',
  );
}

/** A price without a single bucket is no price, and never free. */
export function isUnpriced({ perMillion }: GivenPrice): boolean {
  return Object.keys(perMillion).length === 0;
}

/** Null for no price. */
export function renderPrices(price: GivenPrice | null | undefined): z.output<typeof pricesOut> | null {
  if (price == null || isUnpriced(price)) return null;
  return { ...renderRates(price.perMillion), ...renderUnits(price.units ?? {}) };
}
