import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { startMigratedPostgres } from '../server/test/support/migrated-postgres.ts';

/** Builds the console if its sources changed, so that no test judges an old one, and starts a PostgreSQL for the run where one is installed. */
export default async function setUp(): Promise<() => Promise<void>> {
  const { status } = spawnSync(process.execPath, ['scripts/up.mjs', 'build'], {
    cwd: path.dirname(import.meta.dirname),
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the console could not be built');
  const postgres = await startMigratedPostgres();
  return async () => postgres?.stop();
}
