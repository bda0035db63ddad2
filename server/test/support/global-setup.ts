/**
 * Once per test run: the program in one piece, a migrated snapshot of the embedded database, and a PostgreSQL with a migrated template where one
 * can be started.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { databaseOver } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { useBundle } from './bundled-program.ts';
import { SNAPSHOT_VARIABLE } from './database.ts';
import { inProcessPool } from './in-process.ts';
import { startMigratedPostgres } from './migrated-postgres.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-test-'));
  // One after the other: starting the embedded engine holds this thread for seconds, and a connection waits only so long.
  const postgres = await startMigratedPostgres();
  if (postgres === null) console.warn('PostgreSQL is not installed on this machine: the tests that need it are skipped.');
  await useBundle();
  await writeSnapshot(join(home, 'migrated.tar'));
  process.env[SNAPSHOT_VARIABLE] = join(home, 'migrated.tar');
  return async () => {
    await postgres?.stop();
    rmSync(home, { recursive: true, force: true });
  };
}

async function writeSnapshot(path: string): Promise<void> {
  const pglite = await PGlite.create();
  const opened = databaseOver(inProcessPool(pglite), 'embedded');
  await migrate(opened);
  await opened.close();
  const dump = await pglite.dumpDataDir('none');
  writeFileSync(path, Buffer.from(await dump.arrayBuffer()));
  await pglite.close();
}
