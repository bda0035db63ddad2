import { isPiece, USAGE_BUCKETS, USAGE_UNITS, type Usage, type UsageBucket, type UsageUnit } from '../usage/usage.ts';
import { divideRoundingUp } from './money.ts';
import { mayAnswer } from './service-tier.ts';

/**
 * One version of a deployment's price, effective from an instant. Whole nano-dollars per million tokens, never negative; zero is
 * free. A bucket without a price falls back: `cached_input`, `cache_write*`, `audio_input`, `image_input` → `input`; `reasoning`,
 * `audio_output`, `image_output` → `output`. A missing `input` or `output` is zero only if the price has another bucket
 * (embeddings).
 */
export interface Price {
  readonly id: string;
  readonly effectiveFromMs: number;
  readonly perMillion: PerMillion;
  /** The charges beyond tokens; absent: none. */
  readonly units?: PriceUnits;
}

/** Whole nano-dollars per million tokens, by bucket. */
export type PerMillion = Readonly<Partial<Record<UsageBucket, number>>>;

/** The part of a price beyond ordinary tokens. A thing that is not listed has no price. */
export interface PriceUnits {
  readonly perUnit?: PerUnit;
  /**
   * Rates for the whole request if its input is above the bound; ascending. A bucket that is not given keeps its ordinary rate.
   */
  readonly contextTiers?: readonly { readonly aboveInputTokens: number; readonly perMillion: PerMillion }[];
  /**
   * Rates by the provider's word for a service tier or speed (`priority`, `flex`, `batch`, `fast`), or for the quality and the
   * size of a picture (`hd+1024x1792`). A missing bucket or unit keeps its ordinary rate.
   */
  readonly serviceTiers?: Readonly<Record<string, ServiceRates>>;
}

/** The rates at a service tier, or of a picture of a quality and a size. */
export interface ServiceRates {
  readonly perMillion: PerMillion;
  readonly perUnit?: PerUnit;
}

/** Whole nano-dollars for one piece, by unit. */
export type PerUnit = Readonly<Partial<Record<UsageUnit, number>>>;

/** The highest rate of a token on each side, in nano-dollars per million. */
export interface DearestRates {
  readonly input: number;
  readonly output: number;
}

/** The charges that are possible beside the input and the output of a request. */
export interface BeyondTokens {
  /** The service tier asked for: see `mayAnswer`. Null or absent: left to the provider. */
  readonly serviceTier?: string | null;
  /** The most searches that can be billed. */
  readonly searches?: number;
  /** The number of times that all output so far can be read again as input: once for each round of a server tool. */
  readonly rereads?: number;
  /** The most that pieces of a known number can cost: see pieces.ts. */
  readonly piecesNanoUsd?: bigint;
}

const MILLION = 1_000_000n;
const NOTHING_BEYOND: BeyondTokens = {};
const NONE: readonly string[] = [];

/**
 * Returns the price in force: the newest that is not in the future (`prices` are newest first). Null: unpriced, which is never
 * free. A price without a single bucket is no price.
 */
export function priceAt(prices: readonly Price[], atMs: number): Price | null {
  for (const price of prices) {
    if (price.effectiveFromMs <= atMs) return isGiven(price) ? price : null;
  }
  return null;
}

/**
 * Returns the cost of an answer: the exact sum over its disjoint buckets and its pieces, rounded up once to a whole nano-dollar.
 * `serviceTier` is the one that answered; null is the ordinary one. An unpriced use adds nothing: `unpricedIn` names it.
 */
export function costNanoUsd(usage: Usage, price: Price, serviceTier: string | null = null): bigint {
  const rates = ratesFor(usage, price, serviceTier);
  const perUnit = unitRatesFor(price.units, serviceTier);
  let perMillionths = 0;
  let pieces = 0;
  // Few fields are present. Sums stay in numbers while those are exact, which is nearly always.
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

/** Computes the same as costNanoUsd, for numbers of any size. */
function exactCost(usage: Usage, rates: PerMillion, perUnit: PerUnit | undefined): bigint {
  let perMillionths = 0n;
  for (const bucket of USAGE_BUCKETS) perMillionths += counted(usage[bucket]) * BigInt(rateIn(rates, bucket));
  let pieces = 0n;
  for (const unit of USAGE_UNITS) pieces += counted(usage[unit]) * BigInt(perUnit?.[unit] ?? 0);
  return pieces + divideRoundingUp(perMillionths, MILLION);
}

function counted(count: number | undefined): bigint {
  return count !== undefined && count > 0 ? BigInt(count) : 0n;
}

/** Returns the usage, with the provider's fee for the request itself if the price has one. */
export function withRequestFee(usage: Usage, price: Price): Usage {
  return hasUnitPrice(price, 'request') ? { ...usage, request: 1 } : usage;
}

/**
 * Returns the rates for one whole answer. A bucket's rate is that of the service tier that answered, else that of the highest
 * context tier whose bound the total input exceeds. Else it is the ordinary rate. Fallbacks (`rateIn`) use the same rates.
 */
export function ratesFor(usage: Usage, price: Rated, serviceTier: string | null): PerMillion {
  const { units } = price;
  if (units === undefined || units === null) return price.perMillion;
  const context = units.contextTiers?.[tiersBelow(units, inputTokensOf(usage)) - 1];
  const service = serviceTier === null ? undefined : tierOf(units, serviceTier);
  return context === undefined && service === undefined ? price.perMillion : layered(price, context, service);
}

/** Returns the prices of pieces: those of the service tier or picture that answered, else the ordinary ones. */
export function unitRatesFor(units: PriceUnits | null | undefined, serviceTier: string | null): PerUnit | undefined {
  if (units === undefined || units === null || serviceTier === null) return units?.perUnit;
  const apart = tierOf(units, serviceTier)?.perUnit;
  return apart === undefined ? units.perUnit : { ...units.perUnit, ...apart };
}

/** Returns the price of a bucket at the ordinary rates, in nano-dollars per million tokens. Includes the fallback. */
export function rateOf(price: Price, bucket: UsageBucket): number {
  return rateIn(price.perMillion, bucket);
}

/**
 * Returns the price of a bucket at these rates, in nano-dollars per million tokens. Falls back to the rate of its side, then to
 * 0.
 */
export function rateIn(rates: PerMillion, bucket: UsageBucket): number {
  return rates[bucket] ?? rates[SIDES[bucket]] ?? 0;
}

/**
 * Returns the names of everything used without a price: pieces without a charge, a service tier without rates, and tokens for
 * which providers charge more than for the bucket they fall back to. A price of zeros covers all tokens.
 */
export function unpricedIn(usage: Usage, price: Price, serviceTier: string | null): readonly string[] {
  if (serviceTier === null && isOrdinary(usage)) return NONE;
  let names: string[] | null = null;
  const rates = ratesFor(usage, price, serviceTier);
  for (const bucket of DEARER_BUCKETS) {
    if ((usage[bucket] ?? 0) > 0 && fallsBackCheaply(rates, bucket)) names = [...(names ?? []), bucket];
  }
  for (const unit of USAGE_UNITS) {
    if ((usage[unit] ?? 0) > 0 && unitRatesFor(price.units, serviceTier)?.[unit] === undefined) names = [...(names ?? []), unit];
  }
  if (serviceTier !== null && !hasTierPrice(price, serviceTier)) names = [...(names ?? []), `service_tier:${serviceTier}`];
  return names ?? NONE;
}

/** Reports whether the usage holds only tokens that every price covers, as in nearly all answers. */
function isOrdinary(usage: Usage): boolean {
  for (const name in usage) if (!ORDINARY.has(name)) return false;
  return true;
}

/** Reports whether the price has a charge for this unit. */
export function hasUnitPrice(price: Price, unit: UsageUnit): boolean {
  return price.units?.perUnit?.[unit] !== undefined;
}

/** Reports whether answers of this service tier have a price. In a free price all have. */
export function hasTierPrice(price: Price, serviceTier: string): boolean {
  return (price.units !== undefined && tierOf(price.units, serviceTier) !== undefined) || isFree(price);
}

/** Reports whether prompts above the ordinary length have a price. */
export function hasContextPrice(price: Price): boolean {
  return (price.units?.contextTiers ?? []).length > 0 || isFree(price);
}

/** Reports whether tokens of a bucket have their own rate, or one that cannot be too low. */
export function hasBucketPrice(price: Price, bucket: DearerBucket): boolean {
  return !fallsBackCheaply(price.perMillion, bucket);
}

/** Reports whether all tokens are free. */
export function isFree(price: Price): boolean {
  for (const bucket of USAGE_BUCKETS) if ((price.perMillion[bucket] ?? 0) > 0) return false;
  return true;
}

/**
 * Returns the highest rate on each side, over every tier that may answer so much input. Holds use it. Cached per price if no tier
 * is asked for.
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
 * Returns an upper bound on the cost: no split of these tokens over the buckets of their side costs more, at any tier that may
 * answer. Fewer tokens do not cost more either. Includes the fee of a request.
 */
export function upperBoundNanoUsd(inputTokens: number, outputTokens: number, price: Price, beyond = NOTHING_BEYOND): bigint {
  const { serviceTier = null, rereads = 0 } = beyond;
  const allInput = inputTokens + rereads * outputTokens;
  const { input, output } = dearestRates(price, allInput, serviceTier);
  const tokens = BigInt(allInput) * BigInt(input) + BigInt(outputTokens) * BigInt(output);
  return piecesNanoUsd(price, beyond) + divideRoundingUp(tokens, MILLION);
}

/**
 * Returns the largest number of output tokens whose upper bound, with this input, stays within the amount; 0 if not even the
 * input fits.
 */
export function affordableOutputTokens(nanoUsd: number, inputTokens: number, price: Price, beyond = NOTHING_BEYOND): number {
  const { serviceTier = null, rereads = 0 } = beyond;
  // Input that is read again may raise the request into any tier.
  const { input, output } = dearestRates(price, rereads > 0 ? Number.POSITIVE_INFINITY : inputTokens, serviceTier);
  const left = (BigInt(nanoUsd) - piecesNanoUsd(price, beyond)) * MILLION - BigInt(inputTokens) * BigInt(input);
  if (left < 0n) return 0;
  const perToken = BigInt(output) + BigInt(rereads) * BigInt(input);
  if (perToken === 0n) return Number.MAX_SAFE_INTEGER;
  const tokens = left / perToken;
  return tokens > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(tokens);
}

/** The side of an answer on which a bucket is counted, and whose rate it takes if it has none. */
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

/** Buckets for which providers charge more than for the bucket they fall back to. A fallback therefore charges too little. */
const DEARER_BUCKETS = ['cache_write', 'cache_write_1h', 'audio_input', 'audio_output', 'image_output'] as const;
export type DearerBucket = (typeof DEARER_BUCKETS)[number];

export function isDearer(name: string): name is DearerBucket {
  return (DEARER_BUCKETS as readonly string[]).includes(name);
}

const ORDINARY: ReadonlySet<string> = new Set(USAGE_BUCKETS.filter((bucket) => !isDearer(bucket)));

/** Cached rates by price, indexed by the number of context tiers within reach. */
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

/** Returns the number of context tiers whose bound so much input exceeds. */
function tiersBelow({ contextTiers }: PriceUnits, inputTokens: number): number {
  if (contextTiers === undefined) return 0;
  let below = 0;
  while (below < contextTiers.length && (contextTiers[below] as { aboveInputTokens: number }).aboveInputTokens < inputTokens)
    below++;
  return below;
}

/** Looks up a service tier. The word comes from a provider, so it may be the name of an inherited property. */
function tierOf({ serviceTiers }: PriceUnits, word: string): ServiceRates | undefined {
  return serviceTiers !== undefined && Object.hasOwn(serviceTiers, word) ? serviceTiers[word] : undefined;
}

interface Rates {
  readonly perMillion: PerMillion;
}

/** The rates of a price, of any version. */
interface Rated extends Rates {
  readonly units?: PriceUnits | null;
}

/** Merges rates bucket by bucket. The service tier overrides the context tier, which overrides the ordinary rates. */
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

function piecesNanoUsd({ units }: Price, { searches = 0, piecesNanoUsd: more = 0n }: BeyondTokens): bigint {
  const perUnit = units?.perUnit;
  if (perUnit === undefined) return more;
  return more + BigInt(searches) * BigInt(perUnit.search ?? 0) + BigInt(perUnit.request ?? 0);
}
