import { isPiece, USAGE_BUCKETS, USAGE_UNITS, type Usage, type UsageBucket, type UsageUnit } from '../usage/usage.ts';
import { divideRoundingUp } from './money.ts';
import { mayAnswer } from './service-tier.ts';

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

/** What can be billed beside the input and the output of a request. */
export interface BeyondTokens {
  /** The service tier asked for: see `mayAnswer`. Null, as where it is absent: left to the provider. */
  readonly serviceTier?: string | null;
  /** The most searches that can be billed. */
  readonly searches?: number;
  /** How often everything put out so far can be read again as input: once for each round of a server tool. */
  readonly rereads?: number;
}

const MILLION = 1_000_000n;
const NOTHING_BEYOND: BeyondTokens = {};
const NONE: readonly string[] = [];

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

/**
 * What an answer costs: the exact sum over its disjoint buckets and its pieces, rounded once, up, to a whole nano-dollar. `serviceTier` is the
 * one that answered; null is the ordinary one. What has no price adds nothing: `unpricedIn` names it.
 */
export function costNanoUsd(usage: Usage, price: Price, serviceTier: string | null = null): bigint {
  const rates = ratesFor(usage, price, serviceTier);
  const perUnit = price.units?.perUnit;
  let perMillionths = 0;
  let pieces = 0;
  // Only what is there, of which there is little; and in numbers while they are exact, which is nearly always.
  for (const name in usage) {
    const count = usage[name as keyof Usage] as number;
    if (!(count > 0)) continue;
    if (isPiece(name)) pieces += count * (perUnit?.[name] ?? 0);
    else perMillionths += count * rateIn(rates, name as UsageBucket);
  }
  if (perMillionths > Number.MAX_SAFE_INTEGER || pieces > Number.MAX_SAFE_INTEGER) return exactCost(usage, rates, perUnit);
  const rest = perMillionths % 1_000_000;
  return BigInt((perMillionths - rest) / 1_000_000 + (rest > 0 ? 1 : 0)) + BigInt(pieces);
}

/** As costNanoUsd, of numbers of any size. */
function exactCost(usage: Usage, rates: PerMillion, perUnit: PriceUnits['perUnit']): bigint {
  let perMillionths = 0n;
  for (const bucket of USAGE_BUCKETS) perMillionths += counted(usage[bucket]) * BigInt(rateIn(rates, bucket));
  let pieces = 0n;
  for (const unit of USAGE_UNITS) pieces += counted(usage[unit]) * BigInt(perUnit?.[unit] ?? 0);
  return pieces + divideRoundingUp(perMillionths, MILLION);
}

function counted(count: number | undefined): bigint {
  return count !== undefined && count > 0 ? BigInt(count) : 0n;
}

/** The usage with the fee that a provider takes for the request itself, where the price has one. */
export function withRequestFee(usage: Usage, price: Price): Usage {
  return hasUnitPrice(price, 'request') ? { ...usage, request: 1 } : usage;
}

/**
 * The rates one answer is charged at, for the whole of it: each bucket's own rate in the service tier that answered, else in the highest context
 * tier whose bound its input (whatever bucket it is in) exceeds, else the ordinary one. Fallbacks (`rateIn`) go by the same rates.
 */
export function ratesFor(usage: Usage, price: Rated, serviceTier: string | null): PerMillion {
  const { units } = price;
  if (units === undefined || units === null) return price.perMillion;
  const context = units.contextTiers?.[tiersBelow(units, inputTokensOf(usage)) - 1];
  const service = serviceTier === null ? undefined : tierOf(units, serviceTier);
  return context === undefined && service === undefined ? price.perMillion : layered(price, context, service);
}

/** What a bucket costs per million tokens at the ordinary rates, its fallback included. */
export function rateOf(price: Price, bucket: UsageBucket): number {
  return rateIn(price.perMillion, bucket);
}

/** What a bucket costs per million tokens at these rates, its fallback included. */
export function rateIn(rates: PerMillion, bucket: UsageBucket): number {
  return rates[bucket] ?? rates[SIDES[bucket]] ?? 0;
}

/**
 * Names of what was used and has no price: pieces that the price does not charge for, a service tier without rates, and tokens that providers
 * bill dearer than the bucket they fall back to. A price of zeros is free whatever the tokens are.
 */
export function unpricedIn(usage: Usage, price: Price, serviceTier: string | null): readonly string[] {
  if (serviceTier === null && isOrdinary(usage)) return NONE;
  let names: string[] | null = null;
  const rates = ratesFor(usage, price, serviceTier);
  for (const bucket of DEARER_BUCKETS) {
    if ((usage[bucket] ?? 0) > 0 && fallsBackCheaply(rates, bucket)) names = [...(names ?? []), bucket];
  }
  for (const unit of USAGE_UNITS) {
    if ((usage[unit] ?? 0) > 0 && !hasUnitPrice(price, unit)) names = [...(names ?? []), unit];
  }
  if (serviceTier !== null && !hasTierPrice(price, serviceTier)) names = [...(names ?? []), `service_tier:${serviceTier}`];
  return names ?? NONE;
}

/** Whether nothing is there but tokens that every price covers, as of nearly all answers. */
function isOrdinary(usage: Usage): boolean {
  for (const name in usage) if (!ORDINARY.has(name)) return false;
  return true;
}

/** Returns whether the price charges for such a piece. */
export function hasUnitPrice(price: Price, unit: UsageUnit): boolean {
  return price.units?.perUnit?.[unit] !== undefined;
}

/** Returns whether answers of this service tier have a price; every one of a free deployment has. */
export function hasTierPrice(price: Price, serviceTier: string): boolean {
  return (price.units !== undefined && tierOf(price.units, serviceTier) !== undefined) || isFree(price);
}

/** Returns whether the price says what prompts above the ordinary length cost. */
export function hasContextPrice(price: Price): boolean {
  return (price.units?.contextTiers ?? []).length > 0 || isFree(price);
}

/** Returns whether tokens of a bucket are charged at a price of their own, or at one that cannot be too low. */
export function hasBucketPrice(price: Price, bucket: DearerBucket): boolean {
  return !fallsBackCheaply(price.perMillion, bucket);
}

/** Returns whether no token costs anything. */
export function isFree(price: Price): boolean {
  for (const bucket of USAGE_BUCKETS) if ((price.perMillion[bucket] ?? 0) > 0) return false;
  return true;
}

/**
 * The dearest bucket on each side, of every tier that can be reached with so much input: holds are taken at it. Remembered per price where no
 * tier is asked for.
 */
export function dearestRates(price: Price, inputTokens = 0, serviceTier: string | null = null): DearestRates {
  const { units } = price;
  const below = units === undefined ? 0 : tiersBelow(units, inputTokens);
  if (serviceTier !== null) return workOutDearest(price, below, serviceTier);
  const known = DEAREST.get(price)?.[below];
  if (known !== undefined) return known;
  const rates = workOutDearest(price, below, null);
  const remembered = DEAREST.get(price) ?? [];
  remembered[below] = rates;
  DEAREST.set(price, remembered);
  return rates;
}

/**
 * No split of these tokens over the buckets of their side, at any tier that may answer, costs more than this; nor do fewer of them. The fee of
 * a request is in it.
 */
export function upperBoundNanoUsd(inputTokens: number, outputTokens: number, price: Price, beyond = NOTHING_BEYOND): bigint {
  const { serviceTier = null, rereads = 0 } = beyond;
  const allInput = inputTokens + rereads * outputTokens;
  const { input, output } = dearestRates(price, allInput, serviceTier);
  const tokens = BigInt(allInput) * BigInt(input) + BigInt(outputTokens) * BigInt(output);
  return piecesNanoUsd(price, beyond) + divideRoundingUp(tokens, MILLION);
}

/** The largest number of output tokens whose upper bound, beside this input, stays within the amount. 0 when not even the input fits. */
export function affordableOutputTokens(nanoUsd: number, inputTokens: number, price: Price, beyond = NOTHING_BEYOND): number {
  const { serviceTier = null, rereads = 0 } = beyond;
  // What is read again may lift the request into any tier.
  const { input, output } = dearestRates(price, rereads > 0 ? Number.POSITIVE_INFINITY : inputTokens, serviceTier);
  const left = (BigInt(nanoUsd) - piecesNanoUsd(price, beyond)) * MILLION - BigInt(inputTokens) * BigInt(input);
  if (left < 0n) return 0;
  const perToken = BigInt(output) + BigInt(rereads) * BigInt(input);
  if (perToken === 0n) return Number.MAX_SAFE_INTEGER;
  const tokens = left / perToken;
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

/** Buckets that providers bill above the bucket they fall back to, so that a fallback charges too little. */
const DEARER_BUCKETS = ['cache_write', 'cache_write_1h', 'audio_input', 'audio_output', 'image_output'] as const;
export type DearerBucket = (typeof DEARER_BUCKETS)[number];

export function isDearer(name: string): name is DearerBucket {
  return (DEARER_BUCKETS as readonly string[]).includes(name);
}

const ORDINARY: ReadonlySet<string> = new Set(USAGE_BUCKETS.filter((bucket) => !isDearer(bucket)));

/** By the number of context tiers within reach. */
const DEAREST = new WeakMap<Price, DearestRates[]>();

function isGiven(price: Price): boolean {
  return Object.keys(price.perMillion).length > 0;
}

function inputTokensOf(usage: Usage): number {
  let tokens = 0;
  for (const bucket of USAGE_BUCKETS) if (SIDES[bucket] === 'input') tokens += usage[bucket] ?? 0;
  return tokens;
}

function fallsBackCheaply(rates: PerMillion, bucket: UsageBucket): boolean {
  return rates[bucket] === undefined && rateIn(rates, bucket) > 0;
}

/** How many context tiers a request with so much input has passed. */
function tiersBelow({ contextTiers }: PriceUnits, inputTokens: number): number {
  if (contextTiers === undefined) return 0;
  let below = 0;
  while (below < contextTiers.length && (contextTiers[below] as { aboveInputTokens: number }).aboveInputTokens < inputTokens)
    below++;
  return below;
}

/** The word comes from a provider, so that it may name anything an object has. */
function tierOf({ serviceTiers }: PriceUnits, word: string): { readonly perMillion: PerMillion } | undefined {
  return serviceTiers !== undefined && Object.hasOwn(serviceTiers, word) ? serviceTiers[word] : undefined;
}

interface Rates {
  readonly perMillion: PerMillion;
}

/** What a price says, whichever version it is. */
interface Rated extends Rates {
  readonly units?: PriceUnits | null;
}

/** The stronger layer wins bucket by bucket. */
function layered(ordinary: Rates, context: Rates | undefined, service: Rates | undefined): PerMillion {
  return { ...ordinary.perMillion, ...context?.perMillion, ...service?.perMillion };
}

function workOutDearest(price: Price, below: number, asked: string | null): DearestRates {
  const { contextTiers = [], serviceTiers = {} } = price.units ?? {};
  const services = Object.keys(serviceTiers).filter((word) => mayAnswer(word, asked));
  const dearest = { input: 0, output: 0 };
  for (const context of [undefined, ...contextTiers.slice(0, below)]) {
    for (const service of [undefined, ...services.map((word) => serviceTiers[word])]) {
      const rates = layered(price, context, service);
      for (const bucket of USAGE_BUCKETS) dearest[SIDES[bucket]] = Math.max(dearest[SIDES[bucket]], rateIn(rates, bucket));
    }
  }
  return dearest;
}

function piecesNanoUsd({ units }: Price, { searches = 0 }: BeyondTokens): bigint {
  const perUnit = units?.perUnit;
  if (perUnit === undefined) return 0n;
  return BigInt(searches) * BigInt(perUnit.search ?? 0) + BigInt(perUnit.request ?? 0);
}
