import type { Schema } from '../../api/client.ts';
import type { Prices } from '../../api/gateway.ts';
import { countText } from '../../numbers/numbers.ts';
import { wordOf } from '../StatusBadge.tsx';

export type PriceBucket = keyof Schema<'PriceByBucket'>;
export type PriceUnit = keyof NonNullable<Prices['per_unit']>;

export const BUCKET_WORDS: Readonly<Record<PriceBucket, string>> = {
  input_per_million: 'Input',
  cached_input_per_million: 'Cached input',
  cache_write_per_million: 'Cache write',
  cache_write_1h_per_million: 'Cache write, 1 hour',
  audio_input_per_million: 'Audio input',
  image_input_per_million: 'Image input',
  output_per_million: 'Output',
  reasoning_per_million: 'Reasoning',
  audio_output_per_million: 'Audio output',
  image_output_per_million: 'Image output',
};
export const BUCKETS = Object.keys(BUCKET_WORDS) as PriceBucket[];

export const UNIT_WORDS: Readonly<Record<PriceUnit, string>> = {
  search: 'Web search',
  request: 'Request',
  image: 'Generated image',
  second_input: 'Second of input',
  second_output: 'Second of output',
  page: 'Page of input',
};
export const UNITS = Object.keys(UNIT_WORDS) as PriceUnit[];

/** Names for kinds of units that are neither token buckets nor pieces. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  service_tier: 'Service tier',
  context_tier: 'Long prompt',
  tool: 'Tool of the provider',
  beta: 'Beta feature',
  mcp_servers: 'MCP servers',
  other: 'Something else',
};

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
  const words = KIND_WORDS[kind] ?? wordOf(kind);
  return name === '' ? words : `${words} ${name}`;
}

/** Adds the word tokens: `Cache write, 1 hour` → `Cache write tokens, 1 hour`. */
function tokensOf(words: string): string {
  const [kind, ...more] = words.split(', ');
  return [`${kind} tokens`, ...more].join(', ');
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
      per_unit[unit] === undefined ? [] : [{ label: `${UNIT_WORDS[unit]}, each`, usd: per_unit[unit] }],
    ),
    ...context_tiers.flatMap((tier) => rateLines(tier, `, prompt above ${countText(tier.above_input_tokens)}`)),
    ...Object.entries(service_tiers).flatMap(([name, rates]) => serviceLines(name, rates)),
  ];
}

/** Returns the input and output price in one line: `$0.05 in · $0.40 out`. */
export function priceLine(prices: Prices | null | undefined): string {
  if (prices == null) return 'unpriced';
  const parts = [
    prices.input_per_million === undefined ? null : `$${prices.input_per_million} in`,
    prices.output_per_million === undefined ? null : `$${prices.output_per_million} out`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'other prices only' : parts.join(' · ');
}

/** Counts what a price has beyond ordinary tokens: `+ 2 units, 1 tier`. Empty if there is nothing. */
export function beyondText(prices: Prices | null | undefined): string {
  const units = Object.keys(prices?.per_unit ?? {}).length;
  const tiers = (prices?.context_tiers?.length ?? 0) + Object.keys(prices?.service_tiers ?? {}).length;
  const parts = [counted(units, 'unit'), counted(tiers, 'tier')].filter((part) => part !== null);
  return parts.length === 0 ? '' : `+ ${parts.join(', ')}`;
}

function counted(count: number, what: string): string | null {
  if (count === 0) return null;
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function serviceLines(name: string, rates: Schema<'PriceByBucket'>): readonly PriceLine[] {
  const lines = rateLines(rates, `, tier ${name}`);
  return lines.length === 0 ? [{ label: `Tier ${name}`, usd: null }] : lines;
}

function rateLines(rates: Schema<'PriceByBucket'>, where: string): readonly PriceLine[] {
  return BUCKETS.flatMap((bucket) => {
    const usd = rates[bucket];
    return usd === undefined ? [] : [{ label: `${BUCKET_WORDS[bucket]}${where}`, usd }];
  });
}
