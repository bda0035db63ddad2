// The packages that the lock file names: all of them, also those that this machine does not need.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** An entry of `packages`, as npm writes it. */
export interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** By place: empty for the root, a folder for a workspace, `node_modules/…` for what is installed. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

export interface LockFile {
  readonly name: string;
  readonly version: string;
  readonly packages: LockedPackages;
}

export function readLockFile(): LockFile {
  return JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as LockFile;
}

/** The manifests of the root and of every workspace, by their path in the tree. */
export function readManifests(): ReadonlyMap<string, LockedPackage> {
  const read = (file: string) =>
    JSON.parse(readFileSync(path.join(root, file), 'utf8')) as LockedPackage & { workspaces?: string[] };
  const files = ['package.json', ...(read('package.json').workspaces ?? []).map((name) => `${name}/package.json`)];
  return new Map(files.map((file) => [file, read(file)]));
}

/** Whether npm installed it from a registry; the others are our own folders. */
export function isInstalled(place: string, entry: LockedPackage): boolean {
  return place.includes('node_modules/') && entry.link !== true;
}

/** The name of what lies at a place. An alias has its real name in the entry. */
export function nameAt(place: string, entry: LockedPackage): string {
  return entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
