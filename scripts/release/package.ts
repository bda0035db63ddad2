// Makes the package twice, here and in a fresh clone, and tries what it made as a stranger would.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { startGateway, temporaryDirectory } from '../../server/test/prove/gateway.ts';
import type { LockedPackages } from '../lock-file.ts';
import { buildPackage, packFolder } from '../pack.ts';
import { must, ReleaseStopped } from './commands.ts';

/** Packs this tree into the folder. Returns the path of the tarball. */
export function packHere(root: string, folder: string): string {
  must(root, 'node', ['scripts/up.mjs', 'build']);
  const built = path.join(temporaryDirectory(), 'package');
  buildPackage(built);
  return packFolder(built, folder);
}

/** Packs a fresh clone of the commit, elsewhere, with the installed packages of this tree. Returns the path of the tarball. */
export function packClone(root: string, commit: string): string {
  const clone = path.join(temporaryDirectory(), 'clone');
  must(root, 'git', ['clone', '--quiet', '--no-checkout', '--shared', root, clone]);
  must(clone, 'git', ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', commit]);
  symlinkSync(path.join(root, 'node_modules'), path.join(clone, 'node_modules'), 'junction');
  const printed = must(clone, 'node', ['scripts/up.mjs', 'pack']);
  return printed.split('\n').at(-1) ?? '';
}

export function hashOf(algorithm: 'sha256' | 'sha512', file: string): string {
  return createHash(algorithm).update(readFileSync(file)).digest('hex');
}

export interface Tried {
  readonly packages: number;
  readonly installSeconds: number;
  readonly readyMs: number;
}

/** Unpacks the tarball into an empty folder, installs what its lock file names, compares the versions, and starts it. */
export async function tryPackage(tarball: string): Promise<Tried> {
  const place = temporaryDirectory();
  must(place, 'tar', ['-xzf', path.resolve(tarball)]);
  const folder = path.join(place, 'package');
  const startedMs = performance.now();
  must(folder, 'npm', INSTALL);
  const installSeconds = (performance.now() - startedMs) / 1000;
  const packages = mustBeLocked(folder);
  const bin = path.join(folder, 'server/bin/headgate.mjs');
  const gateway = await startGateway({ command: [process.execPath, bin, 'serve'], cwd: folder });
  try {
    const page = await (await fetch(gateway.base)).text();
    if (!page.includes('<title>Headgate')) throw new ReleaseStopped('the package serves no console', page.slice(0, 400));
    const code = await gateway.stop();
    if (code !== 0) throw new ReleaseStopped(`the package started, and stopped with ${code}`, gateway.output());
    return { packages, installSeconds, readyMs: gateway.readyMs };
  } finally {
    await gateway.kill();
  }
}

/** Installs exactly what the lock file in the folder names, and refuses if it does not fit package.json. */
const INSTALL = ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** Returns how many packages are installed. Throws if one is not the version that the lock file names, or one is missing. */
function mustBeLocked(folder: string): number {
  const locked = (JSON.parse(readFileSync(path.join(folder, 'npm-shrinkwrap.json'), 'utf8')) as { packages: LockedPackages })
    .packages;
  const installed = installedVersions(folder);
  const wrong = [...installed].filter(([at, version]) => locked[at]?.version !== version);
  const missing = Object.entries(locked).filter(
    ([at, entry]) => at !== '' && (entry as { optional?: boolean }).optional !== true && !installed.has(at),
  );
  const [first] = [...wrong.map(([at, version]) => `${at} is ${version}`), ...missing.map(([at]) => `${at} is missing`)];
  if (first !== undefined) throw new ReleaseStopped(`what npm installed is not what the lock file names: ${first}`);
  return installed.size;
}

/** Returns the version of every installed package by its place, read from the packages themselves. */
function installedVersions(folder: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  const look = (modules: string) => {
    for (const name of listed(path.join(folder, modules)).filter((each) => !each.startsWith('.'))) {
      const at = `${modules}/${name}`;
      if (name.startsWith('@')) look(at);
      else {
        versions.set(
          at,
          (JSON.parse(readFileSync(path.join(folder, at, 'package.json'), 'utf8')) as { version: string }).version,
        );
        look(`${at}/node_modules`);
      }
    }
  };
  look('node_modules');
  return versions;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
