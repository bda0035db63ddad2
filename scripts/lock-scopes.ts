// Follows the dependencies in the lock file from what ships: the server's packages, those that the console is built from, and the
// pinned Node of each platform.
import type { LockedPackage, LockedPackages } from './lock-file.ts';

/** `required` and `optional` packages ship; `excluded` ones are for development. */
export type Scope = 'required' | 'optional' | 'excluded';

/**
 * Returns a function that gives each place's scope. `bundled`: the packages that the console is built from. What required and optional
 * packages share is required.
 */
export function scopesOf(packages: LockedPackages, bundled: ReadonlySet<string>): (place: string) => Scope {
  const at = (folder: string, names: Iterable<string>) => [...names].flatMap((name) => foundFrom(folder, name, packages) ?? []);
  const optionalOf = (place: string) => at(place, Object.keys(packages[place]?.optionalDependencies ?? {}));
  const follow = (starts: readonly string[], next: (place: string) => readonly string[], known: ReadonlySet<string>) => {
    const reached = new Set(starts.filter((place) => !known.has(place)));
    for (const place of reached) for (const needed of next(place)) if (!known.has(needed)) reached.add(needed);
    return reached;
  };
  const requiredAt = (place: string) => at(place, requiredBy(packages[place] ?? {}));
  const required = follow([...requiredAt('server'), ...at('console', bundled)], requiredAt, new Set());
  const mayNeed = (place: string) => [...requiredAt(place), ...optionalOf(place)];
  const optional = follow(['', 'server', ...required].flatMap(optionalOf), mayNeed, required);
  return (place) => (required.has(place) ? 'required' : optional.has(place) ? 'optional' : 'excluded');
}

/** Returns the place of a package as Node finds it from a folder, or null if there is none. */
export function foundFrom(place: string, name: string, packages: LockedPackages): string | null {
  for (let folder = place; ; folder = parentOf(folder)) {
    const at = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    const entry = packages[at];
    if (entry !== undefined) return entry.link === true ? (entry.resolved ?? null) : at;
    if (folder === '') return null;
  }
}

/** Returns the names of the packages without which this one does not work. */
function requiredBy({ dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: LockedPackage): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(dependencies ?? {}).filter((name) => optionalDependencies?.[name] === undefined), ...peers];
}

/** Returns the folder whose node_modules contains this one; the root for a workspace. */
function parentOf(folder: string): string {
  const at = folder.lastIndexOf('node_modules/');
  return at <= 0 ? '' : folder.slice(0, at - 1);
}
