import type { PerMillion, Price, PriceUnits } from './price.ts';
import { USAGE_BUCKETS, USAGE_UNITS } from './usage.ts';

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

/** Whether what is stored as a price can be multiplied: whole nano-dollars from 0 on, in the form of a price. For rows that nobody here wrote. */
export function isReadablePrice(perMillion: unknown, units: unknown): boolean {
  return areRates(perMillion) && (units === null || areUnits(units as PriceUnits));
}

/** Whole nano-dollars by bucket or unit, whatever else the object holds. */
function areRates(rates: unknown): boolean {
  if (typeof rates !== 'object' || rates === null) return false;
  return RATED.every((name) => {
    const rate = (rates as Readonly<Record<string, unknown>>)[name];
    return rate === undefined || (Number.isSafeInteger(rate) && (rate as number) >= 0);
  });
}

const RATED = [...USAGE_BUCKETS, ...USAGE_UNITS];

function areUnits(units: PriceUnits): boolean {
  if (typeof units !== 'object') return false;
  const { perUnit = {}, contextTiers = [], serviceTiers = {} } = units;
  if (!areRates(perUnit) || !Array.isArray(contextTiers) || typeof serviceTiers !== 'object' || serviceTiers === null)
    return false;
  return (
    contextTiers.every((tier) => Number.isSafeInteger(tier?.aboveInputTokens) && areRates(tier.perMillion)) &&
    Object.values(serviceTiers).every((tier) => areRates(tier?.perMillion))
  );
}
