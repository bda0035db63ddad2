/** A migrated, empty database for each test file, on the embedded engine and on PostgreSQL. */
import { openAsBlob } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { afterAll, beforeAll, describe } from 'vitest';
import { type DatabaseKind, databaseOver, type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { inProcessPool } from './in-process.ts';
import { copyMigrated, ENGINES_VARIABLE, TEST_POSTGRES_VARIABLE } from './migrated-postgres.ts';

/** Set by global-setup.ts. */
export const SNAPSHOT_VARIABLE = 'HEADGATE_TEST_SNAPSHOT';

/** Reads the database of the running suite; only inside tests and hooks, since it is opened in a beforeAll. */
export type GivenDatabase = () => OpenDatabase;

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

async function openPostgresTestDatabase(): Promise<TestDatabase> {
  const copy = await copyMigrated();
  if (copy === null) throw new Error('no PostgreSQL in this run');
  const opened = openDatabase({ url: copy.url });
  const dispose = async () => {
    await opened.close();
    await copy.drop();
  };
  return { ...opened, url: copy.url, dispose };
}
