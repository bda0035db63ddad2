import type { PerMillion, Price, PriceUnits } from '../money/price.ts';
import { BATCH_TIER } from './batch.ts';

/** The price of a batch's lines: the rates of the price's batch tier. Without that tier, the ordinary rates; it is never free by accident. */
export interface PriceOfBatch {
  readonly price: Price;
  /** `batch`, or null if the price has no rates for batches. */
  readonly tier: typeof BATCH_TIER | null;
}

/**
 * Returns the price at which the lines of a batch are held and charged. A bucket or unit that the tier does not give keeps its
 * ordinary rate. No other tier can answer a batch, so the price has none.
 */
export function batchPrice(price: Price): PriceOfBatch {
  const { units } = price;
  const tier = units?.serviceTiers?.[BATCH_TIER];
  if (units === undefined) return { price, tier: null };
  const { serviceTiers: _, ...ordinary } = units;
  if (tier === undefined) return { price: { ...price, units: ordinary }, tier: null };
  const given = { ...units.perUnit, ...tier.perUnit };
  const rest: PriceUnits = {
    ...(Object.keys(given).length === 0 ? {} : { perUnit: given }),
    ...(units.contextTiers === undefined ? {} : { contextTiers: units.contextTiers.map((one) => without(one, tier.perMillion)) }),
  };
  return { price: { ...price, perMillion: { ...price.perMillion, ...tier.perMillion }, units: rest }, tier: BATCH_TIER };
}

type ContextTier = NonNullable<PriceUnits['contextTiers']>[number];

/** Returns a context tier without the buckets for which the batch tier has a rate: a service tier comes first. */
function without({ aboveInputTokens, perMillion }: ContextTier, given: PerMillion): ContextTier {
  const left = Object.fromEntries(Object.entries(perMillion).filter(([bucket]) => !(bucket in given)));
  return { aboveInputTokens, perMillion: left as PerMillion };
}
