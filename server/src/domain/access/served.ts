import { priceAt } from '../money/price.ts';
import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';
import { type OwnProviders, withOwn } from '../routing/own.ts';
import { fallbackChain } from '../routing/routing.ts';
import { type AccessLevels, reaches } from './access.ts';

/** The rest of what decides whether a call is served, beside access. */
export interface Serving {
  readonly catalogue: Catalogue;
  readonly nowMs: number;
  /** The deployments that the organization brought. Null or absent: none. */
  readonly own?: OwnProviders | null;
  /** Reports whether a blocking budget covers the target, so that a deployment without a price may not serve it. */
  readonly needsPrice: (target: CallableTarget) => boolean;
}

/** Returns the names among these that can be called at a place and have a deployment that may answer, or a fallback with one. */
export function servedAmong(
  names: Iterable<string>,
  levels: AccessLevels,
  { catalogue, nowMs, needsPrice, own }: Serving,
): ReadonlySet<string> {
  const served = new Set<string>();
  for (const name of names) {
    const target = catalogue.targets.get(name);
    if (target === undefined || !reaches(levels, target)) continue;
    const isPriceNeeded = needsPrice(target);
    const chain = fallbackChain(target, catalogue, (next) => reaches(levels, next)).map((next) => withOwn(next, own));
    const mayServe = ({ members }: CallableTarget) =>
      members.some(({ deployment: { enabled, prices } }) => enabled && (!isPriceNeeded || priceAt(prices, nowMs) !== null));
    if (chain.some(mayServe)) served.add(name);
  }
  return served;
}

/** Returns the names whose serving can differ between two catalogues: changed ones, and those that fall back on them. */
export function namesTouched(before: Catalogue, after: Catalogue): ReadonlySet<string> {
  const names = new Set([...before.targets.keys(), ...after.targets.keys()]);
  const touched = new Set([...names].filter((name) => signOf(before, name) !== signOf(after, name)));
  for (let size = -1; size !== touched.size; ) {
    size = touched.size;
    for (const name of names) {
      const fallbacks = [before, after].flatMap(({ targets }) => targets.get(name)?.fallbacks ?? []);
      if (fallbacks.some((next) => touched.has(next))) touched.add(name);
    }
  }
  return touched;
}

/** Returns a text of everything of a target that decides whether it is served. */
function signOf({ targets }: Catalogue, name: string): string | undefined {
  const target = targets.get(name);
  if (target === undefined) return undefined;
  const members = target.members.map(({ deployment: { id, enabled, prices } }) => [id, enabled, prices]);
  return JSON.stringify([[...target.accessGroups].sort(), members, target.fallbacks], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
