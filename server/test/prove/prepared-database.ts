/** The embedded database as a first start leaves it, made once and copied: making it takes longer than everything else of a start. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { masterKeyFor } from '../../src/settings/data-directory.ts';
import { databaseOver } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { inProcessPool } from '../support/in-process.ts';

/** Puts a migrated, empty database into a gateway's new data directory, and the key for what will be sealed in it unless a setting gives one. */
export async function putDatabase(dataDir: string, hasKeySetting = false): Promise<void> {
  if (!hasKeySetting) masterKeyFor(dataDir);
  cpSync(await preparedDatabase(), path.join(dataDir, 'database'), { recursive: true });
}

const repository = path.resolve(import.meta.dirname, '../../..');
const cache = path.join(repository, 'node_modules/.cache/headgate-databases');

/** Its name holds what it was made from, so that a new migration or engine makes a new one. */
async function preparedDatabase(): Promise<string> {
  const directory = path.join(cache, hashOfSources());
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(path.join(cache, 'new-'));
  const engine = await PGlite.create(made);
  const opened = databaseOver(inProcessPool(engine), 'embedded');
  await migrate(opened);
  await opened.close();
  if (!engine.closed) await engine.close();
  try {
    renameSync(made, directory);
  } catch (error) {
    // Another process was faster; its copy is as good.
    rmSync(made, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}

function hashOfSources(): string {
  const migrations = path.join(repository, 'server/src/store/migrations');
  const files = readdirSync(migrations)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const hash = createHash('sha256').update(readFileSync(path.join(repository, 'package-lock.json')));
  for (const name of files) hash.update(name).update(readFileSync(path.join(migrations, name)));
  return hash.digest('hex').slice(0, 16);
}
