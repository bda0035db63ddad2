// Builds the package to publish: `npm run pack`. Node does not run TypeScript inside node_modules, so it compiles the sources.
// The layout stays the same, so that the program finds the files beside it (migrations, scripts for Redis, the console).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** The folder to build in by default. */
export const PACKAGE_FOLDER = path.join(root, 'build', 'package');

/** Builds the package into an empty folder. Throws if a part of it would not run. */
export function buildPackage(folder: string = PACKAGE_FOLDER): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(path.join(folder, 'server'));
  copyAssets(folder);
  writeManifests(folder);
  for (const file of filesUnder(folder)) if (file.endsWith('.js')) pointAtCompiled(file);
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
  copy('LICENSE');
  copy('README.md');
  copy('server/bin/faster-start.mjs');
  cpSync(path.join(root, 'scripts', 'package-bin.mjs'), path.join(folder, 'server', 'bin', 'headgate.mjs'));
}

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function writeManifests(folder: string): void {
  const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Manifest;
  const [whole, server] = [read('package.json'), read('server/package.json')];
  const write = (file: string, manifest: object) =>
    writeFileSync(path.join(folder, file), `${JSON.stringify(manifest, null, 2)}\n`);
  write('package.json', {
    name: 'headgate',
    version: server.version,
    description: whole.description,
    license: whole.license,
    type: 'module',
    bin: { headgate: 'server/bin/headgate.mjs' },
    exports: { './openapi.json': './server/openapi.json', './package.json': './package.json' },
    files: ['server', 'console'],
    engines: { node: '>=18' },
    dependencies: server.dependencies,
    // The Node to run on if the machine's own is older. None of these packages has an install script.
    optionalDependencies: whole.optionalDependencies,
  });
  write('server/package.json', { name: '@headgate/server', version: server.version, private: true, type: 'module' });
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
  const npm = spawnSync('npm', ['pack', '--silent', '--pack-destination', path.dirname(PACKAGE_FOLDER)], {
    cwd: PACKAGE_FOLDER,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) throw new Error(`npm pack failed:\n${npm.stdout}${npm.stderr}`);
  console.log(path.join(path.dirname(PACKAGE_FOLDER), npm.stdout.trim()));
}
