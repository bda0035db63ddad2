// Every static promise of the tree, one line each with its seconds: format and lint, types, the rooms' arrows, unused code, the admin contract.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

interface Step {
  name: string;
  command: string;
  args: string[];
  /** The step exists only when this file does. */
  needs?: string;
}

const steps: Step[] = [
  { name: 'biome', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types: server', command: 'tsc', args: ['-p', 'server/tsconfig.json'] },
  { name: 'types: bench and scripts', command: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types: console', command: 'tsc', args: ['-p', 'console/tsconfig.json'], needs: 'console/tsconfig.json' },
  {
    name: 'dependencies',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.cjs', 'server', 'scripts', 'bench', 'console'],
  },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
  { name: 'dependency policy', command: 'node', args: ['scripts/dependency-policy.ts'] },
  {
    name: 'openapi drift',
    command: 'node',
    args: ['server/src/cli/generate-openapi.ts', '--check'],
    needs: 'server/src/cli/generate-openapi.ts',
  },
  {
    name: 'console types drift',
    command: 'openapi-typescript',
    args: ['server/openapi.json', '--output', 'console/src/api/schema.d.ts', '--check'],
  },
  { name: 'promises', command: 'node', args: ['scripts/promises.ts', '--check'] },
];

const failed = steps.filter((step) => !passes(step));
console.log(failed.length === 0 ? 'check: all good' : `check: failed at ${failed.map((step) => step.name).join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

function passes(step: Step): boolean {
  if (step.needs !== undefined && !existsSync(step.needs)) return true;
  const startedMs = performance.now();
  const result = spawnSync(step.command, step.args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 1 << 26,
  });
  const good = result.status === 0;
  console.log(`${good ? 'ok    ' : 'FAILED'} ${step.name.padEnd(26)} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  if (!good) console.log(result.error?.message ?? `${result.stdout}${result.stderr}`);
  return good;
}
