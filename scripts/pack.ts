// Builds the package to publish: `npm run pack`. Node does not run TypeScript inside node_modules, so it compiles the sources.
// The layout stays the same, so that the program finds the files beside it (migrations, scripts for Redis, the console).
// The same commit gives the same bytes: npm fixes times and order, and the modes are set here.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readLockFile } from './lock-file.ts';
import { type PublishedManifest, shrinkwrapOf } from './shrinkwrap.ts';

const root = path.dirname(import.meta.dirname);

const COMMAND = 'server/bin/headgate.mjs';

/** The folder to build in by default. */
export const PACKAGE_FOLDER = path.join(root, 'build', 'package');

/** Builds the package into an empty folder. Throws if a part of it would not run. */
export function buildPackage(folder: string = PACKAGE_FOLDER): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(path.join(folder, 'server'));
  copyAssets(folder);
  writeManifests(folder);
  for (const file of filesUnder(folder)) {
    if (file.endsWith('.js')) pointAtCompiled(file);
    chmodSync(file, file === path.join(folder, COMMAND) ? 0o755 : 0o644);
  }
}

/** Packs the folder of a package with npm. Returns the path of the tarball. */
export function packFolder(folder: string, destination: string): string {
  const npm = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', destination], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) throw new Error(`npm pack failed:\n${npm.stdout}${npm.stderr}`);
  return path.join(destination, npm.stdout.trim());
}

function compile(outDir: string): void {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'server', 'tsconfig.package.json'), '--outDir', outDir], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`the sources could not be compiled:\n${run.stdout}${run.stderr}`);
}

function copyAssets(folder: string): void {
  const copy = (from: string, keep: (file: string) => boolean = () => true) =>
    cpSync(path.join(root, from), path.join(folder, from), { recursive: true, filter: keep });
  copy('server/src', (file) => !file.endsWith('.ts') && !file.endsWith('_snapshot.json'));
  copy('server/openapi.json');
  copy('console/dist', (file) => path.basename(file) !== '.built-from');
  // What an installation copies from, and what its alerts and its unit refer to.
  copy('deploy');
  copy('docs');
  copy('LICENSE');
  copy('README.md');
  copy('server/bin/faster-start.mjs');
  cpSync(path.join(root, 'scripts', 'package-bin.mjs'), path.join(folder, COMMAND));
}

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** The public home of the sources, and what belongs to it. npm signs no provenance without it. */
  readonly repository?: { readonly type: string; readonly url: string };
  readonly homepage?: string;
  readonly bugs?: { readonly url: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function writeManifests(folder: string): void {
  const manifest = readPublishedManifest();
  const write = (file: string, content: object) =>
    writeFileSync(path.join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
  write('package.json', manifest);
  write('npm-shrinkwrap.json', shrinkwrapOf(readLockFile(), manifest));
  write('server/package.json', { name: '@headgate/server', version: manifest.version, private: true, type: 'module' });
}

/** Returns the published package.json, made from those of the root and of the server. */
export function readPublishedManifest(): PublishedManifest {
  const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Manifest;
  const { version, description, license, repository, homepage, bugs, optionalDependencies } = read('package.json');
  return {
    name: 'headgate',
    version,
    description,
    license,
    ...(repository === undefined ? {} : { repository }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(bugs === undefined ? {} : { bugs }),
    type: 'module',
    bin: { headgate: COMMAND },
    exports: { './openapi.json': './server/openapi.json', './package.json': './package.json' },
    files: ['server', 'console', 'deploy', 'docs', 'npm-shrinkwrap.json'],
    engines: { node: '>=18' },
    dependencies: read('server/package.json').dependencies ?? {},
    // The Node to run on if the machine's own is older. None of these packages has an install script.
    optionalDependencies: optionalDependencies ?? {},
    publishConfig: { access: 'public', provenance: true },
  };
}

/** Rewrites `.ts` to `.js` in URLs of files beside the program; the compiler rewrites only imports. Throws if a `.ts` remains. */
function pointAtCompiled(file: string): void {
  const text = readFileSync(file, 'utf8');
  const pointed = text.replaceAll(/new URL\((['"])(\.{1,2}\/[^'"]+)\.ts\1/g, 'new URL($1$2.js$1');
  if (pointed !== text) writeFileSync(file, pointed);
  const left = /(?:import|from|URL)\s*\(?\s*['"]\.{1,2}\/[^'"]+\.ts['"]/.exec(pointed);
  if (left !== null) throw new Error(`${file} still names a source: ${left[0]}`);
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

if (import.meta.main) {
  buildPackage();
  console.log(packFolder(PACKAGE_FOLDER, path.dirname(PACKAGE_FOLDER)));
}
