// Writes generated files: the API contract, the console's types for it, and the page of promises. `--check` compares only.
import { spawnSync } from 'node:child_process';

const flags = process.argv.slice(2);
const steps = ['server/src/cli/generate-openapi.ts', 'scripts/promises.ts'];
const results = steps.map((file) => spawnSync(process.execPath, [file, ...flags], { stdio: 'inherit' }).status);
const types = [
  'server/openapi.json',
  '--output',
  'console/src/api/schema.d.ts',
  ...(flags.includes('--check') ? ['--check'] : []),
];
const shell = process.platform === 'win32';
results.push(spawnSync('openapi-typescript', types, { stdio: ['ignore', 'ignore', 'inherit'], shell }).status);
process.exitCode = results.every((status) => status === 0) ? 0 : 1;
