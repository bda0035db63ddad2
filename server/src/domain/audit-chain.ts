import { hash } from 'node:crypto';

/** What a JSON column keeps and gives back unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One link: the event as it is stored, and the hash over it and everything before it. */
export interface ChainLink {
  readonly event: Json;
  readonly hash: string;
}

export type ChainVerdict =
  | { readonly is: 'intact'; readonly length: number; readonly headHash: string }
  /** The first link that does not follow from those before it; equal to the number of links when rows are missing at the end. */
  | { readonly is: 'broken'; readonly index: number };

/** What the first link of a chain follows. */
export const GENESIS_HASH = '0'.repeat(64);

/** The hash of a link: SHA-256 over the previous hash and the event's canonical text, in lower-case hex. */
export function chainHash(previousHash: string, event: Json): string {
  return hash('sha256', previousHash + canonicalJson(event), 'hex');
}

/**
 * Follows a chain from `startHash` (where an earlier part ended) and finds the first link that was edited, removed, put in or swapped.
 * Rows cut off at the end leave a shorter chain that is whole in itself: give the `headHash` kept elsewhere to find those too.
 */
export function verifyChain(
  links: Iterable<ChainLink>,
  { startHash = GENESIS_HASH, headHash }: { readonly startHash?: string; readonly headHash?: string } = {},
): ChainVerdict {
  let previous = startHash;
  let index = 0;
  for (const link of links) {
    if (link.hash !== chainHash(previous, link.event)) return { is: 'broken', index };
    previous = link.hash;
    index += 1;
  }
  if (headHash !== undefined && headHash !== previous) return { is: 'broken', index };
  return { is: 'intact', length: index, headHash: previous };
}

/** One text for one value: keys sorted by code unit, no spaces. Throws on what JSON cannot say (NaN, infinity, undefined, functions). */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return canonicalScalar(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const fields = Object.keys(object).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`).join(',')}}`;
}

function canonicalScalar(value: null | boolean | number | string): string {
  const isSayable = value === null || typeof value === 'boolean' || typeof value === 'string' || Number.isFinite(value);
  if (!isSayable) throw new RangeError(`an audit event holds a ${typeof value} that JSON cannot say`);
  return JSON.stringify(value);
}
