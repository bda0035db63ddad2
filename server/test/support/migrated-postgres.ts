/** A PostgreSQL for one run of tests with a migrated, empty database in it. To copy that takes a tenth of the time of migrating another. */

import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { openClient } from './pg-client.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

/** Set to `both`, as in `.ci/long`, what stands on SQL that other suites try on both engines is tried on both as well. */
export const ENGINES_VARIABLE = 'HEADGATE_TEST_ENGINES';
/** Where tests find its address; unset where there is none. */
export const TEST_POSTGRES_VARIABLE = 'HEADGATE_TEST_POSTGRES';
const TEMPLATE = 'headgate_template';
const COPY_TRIES_MAX = 50;
const COPY_PAUSE_MS = 100;
/** The template is being copied by somebody else. */
const IN_USE = '55006';

/** Starts it and tells this process and those it starts. Returns null where PostgreSQL is not installed. */
export async function startMigratedPostgres(): Promise<TestPostgres | null> {
  const postgres = await startPostgres();
  if (postgres === null) return null;
  await ask(postgres.url, `CREATE DATABASE ${TEMPLATE}`);
  const template = openDatabase({ url: databaseAt(postgres.url, TEMPLATE) });
  await migrate(template);
  await template.close();
  process.env[TEST_POSTGRES_VARIABLE] = postgres.url;
  return postgres;
}

/** A database of its own. */
export interface CopiedDatabase {
  readonly url: string;
  /** Deletes it, whoever is still connected. */
  drop(): Promise<void>;
}

let copies = 0;

/** Makes a migrated, empty database on the run's server. Returns null where there is none. */
export async function copyMigrated(): Promise<CopiedDatabase | null> {
  const server = process.env[TEST_POSTGRES_VARIABLE];
  if (server === undefined) return null;
  const name = `test_${process.pid}_${copies++}`;
  await ask(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  return { url: databaseAt(server, name), drop: () => ask(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

function databaseAt(server: string, name: string): string {
  return server.replace(/postgres$/, name);
}

async function ask(server: string, statement: string): Promise<void> {
  const client = await openClient(server);
  // Two suites that copy the template at the same moment stand in each other's way; waiting is all it takes.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(statement);
      break;
    } catch (error) {
      if (attempt === COPY_TRIES_MAX || !(error instanceof Error && 'code' in error && error.code === IN_USE)) throw error;
      await new Promise((resolve) => setTimeout(resolve, COPY_PAUSE_MS));
    }
  }
  await client.end();
}
