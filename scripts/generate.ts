// Writes generated files: the API contract, and the pages of promises, migrations, translations, capabilities and roles. `--check` compares only. scripts/up.mjs then writes the
// console's types of the contract.
import { spawnSync } from 'node:child_process';

const steps = [
  'server/src/cli/generate-openapi.ts',
  'scripts/promises.ts',
  'scripts/migrations-page.ts',
  'scripts/translation-page.ts',
  'scripts/capabilities-page.ts',
  'scripts/roles-page.ts',
];
const results = steps.map((file) => spawnSync(process.execPath, [file, ...process.argv.slice(2)], { stdio: 'inherit' }).status);
process.exitCode = results.every((status) => status === 0) ? 0 : 1;
