import { divideRoundingUp } from './money.ts';
import { USAGE_BUCKETS, type Usage, type UsageBucket, type UsageUnit } from './usage.ts';

/**
 * One version of a deployment's price, effective from an instant. Whole nano-dollars per million tokens, never negative; zero is free.
 * A bucket without a price falls back: `cached_input`, `cache_write*`, `audio_input`, `image_input` → `input`; `reasoning`,
 * `audio_output`, `image_output` → `output`; a missing `input` or `output` is zero only when the price is given in part (embeddings).
 */
export interface Price {
  readonly id: string;
  readonly effectiveFromMs: number;
  readonly perMillion: PerMillion;
  /** What is charged beyond that; absent: nothing. */
  readonly units?: PriceUnits;
}

/** Whole nano-dollars per million tokens, by bucket. */
export type PerMillion = Readonly<Partial<Record<UsageBucket, number>>>;

/** What a price says beyond ordinary tokens. Whatever it does not say has no price. */
export interface PriceUnits {
  /** Whole nano-dollars for one. */
  readonly perUnit?: Readonly<Partial<Record<UsageUnit, number>>>;
  /** Rates for the whole request when its input is above so many tokens; ascending. A bucket that is not given keeps its ordinary rate. */
  readonly contextTiers?: readonly { readonly aboveInputTokens: number; readonly perMillion: PerMillion }[];
  /** Rates by the provider's word for a service tier or speed (`priority`, `flex`, `batch`, `fast`); likewise. */
  readonly serviceTiers?: Readonly<Record<string, { readonly perMillion: PerMillion }>>;
}

/** The dearest a token can be on either side, in nano-dollars per million. */
export interface DearestRates {
  readonly input: number;
  readonly output: number;
}

const MILLION = 1_000_000n;

/**
 * The price in force: the newest that is not in the future (`prices` are newest first). Null: unpriced, which is never free.
 * A price without a single bucket is no price.
 */
export function priceAt(prices: readonly Price[], atMs: number): Price | null {
  for (const price of prices) {
    if (price.effectiveFromMs <= atMs) return isGiven(price) ? price : null;
  }
  return null;
}

/** What an answer costs: the exact sum over its disjoint buckets, rounded once, up, to a whole nano-dollar. */
export function costNanoUsd(usage: Usage, price: Price): bigint {
  let perMillionths = 0n;
  for (const bucket of USAGE_BUCKETS) {
    const tokens = usage[bucket];
    if (tokens !== undefined && tokens > 0) perMillionths += BigInt(tokens) * BigInt(rateOf(price, bucket));
  }
  return divideRoundingUp(perMillionths, MILLION);
}

/** What a bucket costs per million tokens, its fallback included. */
export function rateOf(price: Price, bucket: UsageBucket): number {
  return price.perMillion[bucket] ?? price.perMillion[SIDES[bucket]] ?? 0;
}

/** The dearest bucket on each side, remembered per price: holds are taken at it. */
export function dearestRates(price: Price): DearestRates {
  const known = DEAREST.get(price);
  if (known !== undefined) return known;
  const rates = { input: 0, output: 0 };
  for (const bucket of USAGE_BUCKETS) {
    const side = SIDES[bucket];
    rates[side] = Math.max(rates[side], rateOf(price, bucket));
  }
  DEAREST.set(price, rates);
  return rates;
}

/** No split of these tokens over the buckets of their side costs more than this. */
export function upperBoundNanoUsd(inputTokens: number, outputTokens: number, price: Price): bigint {
  const { input, output } = dearestRates(price);
  return divideRoundingUp(BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output), MILLION);
}

/** The largest number of output tokens whose upper bound, beside this input, stays within the amount. 0 when not even the input fits. */
export function affordableOutputTokens(nanoUsd: number, inputTokens: number, price: Price): number {
  const { input, output } = dearestRates(price);
  const left = BigInt(nanoUsd) * MILLION - BigInt(inputTokens) * BigInt(input);
  if (left < 0n) return 0;
  if (output === 0) return Number.MAX_SAFE_INTEGER;
  const tokens = left / BigInt(output);
  return tokens > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(tokens);
}

/** On which side of an answer a bucket is counted, and whose price it takes when it has none. */
const SIDES: Readonly<Record<UsageBucket, 'input' | 'output'>> = {
  input: 'input',
  cached_input: 'input',
  cache_write: 'input',
  cache_write_1h: 'input',
  audio_input: 'input',
  image_input: 'input',
  output: 'output',
  reasoning: 'output',
  audio_output: 'output',
  image_output: 'output',
};

const DEAREST = new WeakMap<Price, DearestRates>();

function isGiven(price: Price): boolean {
  return Object.keys(price.perMillion).length > 0;
}
