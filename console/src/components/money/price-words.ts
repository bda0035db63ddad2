import type { Schema } from '../../api/client.ts';
import type { Prices } from '../../api/gateway.ts';
import { countText } from '../../numbers/numbers.ts';
import { wordOf } from '../StatusBadge.tsx';
import { words } from './words.ts';

type PriceByBucket = Omit<Schema<'PriceByTier'>, 'per_unit'>;
export type PriceBucket = keyof PriceByBucket;
export type PriceUnit = keyof NonNullable<Prices['per_unit']>;

export const BUCKET_WORDS: Readonly<Record<PriceBucket, string>> = words.bucketWords;
export const BUCKETS = Object.keys(BUCKET_WORDS) as PriceBucket[];

export const UNIT_WORDS: Readonly<Record<PriceUnit, string>> = words.unitWords;
export const UNITS = Object.keys(UNIT_WORDS) as PriceUnit[];

/** Names for kinds of units that are neither token buckets nor pieces. */
const KIND_WORDS: Readonly<Record<string, string>> = words.kindWords;

/** Reports whether a price can include this unit. Tools and beta features have no place in one. */
export function isPriceable(unit: string): boolean {
  return unit in UNIT_WORDS || `${unit}_per_million` in BUCKET_WORDS || /^(service_tier|context_tier)\b/.test(unit);
}

/** Names a unit of a report or a ledger row: a piece, a token bucket, a tier, or something that no price can include. */
export function unitName(unit: string): string {
  if (unit in UNIT_WORDS) return UNIT_WORDS[unit as PriceUnit];
  const bucket = `${unit}_per_million`;
  if (bucket in BUCKET_WORDS) return tokensOf(BUCKET_WORDS[bucket as PriceBucket]);
  const [kind = '', name = ''] = unit.split(':');
  const called = KIND_WORDS[kind] ?? wordOf(kind);
  return name === '' ? called : `${called} ${name}`;
}

/** Adds the word tokens: `Cache write, 1 hour` → `Cache write tokens, 1 hour`. */
function tokensOf(name: string): string {
  const [kind, ...more] = name.split(', ');
  return [words.tokens(kind), ...more].join(', ');
}

/** Returns the name of a token bucket: `cache_write_1h` → `Cache write, 1 hour`. */
export function bucketName(bucket: string): string {
  return BUCKET_WORDS[`${bucket}_per_million` as PriceBucket] ?? wordOf(bucket);
}

/** One line of a price, in words. */
export interface PriceLine {
  readonly label: string;
  /** USD per million tokens, or per piece. Null: the same as the ordinary rate. */
  readonly usd: string | null;
}

/** Lists all lines of a price: the buckets, the pieces, the context tiers, the service tiers. */
export function priceLines(prices: Prices | null | undefined): readonly PriceLine[] {
  if (prices == null) return [];
  const { per_unit = {}, context_tiers = [], service_tiers = {} } = prices;
  return [
    ...rateLines(prices, ''),
    ...UNITS.flatMap((unit) =>
      per_unit[unit] === undefined ? [] : [{ label: words.each(UNIT_WORDS[unit]), usd: per_unit[unit] }],
    ),
    ...context_tiers.flatMap((tier) => rateLines(tier, words.promptAbove(countText(tier.above_input_tokens)))),
    ...Object.entries(service_tiers).flatMap(([name, rates]) => serviceLines(name, rates)),
  ];
}

/** Returns the input and output price in one line: `$0.05 in · $0.40 out`. */
export function priceLine(prices: Prices | null | undefined): string {
  if (prices == null) return words.unpriced;
  const parts = [
    prices.input_per_million === undefined ? null : words.dollarsIn(prices.input_per_million),
    prices.output_per_million === undefined ? null : words.dollarsOut(prices.output_per_million),
  ].filter((part) => part !== null);
  return parts.length === 0 ? words.otherPricesOnly : parts.join(' · ');
}

/** Counts what a price has beyond ordinary tokens: `+ 2 units, 1 tier`. Empty if there is nothing. */
export function beyondText(prices: Prices | null | undefined): string {
  const units = Object.keys(prices?.per_unit ?? {}).length;
  const tiers = (prices?.context_tiers?.length ?? 0) + Object.keys(prices?.service_tiers ?? {}).length;
  const parts = [units > 0 && words.units(units), tiers > 0 && words.tiers(tiers)].filter((part) => part !== false);
  return parts.length === 0 ? '' : `+ ${parts.join(', ')}`;
}

function serviceLines(name: string, { per_unit: pieces, ...rates }: Schema<'PriceByTier'>): readonly PriceLine[] {
  const picture = pieces?.image;
  const pictures = picture === undefined ? [] : [{ label: `${words.each(UNIT_WORDS.image)}${words.tierOf(name)}`, usd: picture }];
  const lines = [...rateLines(rates, words.tierOf(name)), ...pictures];
  return lines.length === 0 ? [{ label: words.tierNamed(name), usd: null }] : lines;
}

function rateLines(rates: PriceByBucket, where: string): readonly PriceLine[] {
  return BUCKETS.flatMap((bucket) => {
    const usd = rates[bucket];
    return usd === undefined ? [] : [{ label: `${BUCKET_WORDS[bucket]}${where}`, usd }];
  });
}
