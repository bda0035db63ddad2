import { z } from 'zod';
import { formatUsd, parsePriceUsd } from '../domain/money.ts';
import type { Price } from '../domain/price.ts';
import { USAGE_BUCKETS, type UsageBucket } from '../domain/usage.ts';

/** Prices as the API shows and takes them: decimal USD per million tokens, by bucket; buckets may be left out. */

const usd = z.string().superRefine((text, context) => {
  const parsed = parsePriceUsd(text);
  if (parsed.is === 'invalid') context.addIssue({ code: 'custom', message: parsed.problem });
});

type PriceField = `${UsageBucket}_per_million`;

const fieldsOf = <T extends z.ZodType>(value: T) =>
  Object.fromEntries(USAGE_BUCKETS.map((bucket) => [`${bucket}_per_million`, value])) as Record<PriceField, T>;

export const priceFields = z.strictObject(fieldsOf(usd.nullable().optional())).meta({
  id: 'PriceChange',
  description:
    'USD per million tokens as decimal strings, by bucket. A bucket without a price is charged as its side: cached, cache-write, audio and image input as input, reasoning, audio and image output as output.',
});
export const pricesOut = z.object(fieldsOf(z.string().optional())).meta({ id: 'PriceByBucket' });

export type PriceBody = z.output<typeof priceFields>;
export type PerMillion = Price['perMillion'];

/** A price as a whole: what is absent or null has none. */
export function perMillionFrom(body: PriceBody): PerMillion {
  return patchedPerMillion({}, body);
}

/** A price after a PATCH: absent keeps, null takes a bucket away, null as a whole all of them. */
export function patchedPerMillion(stored: PerMillion, patch: PriceBody | null | undefined): PerMillion {
  if (patch === undefined) return stored;
  if (patch === null) return {};
  const merged: Partial<Record<UsageBucket, number>> = {};
  for (const bucket of USAGE_BUCKETS) {
    const text = patch[`${bucket}_per_million`];
    const value = text === undefined ? stored[bucket] : text === null ? undefined : nanoUsdOf(text);
    if (value !== undefined) merged[bucket] = value;
  }
  return merged;
}

/** Null for a price without a single bucket: that is no price, and never free. */
export function renderPrices(perMillion: PerMillion | null | undefined): z.output<typeof pricesOut> | null {
  const given = USAGE_BUCKETS.filter((bucket) => perMillion?.[bucket] !== undefined);
  if (given.length === 0) return null;
  return Object.fromEntries(given.map((bucket) => [`${bucket}_per_million`, formatUsd(perMillion?.[bucket] as number)]));
}

/** Validated by the schema before. */
function nanoUsdOf(text: string): number {
  const parsed = parsePriceUsd(text);
  if (parsed.is === 'invalid') throw new Error(`a price was not validated: ${parsed.problem}`);
  return parsed.value;
}
