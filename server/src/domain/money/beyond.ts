/** What a request asks for that providers bill beyond its ordinary tokens, and whether a price knows it. Pure. */

import type { Usage } from '../usage/usage.ts';
import { type DearerBucket, hasBucketPrice, hasContextPrice, hasTierPrice, hasUnitPrice, isFree, type Price } from './price.ts';

/** One such thing. `param` names the field of the request that asks for it. */
export type Beyond =
  /** A tool that the provider runs and that brings input: searches are billed by the piece, fetched pages are not. */
  | { readonly is: 'lookups'; readonly param: string; readonly lookups: Lookups }
  /** A service tier or speed; the empty text insists on the ordinary one. */
  | { readonly is: 'tier'; readonly param: string; readonly tier: string }
  /** Tokens that are billed dearer than the bucket they fall back to. */
  | { readonly is: 'bucket'; readonly param: string; readonly bucket: DearerBucket }
  /** Prompts above the ordinary length. */
  | { readonly is: 'context'; readonly param: string }
  /** Tools whose descriptions are the provider's own: no price of their own, but more input than their bytes say. */
  | { readonly is: 'described'; readonly param: string; readonly tools: number }
  /** What no price can say: a server tool, a beta. `isOfTokens`: it bills tokens if anything, so that a free price covers it. */
  | { readonly is: 'other'; readonly param: string; readonly unit: string; readonly isOfTokens: boolean };

export interface Lookups {
  readonly unit: 'search' | 'fetch';
  /** The most that the caller allows; null: unbounded. */
  readonly most: number | null;
  /** The field that would bound them; null: there is none. */
  readonly boundParam: string | null;
  /** Each is a round in which the provider reads everything so far again; otherwise all results come at once. */
  readonly isLoop: boolean;
  /** The answer reports how many there were. */
  readonly isReported: boolean;
}

/** Most requests ask for nothing of the kind, and share this. */
export const NOTHING_BEYOND: readonly Beyond[] = Object.freeze([]);

/** Why a deployment cannot serve a request under a budget that blocks. */
export interface Missing {
  readonly asked: Beyond;
  readonly why: 'unpriced' | 'unbounded';
}

/** The first thing asked for that has no price here, or nothing that bounds it; null when there is none. `searchesMax`: the deployment's. */
export function missingOf(beyond: readonly Beyond[], price: Price, searchesMax: number | null): Missing | null {
  for (const asked of beyond) {
    if (!isPriced(asked, price)) return { asked, why: 'unpriced' };
    if (asked.is === 'lookups' && asked.lookups.most === null && searchesMax === null) return { asked, why: 'unbounded' };
  }
  return null;
}

function isPriced(asked: Beyond, price: Price): boolean {
  switch (asked.is) {
    case 'lookups':
      return asked.lookups.unit === 'fetch' || hasUnitPrice(price, 'search');
    case 'tier':
      return asked.tier === '' || hasTierPrice(price, asked.tier);
    case 'bucket':
      return hasBucketPrice(price, asked.bucket);
    case 'context':
      return hasContextPrice(price);
    case 'described':
      return true;
    case 'other':
      return asked.isOfTokens && isFree(price);
  }
}

/** The name under which it is counted and kept. */
export function unitOf(asked: Beyond): string {
  switch (asked.is) {
    case 'lookups':
      return asked.lookups.unit;
    case 'tier':
      return `service_tier:${asked.tier}`;
    case 'bucket':
      return asked.bucket;
    case 'context':
      return 'context_tier';
    case 'described':
      return 'tool';
    case 'other':
      return asked.unit;
  }
}

/** The tier asked for, as `mayAnswer` takes it: null leaves it to the provider. */
export function askedTier(beyond: readonly Beyond[]): string | null {
  for (const asked of beyond) if (asked.is === 'tier') return asked.tier;
  return null;
}

/** How many lookups a request can make, and what they and the provider's tools make of its input. Whole numbers ≥ 0. */
export interface LookupBounds {
  readonly searches: number;
  /** Rounds in which everything so far is read again. */
  readonly rounds: number;
  /** Results that come without a round of their own. */
  readonly atOnce: number;
  /** Tools that the provider describes to the model itself. */
  readonly described: number;
}

const NO_LOOKUPS: LookupBounds = Object.freeze({ searches: 0, rounds: 0, atOnce: 0, described: 0 });

/** The lesser of what the caller allows and what the deployment makes at most; what neither bounds counts as none. */
export function lookupBounds(beyond: readonly Beyond[], searchesMax: number | null): LookupBounds {
  if (beyond.length === 0) return NO_LOOKUPS;
  const bounds = { searches: 0, rounds: 0, atOnce: 0, described: 0 };
  for (const asked of beyond) {
    if (asked.is === 'described') bounds.described += asked.tools;
    if (asked.is !== 'lookups') continue;
    const { most, unit, isLoop } = asked.lookups;
    const bound = Math.min(most ?? searchesMax ?? 0, searchesMax ?? Number.MAX_SAFE_INTEGER);
    if (unit === 'search') bounds.searches += bound;
    if (isLoop) bounds.rounds += bound;
    else bounds.atOnce += bound;
  }
  return bounds;
}

/** Returns whether something asked for has nothing that bounds it here. */
export function isUnbounded(beyond: readonly Beyond[], searchesMax: number | null): boolean {
  return searchesMax === null && beyond.some((asked) => asked.is === 'lookups' && asked.lookups.most === null);
}

/**
 * Searches to charge for an answer that does not say how many it made, though they were asked for: the most there can have been, and one where
 * nothing bounds them. Of those whose number is reported none are added.
 */
export function unreportedSearches(beyond: readonly Beyond[], usage: Usage, searchesMax: number | null): number {
  if (usage.search !== undefined) return 0;
  let searches = 0;
  for (const asked of beyond) {
    if (asked.is !== 'lookups' || asked.lookups.unit !== 'search' || asked.lookups.isReported) continue;
    searches += Math.min(asked.lookups.most ?? searchesMax ?? 1, searchesMax ?? Number.MAX_SAFE_INTEGER);
  }
  return searches;
}

const NONE: readonly string[] = [];

/** Names of what was asked for and has no price, whether or not it was used: nothing in an answer says so. */
export function unpricedAsked(beyond: readonly Beyond[], price: Price): readonly string[] {
  if (beyond.length === 0) return NONE;
  return beyond.flatMap((asked) =>
    (asked.is === 'other' || asked.is === 'context') && !isPriced(asked, price) ? unitOf(asked) : [],
  );
}

/** Kinds of units in the metrics: few, whatever callers and providers name. */
export const UNIT_KINDS = ['search', 'tool', 'tier', 'beta', 'cache_write', 'audio', 'image', 'other'] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/** The kind of a unit by its name. */
export function kindOfUnit(name: string): UnitKind {
  for (const [start, kind] of KIND_STARTS) if (name.startsWith(start)) return kind;
  return 'other';
}

const KIND_STARTS: readonly (readonly [string, UnitKind])[] = [
  ['search', 'search'],
  ['tool:', 'tool'],
  ['service_tier:', 'tier'],
  ['context_tier', 'tier'],
  ['beta:', 'beta'],
  ['cache_write', 'cache_write'],
  ['audio_', 'audio'],
  ['image', 'image'],
];
