// Writes the software bill of materials, CycloneDX 1.6 in JSON: `npm run -s sbom > sbom.json`. It lists the packages of the lock
// file. Equal lock files give equal bills, so that two can be compared.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  isInstalled,
  type LockedPackage,
  type LockedPackages,
  type LockFile,
  nameAt,
  readLockFile,
  readManifests,
} from './lock-file.ts';
import { foundFrom, type Scope, scopesOf } from './lock-scopes.ts';

export interface Component {
  readonly type: 'application' | 'library' | 'container' | 'operating-system';
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  /** `required` and `optional` packages ship, some in the built console; `excluded` ones do not. Our own have no scope. */
  readonly scope?: Scope;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
  readonly purl?: string;
}

export interface BillOfMaterials {
  readonly $schema: string;
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * Returns the bill of materials. A package at several places is one component, and needs what any of its copies needs. `bundled`:
 * the packages that the console is built from. npm lists them for development, because nothing installs them where the console is
 * served.
 */
export function billOfMaterials({ name, version, packages }: LockFile, bundled: ReadonlySet<string>): BillOfMaterials {
  const scopes = scopesOf(packages, bundled);
  const components = new Map<string, Component>();
  const needs = new Map<string, Set<string>>();
  for (const [place, entry] of Object.entries(packages)) {
    if (entry.link === true) continue;
    const component = componentAt(place, entry, scopes(place), { name, version });
    const ref = component['bom-ref'];
    const known = components.get(ref);
    if (known === undefined || rankOf(component) < rankOf(known)) components.set(ref, component);
    const needed = neededAt(place, entry, packages);
    needs.set(ref, (needs.get(ref) ?? new Set()).union(new Set(needed.map((at) => refOf(at, packages[at] as LockedPackage)))));
  }
  const byRef = [...components.values()].toSorted((a, b) => compare(a['bom-ref'], b['bom-ref']));
  const ours = components.get(refOf('', packages[''] ?? {})) as Component;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumberOf(packages),
    version: 1,
    metadata: { component: ours },
    components: byRef.filter((component) => component !== ours),
    dependencies: byRef.map(({ 'bom-ref': ref }) => ({ ref, dependsOn: [...(needs.get(ref) ?? [])].toSorted(compare) })),
  };
}

/** Returns the references of what ships in the built console alone, and is installed nowhere. */
export function consoleReferences(lockFile: LockFile, bundled: ReadonlySet<string>): ReadonlySet<string> {
  const required = (names: ReadonlySet<string>) =>
    billOfMaterials(lockFile, names).components.flatMap((each) => (each.scope === 'required' ? [each['bom-ref']] : []));
  return new Set(required(bundled)).difference(new Set(required(new Set())));
}

/** Scopes in order of use, the most needed first. */
const RANKS: readonly unknown[] = [undefined, 'required', 'optional', 'excluded'];
const rankOf = ({ scope }: Component) => RANKS.indexOf(scope);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function componentAt(place: string, entry: LockedPackage, scope: Scope, root: Pick<LockFile, 'name' | 'version'>): Component {
  const ref = refOf(place, entry);
  if (!isInstalled(place, entry)) {
    const [name, version] = [place === '' ? root.name : `${root.name}-${place}`, entry.version ?? root.version];
    return { type: 'application', 'bom-ref': ref, name, version, ...licensesOf(entry) };
  }
  const [, group, name = ''] = /^(?:(@[^/]+)\/)?(.+)$/.exec(nameAt(place, entry)) ?? [];
  return {
    type: 'library',
    'bom-ref': ref,
    ...(group === undefined ? {} : { group }),
    name,
    version: entry.version ?? '',
    scope,
    hashes: hashesOf(entry.integrity ?? ''),
    ...licensesOf(entry),
    purl: ref,
  };
}

/** Returns the reference of a component: a package URL for an installed package, a name of our own for our folders. */
export function refOf(place: string, entry: LockedPackage): string {
  if (!isInstalled(place, entry)) return place === '' ? 'headgate' : `headgate/${place}`;
  return `pkg:npm/${nameAt(place, entry).replace('@', '%40')}@${encodeURIComponent(entry.version ?? '')}`;
}

function licensesOf({ license }: LockedPackage): Pick<Component, 'licenses'> {
  if (license === undefined) return {};
  return { licenses: [/^[0-9A-Za-z.-]+$/.test(license) ? { license: { id: license } } : { expression: license }] };
}

/** Converts subresource integrity (`sha512-` and base64) to CycloneDX's form of a hash: hexadecimal. */
function hashesOf(integrity: string) {
  return integrity.split(' ').map((one) => {
    const [, bits = '', content = ''] = /^sha(\d+)-(.+)$/.exec(one) ?? [];
    return { alg: bits === '1' ? 'SHA-1' : `SHA-${bits}`, content: Buffer.from(content, 'base64').toString('hex') };
  });
}

/** Returns the places of a package's dependencies, each in the nearest node_modules, as Node resolves it. Some may be missing. */
function neededAt(place: string, entry: LockedPackage, packages: LockedPackages): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = entry;
  const own = isInstalled(place, entry) ? {} : { ...devDependencies };
  const names = Object.keys({ ...dependencies, ...own, ...optionalDependencies, ...peerDependencies });
  const workspaces = place === '' ? Object.keys(packages).filter((at) => at !== '' && !at.includes('node_modules/')) : [];
  return [...workspaces, ...names.flatMap((name) => foundFrom(place, name, packages) ?? [])];
}

/** Returns a UUID of version 8 that depends only on the contents: a hash, not a random number. */
export function serialNumberOf(contents: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(contents)).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return `urn:uuid:${parts.join('-')}`;
}

/** Returns the packages of the console's manifest that its sources import. Code examples that the console shows import others. */
export function bundledPackages(): ReadonlySet<string> {
  const folder = path.join(path.dirname(import.meta.dirname), 'console', 'src');
  const sources = globSync('**/*.{ts,tsx,css}', { cwd: folder }).map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const imports = sources.flatMap((text) => [
    ...text.matchAll(/(?:\bfrom |^import |\bimport\(|\burl\()['"]([^'".\n][^'"\n]*)['"]/gm),
  ]);
  const names = new Set(
    imports.map(([, from = '']) =>
      from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
  const { dependencies, devDependencies } = readManifests().get('console/package.json') ?? {};
  return names.intersection(new Set(Object.keys({ ...dependencies, ...devDependencies })));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.stdout.write(`${JSON.stringify(billOfMaterials(readLockFile(), bundledPackages()), null, 2)}\n`);
