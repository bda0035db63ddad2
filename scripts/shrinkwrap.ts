// Makes the lock file of the published package: npm-shrinkwrap.json, which npm follows wherever the package is installed. Versions
// and checksums are those of package-lock.json. No entry names a registry, so that each machine asks its own.
import type { LockedPackage, LockFile } from './lock-file.ts';
import { type Scope, scopesOf } from './lock-scopes.ts';

/** The published package.json. npm repeats its dependencies in the entry of the root. */
export interface PublishedManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface Shrinkwrap {
  readonly name: string;
  readonly version: string;
  readonly lockfileVersion: 3;
  readonly requires: true;
  readonly packages: Readonly<Record<string, object>>;
}

/** Returns the lock file of the package with this manifest. Throws if two versions of a package would be at one place in it. */
export function shrinkwrapOf({ packages }: LockFile, manifest: PublishedManifest): Shrinkwrap {
  const scopes = scopesOf(packages, new Set());
  const entries = new Map<string, object>();
  for (const [place, entry] of Object.entries(packages)) {
    const scope = scopes(place);
    if (scope === 'excluded') continue;
    const at = publishedPlace(place);
    if (entries.has(at))
      throw new Error(`two versions of ${at} are needed where the package has room for one: add one to package.json`);
    entries.set(at, publishedEntry(place, entry, scope));
  }
  const { name, version, license, bin, engines, dependencies, optionalDependencies } = manifest;
  const root = { name, version, license, dependencies, bin, engines, optionalDependencies };
  const sorted = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { name, version, lockfileVersion: 3, requires: true, packages: { '': root, ...Object.fromEntries(sorted) } };
}

/** Returns the place in the published package. Its root is our server, so that packages of the server alone move up. */
function publishedPlace(place: string): string {
  return place.startsWith('server/') ? place.slice('server/'.length) : place;
}

/** Returns the entry as npm writes it, with the marks that follow from what is published. */
function publishedEntry(place: string, entry: LockedPackage, scope: Scope): object {
  if (entry.integrity === undefined) throw new Error(`package-lock.json has no checksum of ${place}`);
  const { dev, devOptional, optional, peer, resolved, ...kept } = entry as LockedPackage & Readonly<Record<string, unknown>>;
  return { ...kept, ...(scope === 'optional' ? { optional: true } : {}) };
}
