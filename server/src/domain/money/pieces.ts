/** The price of what is billed by its number: pictures, characters, seconds of sound, units of a search in documents. Pure. */
import type { Usage, UsageBucket, UsageUnit } from '../usage/usage.ts';
import { totalTokens } from '../usage/usage.ts';
import { hasUnitPrice, type PerUnit, type Price, unitRatesFor } from './price.ts';

/** Pieces of one kind that a request asks for. */
export interface Pieces {
  readonly unit: UsageUnit;
  /** The most that can be billed. */
  readonly most: number;
  /** The number to charge if the answer counts none; absent: the most. */
  readonly usual?: number;
  /** The dearest kind of tokens that a provider may bill instead; null: it never does. */
  readonly orTokens: UsageBucket | null;
  /** The picture that was asked for; absent for pieces that all cost the same. */
  readonly picture?: Picture;
}

/** The properties by which pictures have prices. Null: left to the provider. */
export interface Picture {
  readonly quality: string | null;
  /** The size in pixels (`1024x1536`). */
  readonly size: string | null;
}

/** Reports whether the price covers the pieces, or the tokens that are billed instead. Tokens for nothing do not cover them. */
export function hasPiecesPrice(price: Price, { unit, orTokens }: Pieces): boolean {
  return hasUnitPrice(price, unit) || hasTokenPrice(price, orTokens);
}

/** Returns the most that the pieces can cost. A picture whose quality or size is left open counts at the dearest. */
export function piecesBoundNanoUsd(price: Price, all: readonly Pieces[]): bigint {
  let sum = 0n;
  for (const { unit, most, picture } of all) {
    let dearest = price.units?.perUnit?.[unit] ?? 0;
    for (const word of Object.keys(price.units?.serviceTiers ?? {}))
      if (picture !== undefined && mayBe(word, picture)) dearest = Math.max(dearest, rateAt(price, word)?.[unit] ?? 0);
    sum += BigInt(most) * BigInt(dearest);
  }
  return sum;
}

/**
 * Returns the usage to charge: with the usual number of pieces that the answer does not count, and without pieces for which the price
 * has tokens instead, if tokens were counted.
 */
export function withAskedPieces(usage: Usage, price: Price | null, all: readonly Pieces[]): Usage {
  let charged = usage;
  for (const { unit, most, usual = most, orTokens } of all) {
    const isByTokens = price !== null && !hasUnitPrice(price, unit) && hasTokenPrice(price, orTokens) && totalTokens(usage) > 0;
    charged = { ...charged, [unit]: isByTokens ? 0 : (usage[unit] ?? usual) };
  }
  return charged;
}

/**
 * Returns the estimated usage with its output as the tokens that the provider bills: pictures and speech cost more than the text
 * that an estimate assumes.
 */
export function asBilledTokens(usage: Usage, all: readonly Pieces[]): Usage {
  const bucket = all[0]?.orTokens;
  if ((bucket !== 'image_output' && bucket !== 'audio_output') || usage.output === undefined) return usage;
  const { output, ...rest } = usage;
  return { ...rest, [bucket]: (usage[bucket] ?? 0) + output };
}

/**
 * Returns the name under which the price has a picture: the one that says most of it. Null: it has the ordinary price. What the
 * answer does not say of it counts as asked.
 */
export function pictureTier(price: Price | null, asked: Picture | undefined, answered: Picture | null = null): string | null {
  if (price === null || asked === undefined) return null;
  const picture = { quality: answered?.quality ?? asked.quality, size: answered?.size ?? asked.size };
  let found: string | null = null;
  for (const word of Object.keys(price.units?.serviceTiers ?? {})) {
    const parts = word.split('+');
    if (!parts.every((part) => part === picture.quality || part === picture.size)) continue;
    if (found === null || parts.length > found.split('+').length) found = word;
  }
  return found;
}

/** Reports whether a picture that was asked for so may be billed under this name. */
function mayBe(word: string, { quality, size }: Picture): boolean {
  return word
    .split('+')
    .every((part) => (SIZE.test(part) ? size === null || size === part : quality === null || quality === part));
}

const SIZE = /^\d+x\d+$/;

function rateAt(price: Price, word: string): PerUnit | undefined {
  return unitRatesFor(price.units, word);
}

/** Reports whether tokens of this kind have a price of their own that is not zero. */
function hasTokenPrice({ perMillion }: Price, bucket: UsageBucket | null): boolean {
  return bucket !== null && (perMillion[bucket] ?? 0) > 0;
}
