import { isPiece, USAGE_BUCKETS, USAGE_UNITS } from '../usage/usage.ts';
import {
  hasBucketPrice,
  hasContextPrice,
  hasTierPrice,
  hasUnitPrice,
  isDearer,
  isFree,
  type PerMillion,
  type Price,
  type PriceUnits,
} from './price.ts';

/** A price without its version: the rates of the token buckets, and the charges beyond them. */
export interface GivenPrice {
  readonly perMillion: PerMillion;
  /** The charges beyond tokens; null: none. */
  readonly units: PriceUnits | null;
}

/** A price without any rate. It counts as unpriced, never as free. */
export const NO_PRICE: GivenPrice = Object.freeze({ perMillion: Object.freeze({}), units: null });

/** Returns the price in a canonical form without empty parts, so that two equal prices are deeply equal. */
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

/** A use without a price, as it is added up: its unit, and a time after its last occurrence. */
export interface UnpricedUse {
  readonly unit: string;
  readonly untilMs: number;
}

/** A stored version of a price. */
type Stored = Pick<Price, 'perMillion'> & { readonly units: PriceUnits | null; readonly effectiveFrom: Date };

/**
 * Reports whether the price in force (null: none) still lacks a price for an earlier unpriced use. False for units that cannot
 * have a price, such as tools and betas. For a tier whose name is not stored, only a use after the price took effect counts.
 */
export function lacksPrice(stored: Stored | null, { unit, untilMs }: UnpricedUse): boolean {
  const [kind, word = ''] = unit.split(':');
  if (stored === null || Object.keys(stored.perMillion).length === 0) return isPriceable(unit);
  const { perMillion, units, effectiveFrom } = stored;
  const price = { id: '', effectiveFromMs: effectiveFrom.getTime(), perMillion, units: units ?? {} };
  if (isPiece(unit)) return !hasUnitPrice(price, unit);
  if (isDearer(unit)) return !hasBucketPrice(price, unit);
  if (unit === 'context_tier') return !hasContextPrice(price);
  if (kind !== 'service_tier' || isFree(price)) return false;
  return word === '' ? untilMs > price.effectiveFromMs : !hasTierPrice(price, word);
}

function isPriceable(unit: string): boolean {
  return isPiece(unit) || isDearer(unit) || unit === 'context_tier' || unit.split(':')[0] === 'service_tier';
}

/**
 * Reports whether stored values form a valid price: whole nano-dollars from 0 up, and tiers in ascending order. Another program
 * may have written them.
 */
export function isPrice(perMillion: unknown, units: unknown): boolean {
  if (!isRates(perMillion)) return false;
  if (units === null || units === undefined) return true;
  if (!isObject(units)) return false;
  const { perUnit = {}, contextTiers = [], serviceTiers = {} } = units;
  return (
    isAmounts(perUnit) &&
    isContextTiers(contextTiers) &&
    isObject(serviceTiers) &&
    Object.values(serviceTiers).every(isServiceRates)
  );
}

function isContextTiers(tiers: unknown): boolean {
  if (!Array.isArray(tiers)) return false;
  const starts = tiers.map((tier) => (hasRates(tier) ? (tier as { aboveInputTokens?: unknown }).aboveInputTokens : undefined));
  return starts.every((start, at) => isAmount(start) && (at === 0 || (start as number) > (starts[at - 1] as number)));
}

function isServiceRates(value: unknown): boolean {
  return hasRates(value) && isAmounts((value as { perUnit?: unknown }).perUnit ?? {});
}

function hasRates(value: unknown): boolean {
  return isObject(value) && isRates(value.perMillion);
}

/** Checks only the known buckets, because only they are multiplied. Other fields are ignored. */
function isRates(value: unknown): boolean {
  return isObject(value) && USAGE_BUCKETS.every((bucket) => value[bucket] === undefined || isAmount(value[bucket]));
}

function isAmounts(value: unknown): boolean {
  return isObject(value) && USAGE_UNITS.every((unit) => value[unit] === undefined || isAmount(value[unit]));
}

function isAmount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
