// Runs every static check, with its seconds: format and lint, types, dependency rules, unused code, API contract, promises.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

interface Step {
  name: string;
  command: string;
  args: string[];
  /** The step runs only if this file exists. */
  needs?: string;
}

/**
 * The compiler that checks types: the native build, which needs a fraction of the CPU. If a machine has none, the compiler
 * written in JavaScript. Only the bench lists the native one, because the bench is not shipped. The JavaScript one builds what is
 * shipped.
 */
const native = path.join(
  `node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib`,
  process.platform === 'win32' ? 'tsc.exe' : 'tsc',
);
const tsc = existsSync(native) ? native : 'tsc';

const steps: Step[] = [
  { name: 'biome', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types: server', command: tsc, args: ['-p', 'server/tsconfig.json'] },
  { name: 'types: bench, scripts, browser tests', command: tsc, args: ['-p', 'tsconfig.json'] },
  { name: 'types: console', command: tsc, args: ['-p', 'console/tsconfig.json'], needs: 'console/tsconfig.json' },
  {
    name: 'dependencies',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.cjs', 'server', 'scripts', 'bench', 'console'],
  },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
  { name: 'contract', command: 'node', args: ['scripts/contract-lint.ts'], needs: 'server/openapi.json' },
  { name: 'dependency policy', command: 'node', args: ['scripts/dependency-policy.ts'] },
  {
    name: 'openapi drift',
    command: 'node',
    args: ['server/src/cli/generate-openapi.ts', '--check'],
    needs: 'server/src/cli/generate-openapi.ts',
  },
  { name: 'plain English', command: 'node', args: ['scripts/prose.ts'] },
  { name: 'migrations', command: 'node', args: ['scripts/migrations-page.ts', '--check'] },
  { name: 'translations', command: 'node', args: ['scripts/translation-page.ts', '--check'] },
  { name: 'capabilities', command: 'node', args: ['scripts/capabilities-page.ts', '--check'] },
  { name: 'roles', command: 'node', args: ['scripts/roles-page.ts', '--check'] },
  { name: 'promises', command: 'node', args: ['scripts/promises.ts', '--check'] },
];

/** The number of steps that run at once. Long steps come first, so that none runs alone at the end. */
const LANES = Math.min(2, availableParallelism());
const left = [...steps];
const failed: string[] = [];
await Promise.all(Array.from({ length: LANES }, lane));
console.log(failed.length === 0 ? 'check: all good' : `check: failed at ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

async function lane(): Promise<void> {
  for (let step = left.shift(); step !== undefined; step = left.shift()) if (!(await passes(step))) failed.push(step.name);
}

async function passes(step: Step): Promise<boolean> {
  if (step.needs !== undefined && !existsSync(step.needs)) return true;
  const startedMs = performance.now();
  const { status, output } = await run(step);
  const good = status === 0;
  console.log(`${good ? 'ok    ' : 'FAILED'} ${step.name.padEnd(26)} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  if (!good) console.log(output);
  return good;
}

async function run({ command, args }: Step): Promise<{ readonly status: number | null; readonly output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, output: (await output).join('') };
  } catch (error) {
    return { status: null, output: String(error) };
  }
}
