// Reads the packages of the lock file, including those that this machine does not need.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** An entry of `packages`, in npm's format. */
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

/** Entries by place: empty for the root, a folder for a workspace, `node_modules/…` for an installed package. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

export interface LockFile {
  readonly name: string;
  readonly version: string;
  readonly packages: LockedPackages;
}

export function readLockFile(): LockFile {
  return JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as LockFile;
}

/** Returns the manifests of the root and of every workspace, by their path in the tree. */
export function readManifests(): ReadonlyMap<string, LockedPackage> {
  const read = (file: string) =>
    JSON.parse(readFileSync(path.join(root, file), 'utf8')) as LockedPackage & { workspaces?: string[] };
  const files = ['package.json', ...(read('package.json').workspaces ?? []).map((name) => `${name}/package.json`)];
  return new Map(files.map((file) => [file, read(file)]));
}

/** Returns true if npm installed it from a registry; false for our own folders. */
export function isInstalled(place: string, entry: LockedPackage): boolean {
  return place.includes('node_modules/') && entry.link !== true;
}

/** Returns the name of the package at a place. The entry of an alias has its real name. */
export function nameAt(place: string, entry: LockedPackage): string {
  return entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
