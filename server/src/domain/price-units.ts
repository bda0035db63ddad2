import type { PerMillion, Price, PriceUnits } from './price.ts';
import { USAGE_UNITS, type Usage, type UsageUnit } from './usage.ts';

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

/**
 * The rates that an answer is charged at: the ordinary ones, over them those of the highest context tier that its input reached, and over
 * those the ones of its service tier.
 */
export function ratesOf({ perMillion, units }: GivenPrice, usage: Usage, serviceTier: string | null): PerMillion {
  const inputTokens = INPUT_BUCKETS.reduce((sum, bucket) => sum + (usage[bucket] ?? 0), 0);
  const context = units?.contextTiers?.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  const services = new Map(Object.entries(units?.serviceTiers ?? {}));
  return { ...perMillion, ...context?.perMillion, ...services.get(serviceTier ?? '')?.perMillion };
}

const INPUT_BUCKETS = ['input', 'cached_input', 'cache_write', 'cache_write_1h', 'audio_input', 'image_input'] as const;

/** True for a name of USAGE_UNITS: it counts pieces, not tokens. */
export function isPieceUnit(name: string): name is UsageUnit {
  return PIECE_UNITS.has(name);
}

const PIECE_UNITS: ReadonlySet<string> = new Set(USAGE_UNITS);
