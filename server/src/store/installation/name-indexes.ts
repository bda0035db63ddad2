/**
 * The indexes of parts of names, which need the extension `pg_trgm`. They are made while the gateway serves, not by a migration:
 * they take longer with more rows, and not every database role may create an extension.
 */
import { sql } from 'drizzle-orm';
import type { Database, OpenDatabase } from '../database.ts';
import { StoreError } from '../errors.ts';

/** The index of each table, and the columns of its names. Tables with few rows need none. */
const NAME_INDEXES = [
  { name: 'organizations_name_parts', table: 'organizations', columns: ['name', 'slug'] },
  { name: 'teams_name_parts', table: 'teams', columns: ['name'] },
  { name: 'accounts_name_parts', table: 'accounts', columns: ['name', 'email'] },
  { name: 'service_accounts_name_parts', table: 'service_accounts', columns: ['name'] },
  { name: 'keys_name_parts', table: 'keys', columns: ['name'] },
] as const;

type NameIndex = (typeof NAME_INDEXES)[number];

/** Reports whether the database can compare trigrams. */
export async function hasTrigrams(db: Database): Promise<boolean> {
  const { rows } = await db.execute<{ has: boolean }>(
    sql`select to_regprocedure('word_similarity(text, text)') is not null as has`,
  );
  return rows[0]?.has === true;
}

/**
 * Creates the extension `pg_trgm` if the database lacks it. Returns null if the database has it now, and otherwise why not, for
 * the operator.
 */
export async function createTrigrams(db: Database): Promise<string | null> {
  if (await hasTrigrams(db)) return null;
  try {
    await db.execute(sql`create extension if not exists pg_trgm`);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const why = REFUSALS[error.sqlState];
    if (why === undefined) throw error;
    return why;
  }
  return (await hasTrigrams(db)) ? null : 'the extension is in a schema that is not in the search path of the role';
}

const REFUSALS: Readonly<Record<string, string | undefined>> = {
  '42501': 'the database role may not create it',
  '0A000': 'the server does not have it',
  '58P01': 'the server does not have it',
};

/** Returns the names of the indexes that are missing or were left unfinished. */
export async function missingNameIndexes(db: Database): Promise<readonly string[]> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select indexrelid::regclass::text as name from pg_index where indisvalid and indexrelid::regclass::text like '%\\_name\\_parts'`,
  );
  const made = new Set(rows.map(({ name }) => name));
  return NAME_INDEXES.map(({ name }) => name).filter((name) => !made.has(name));
}

/** Creates one index, without holding up writes. Drops first what an interrupted run left. */
export async function createNameIndex({ db }: OpenDatabase, name: string): Promise<void> {
  const { table, columns } = NAME_INDEXES.find((index) => index.name === name) as NameIndex;
  // Without the list of pending entries, so that each search takes the same time.
  const parts = columns.map((column) => `(lower(${column}) collate "C") gin_trgm_ops`).join(', ');
  await db.execute(sql.raw(`drop index concurrently if exists ${name}`));
  await db.execute(sql.raw(`create index concurrently ${name} on ${table} using gin (${parts}) with (fastupdate = off)`));
  // The planner learns how often parts of names occur.
  await db.execute(sql.raw(`analyze ${table}`));
}
