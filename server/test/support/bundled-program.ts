/**
 * The program in a few files, for tests that start it as a process: to find and link its three thousand files took more than half of a start's CPU.
 * Made once of the sources and packages as they are, and kept until one of them changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** Where tests find it: a directory. Unset, they start the sources themselves, as whoever measures the program does. */
export const BUNDLE_VARIABLE = 'HEADGATE_TEST_BUNDLE';

const repository = path.resolve(import.meta.dirname, '../../..');
const cache = path.join(repository, 'node_modules/.cache/headgate-bundles');
const DAY_MS = 86_400_000;
const ENTRANCES = ['server/src/main.ts', 'server/src/cli/headgate.ts'] as const;
type Entrance = (typeof ENTRANCES)[number];

/** They look for files of their own beside themselves. */
const STAY_APART = ['@electric-sql/pglite', '@electric-sql/pglite/*', '@fastify/swagger-ui', 'pg-native'];

/** What to give Node to run: the file that stands for this one of the sources, or the source where there is no bundle. */
export function startedBy(entrance: Entrance): string {
  const directory = process.env[BUNDLE_VARIABLE];
  return directory === undefined ? entrance : path.join(directory, bundledName(entrance));
}

/** Makes the bundle where there is none of these sources yet, and tells this process and those it starts. */
export async function useBundle(): Promise<void> {
  const directory = path.join(cache, hashOfSources());
  if (!existsSync(directory)) await makeIn(directory);
  process.env[BUNDLE_VARIABLE] = directory;
  // Compiling took a third of what a start of the program takes, and is done once.
  process.env.NODE_COMPILE_CACHE ??= path.join(directory, 'compiled');
}

function bundledName(entrance: string): string {
  return `${path.basename(entrance, '.ts')}.mjs`;
}

async function makeIn(directory: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  removeOld();
  const made = mkdtempSync(path.join(cache, 'new-'));
  // Only whoever makes one loads it.
  const { build } = await import('esbuild');
  await build({
    entryPoints: ENTRANCES.map((entrance) => path.join(repository, entrance)),
    outdir: made,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'esnext',
    // Errors are told apart by the names of their classes.
    keepNames: true,
    external: STAY_APART,
    plugins: [atTheirOwnAddress],
    banner: { js: requireOf(ENTRANCES[0]) },
    logLevel: 'error',
  });
  try {
    renameSync(made, directory);
  } catch (error) {
    // Another process was faster; its bundle is as good.
    rmSync(made, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
}

/** A run may still be at one of today. */
function removeOld(): void {
  const sinceMs = Date.now() - DAY_MS;
  for (const name of readdirSync(cache)) {
    const at = path.join(cache, name);
    if (statSync(at).mtimeMs < sinceMs) rmSync(at, { recursive: true, force: true });
  }
}

/** Each source keeps its address: what it reads beside itself, or runs in a thread, is the tree's. */
const atTheirOwnAddress: Plugin = {
  name: 'at-their-own-address',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]server[\\/](src|demo)[\\/].*\.ts$/ }, ({ path: file }) => {
      const address = JSON.stringify(pathToFileURL(file).href);
      return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', address), loader: 'ts' };
    });
  },
};

/** Packages of the older module form ask for others by `require`, and some for the directory they are in. */
function requireOf(entrance: string): string {
  const file = path.join(repository, entrance);
  return [
    `import { createRequire as requireFrom } from 'node:module';`,
    `const require = requireFrom(${JSON.stringify(pathToFileURL(file).href)});`,
    `const __filename = ${JSON.stringify(file)}, __dirname = ${JSON.stringify(path.dirname(file))};`,
  ].join('\n');
}

/** Sources, and the packages by what the lock file says of them. */
function hashOfSources(): string {
  const files = globSync('server/{src,demo}/**/*.{ts,json}', { cwd: repository }).filter((name) => !/\.test\.ts$/.test(name));
  const hash = createHash('sha256');
  for (const name of ['package-lock.json', 'server/test/support/bundled-program.ts', ...files.sort()])
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(path.join(repository, name)))
      .update('\0');
  // It names the places of the tree.
  return hash.update(repository).digest('hex').slice(0, 16);
}
