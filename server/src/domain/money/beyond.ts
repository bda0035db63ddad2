/** The things a request asks for that providers bill beyond ordinary tokens, and the check that a price covers them. Pure. */

import type { Usage } from '../usage/usage.ts';
import { hasPiecesPrice, type Pieces } from './pieces.ts';
import { type DearerBucket, hasBucketPrice, hasContextPrice, hasTierPrice, hasUnitPrice, isFree, type Price } from './price.ts';

/** One such thing. `param` names the request field that asks for it. */
export type Beyond =
  /** A tool that the provider runs and that adds input. Searches are billed by the piece, fetched pages are not. */
  | { readonly is: 'lookups'; readonly param: string; readonly lookups: Lookups }
  /** A service tier or speed. The empty text insists on the ordinary one. */
  | { readonly is: 'tier'; readonly param: string; readonly tier: string }
  /** Tokens that cost more than the bucket they fall back to. */
  | { readonly is: 'bucket'; readonly param: string; readonly bucket: DearerBucket }
  /** Prompts above the ordinary length. */
  | { readonly is: 'context'; readonly param: string }
  /** Tools that the provider describes itself. They have no price, but add more input than their bytes suggest. */
  | { readonly is: 'described'; readonly param: string; readonly tools: number }
  /** Pieces whose number the request bounds: pictures, characters, seconds of sound. */
  | { readonly is: 'pieces'; readonly param: string; readonly pieces: Pieces }
  /**
   * A thing that no price can cover: a server tool, a beta. `isOfTokens`: it bills tokens if anything, so a free price covers it.
   */
  | { readonly is: 'other'; readonly param: string; readonly unit: string; readonly isOfTokens: boolean };

export interface Lookups {
  readonly unit: 'search' | 'fetch';
  /** The most lookups that the caller allows; null: unbounded. */
  readonly most: number | null;
  /** The request field that would bound them; null: there is none. */
  readonly boundParam: string | null;
  /** True if each lookup is a round in which the provider reads everything so far again. False: all results arrive at once. */
  readonly isLoop: boolean;
  /** True if the answer reports the number of lookups. */
  readonly isReported: boolean;
}

/** The list that most requests share, because they ask for no such thing. */
export const NOTHING_BEYOND: readonly Beyond[] = Object.freeze([]);

/** The reason why a deployment cannot serve a request under a blocking budget. */
export interface Missing {
  readonly asked: Beyond;
  readonly why: 'unpriced' | 'unbounded';
}

/**
 * Returns the first thing asked for that has no price or no upper bound here; null if there is none. `searchesMax` is the
 * deployment's.
 */
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
    case 'pieces':
      return hasPiecesPrice(price, asked.pieces);
    case 'described':
      return true;
    case 'other':
      return asked.isOfTokens && isFree(price);
  }
}

/** Returns the name under which the thing is counted and stored. */
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
    case 'pieces':
      return asked.pieces.unit;
    case 'described':
      return 'tool';
    case 'other':
      return asked.unit;
  }
}

/** Returns the pieces whose number the request bounds; for nearly all requests the shared empty list. */
export function piecesIn(beyond: readonly Beyond[]): readonly Pieces[] {
  if (beyond.length === 0) return NO_PIECES;
  return beyond.flatMap((asked) => (asked.is === 'pieces' ? [asked.pieces] : []));
}

const NO_PIECES: readonly Pieces[] = Object.freeze([]);

/** Returns the tier asked for, as `mayAnswer` takes it. Null leaves it to the provider. */
export function askedTier(beyond: readonly Beyond[]): string | null {
  for (const asked of beyond) if (asked.is === 'tier') return asked.tier;
  return null;
}

/** The most lookups of a request, and their effect on its input. Whole numbers ≥ 0. */
export interface LookupBounds {
  readonly searches: number;
  /** The number of rounds in which everything so far is read again. */
  readonly rounds: number;
  /** The number of results that arrive without a round of their own. */
  readonly atOnce: number;
  /** The number of tools that the provider describes to the model itself. */
  readonly described: number;
}

const NO_LOOKUPS: LookupBounds = Object.freeze({ searches: 0, rounds: 0, atOnce: 0, described: 0 });

/** Returns the bounds: the lower of the caller's and the deployment's maximum. A lookup that neither bounds counts as 0. */
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

/** Reports whether the request asks for lookups that neither the caller nor the deployment bounds. */
export function isUnbounded(beyond: readonly Beyond[], searchesMax: number | null): boolean {
  return searchesMax === null && beyond.some((asked) => asked.is === 'lookups' && asked.lookups.most === null);
}

/**
 * Returns the searches to charge for an answer that does not report them, although the request asked for some. It is the most
 * there can have been, or one if nothing bounds them. Searches that the provider reports are not added.
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

/**
 * Returns the names of unpriced things that the request asked for. They count whether used or not, because no answer reports
 * their use.
 */
export function unpricedAsked(beyond: readonly Beyond[], price: Price): readonly string[] {
  if (beyond.length === 0) return NONE;
  return beyond.flatMap((asked) =>
    (asked.is === 'other' || asked.is === 'context') && !isPriced(asked, price) ? unitOf(asked) : [],
  );
}

/** The kinds of units in metrics: a fixed, small set, whatever names callers and providers use. */
export const UNIT_KINDS = ['search', 'tool', 'tier', 'beta', 'cache_write', 'audio', 'image', 'other'] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/** Returns the kind of a unit by its name. */
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
  ['character', 'audio'],
  ['second_', 'audio'],
];
