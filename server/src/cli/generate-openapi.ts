/** Writes server/openapi.json from the schemas that validate requests. With `--check` it only exits with 1 if that differs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createAdminApp } from '../admin/http/app.ts';
import type { AdminDeps } from '../admin/http/deps.ts';

const FILE = new URL('../../openapi.json', import.meta.url);

const app = await createAdminApp({ trustedProxies: [] } as unknown as AdminDeps); // Only its description is used.
const text = `${JSON.stringify(app.openapi(), null, 2)}\n`;
await app.close();

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (text !== read()) {
  process.stderr.write('server/openapi.json is not what the program serves: run `npm run generate` and commit it.\n');
  process.exitCode = 1;
}

function read(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}
