/** A migrated, empty database for each test file, on the embedded engine and on PostgreSQL. */
import { openAsBlob } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { type DatabaseKind, databaseOver, type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { inProcessPool } from './in-process.ts';

/** Set by global-setup.ts. */
export const SNAPSHOT_VARIABLE = 'HEADGATE_TEST_SNAPSHOT';
export const TEST_POSTGRES_VARIABLE = 'HEADGATE_TEST_POSTGRES';
export const TEMPLATE = 'headgate_template';

/** Reads the database of the running suite; only inside tests and hooks, since it is opened in a beforeAll. */
export type GivenDatabase = () => OpenDatabase;

/** Set to `both`, `onOneDatabase` means both as well: in `.ci/long`. */
const ENGINES_VARIABLE = 'HEADGATE_TEST_ENGINES';

type Suite = (given: GivenDatabase, kind: DatabaseKind) => void;

/** The same promises on both engines: `onEveryDatabase('…', (given) => { test('…', async () => { given().db … }) })`. For what is about SQL. */
export function onEveryDatabase(name: string, suite: Suite): void {
  describe(`${name} (embedded)`, () => suite(withDatabase('embedded'), 'embedded'));
  describe.skipIf(!hasPostgres())(`${name} (PostgreSQL)`, () => suite(withDatabase('postgresql'), 'postgresql'));
}

/** The same promises on whichever engine is quicker: for what stands on SQL that other suites try on both. */
export function onOneDatabase(name: string, suite: Suite): void {
  const kind = quickerDatabase();
  if (process.env[ENGINES_VARIABLE] === 'both') onEveryDatabase(name, suite);
  else describe(name, () => suite(withDatabase(kind), kind));
}

function quickerDatabase(): DatabaseKind {
  return hasPostgres() ? 'postgresql' : 'embedded';
}

/** Registers opening and closing with the suite that is being described. */
export function withDatabase(kind: DatabaseKind = quickerDatabase()): GivenDatabase {
  let opened: TestDatabase | null = null;
  beforeAll(async () => {
    opened = await openTestDatabase(kind);
  });
  afterAll(async () => {
    await opened?.dispose();
  });
  return () => {
    if (opened === null) throw new Error('the database opens in beforeAll: ask for it inside a test or hook');
    return opened;
  };
}

/** Whether this run could start a PostgreSQL. */
export function hasPostgres(): boolean {
  return process.env[TEST_POSTGRES_VARIABLE] !== undefined;
}

export interface TestDatabase extends OpenDatabase {
  /** The connection string, on PostgreSQL; null on the embedded engine, which lives in this process. */
  readonly url: string | null;
  /** Closes and deletes. */
  dispose(): Promise<void>;
}

/** A fresh one for a test that wants more than its suite's. */
export function openTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  return kind === 'embedded' ? openEmbeddedTestDatabase() : openPostgresTestDatabase();
}

async function openEmbeddedTestDatabase(): Promise<TestDatabase> {
  const snapshot = process.env[SNAPSHOT_VARIABLE];
  if (snapshot === undefined) throw new Error('no snapshot: the run was started without global-setup.ts');
  const pglite = await PGlite.create({ loadDataDir: await openAsBlob(snapshot), extensions: { pg_trgm } });
  const opened = databaseOver(inProcessPool(pglite), 'embedded');
  const dispose = async () => {
    await opened.close();
    await pglite.close();
  };
  return { ...opened, url: null, dispose };
}

let counter = 0;

async function openPostgresTestDatabase(): Promise<TestDatabase> {
  const server = process.env[TEST_POSTGRES_VARIABLE];
  if (server === undefined) throw new Error('no PostgreSQL in this run');
  const name = `test_${process.pid}_${counter++}`;
  await maintain(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const url = server.replace(/postgres$/, name);
  const opened = openDatabase({ url });
  const dispose = async () => {
    await opened.close();
    await maintain(server, `DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { ...opened, url, dispose };
}

async function maintain(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  // Two suites that copy the template at the same moment stand in each other's way; waiting is all it takes.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(statement);
      break;
    } catch (error) {
      if (attempt === 50 || !(error instanceof Error && 'code' in error && error.code === '55006')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await client.end();
}
