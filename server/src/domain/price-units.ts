import type { PerMillion, Price, PriceUnits } from './price.ts';

/** A price without its version: the rates of the token buckets and what is charged beyond them. */
export interface GivenPrice {
  readonly perMillion: PerMillion;
  /** Null: nothing. */
  readonly units: PriceUnits | null;
}

/** A price that charges nothing because nothing has a price: never free. */
export const NO_PRICE: GivenPrice = Object.freeze({ perMillion: Object.freeze({}), units: null });

/** Returns the price in one form, so that two prices that say the same are deeply equal: parts that say nothing are left out. */
export function givenPrice({
  perMillion,
  units,
}: Pick<Price, 'perMillion'> & { readonly units?: PriceUnits | null }): GivenPrice {
  const { perUnit = {}, contextTiers = [], serviceTiers = {} } = units ?? {};
  const said: PriceUnits = {
    ...(Object.keys(perUnit).length === 0 ? {} : { perUnit: { ...perUnit } }),
    ...(contextTiers.length === 0 ? {} : { contextTiers }),
    ...(Object.keys(serviceTiers).length === 0 ? {} : { serviceTiers }),
  };
  return { perMillion: { ...perMillion }, units: Object.keys(said).length === 0 ? null : said };
}
