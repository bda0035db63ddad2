/** Migrates a database to this version's schema, at every start, before anything else reads it. */
import { readFile } from 'node:fs/promises';
import type { PoolClient, QueryConfig } from 'pg';
import type { OpenDatabase } from '../database.ts';
import { storeErrorFrom } from '../errors.ts';

/** A newer version than this one wrote the database. The message is one line for the operator. */
export class NewerSchema extends Error {
  constructor(migration: string) {
    super(
      `The database was written by a newer version of Headgate: this version does not know its migration ${migration}. ` +
        'Start the newer version, or restore a backup that this version made.',
    );
    this.name = 'NewerSchema';
  }
}

/**
 * Applies the missing migrations in one transaction, so that a failure changes nothing. Replicas that start together wait for the
 * first. Throws NewerSchema and changes nothing if the database has migrations that this version does not know.
 */
export async function migrate({ kind, pool }: OpenDatabase): Promise<void> {
  const wanted = await migrationNames();
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL statement_timeout = 0');
    // The embedded database has one session, so no other process can migrate, and session locks would outlive the connection.
    if (kind === 'postgresql') await client.query({ ...patient('SELECT pg_advisory_xact_lock($1)'), values: [MIGRATION_LOCK] });
    await applyMissing(client, wanted);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    // Closing the connection rolls back, even if the connection itself failed.
    client.release(true);
    throw storeErrorFrom(error);
  }
}

/**
 * Returns the name of the newest migration that this version knows. Names begin with their number, so the last in text order is
 * the newest.
 */
export async function newestMigration(): Promise<string> {
  return (await migrationNames()).toSorted().at(-1) as string;
}

/** Returns the names of this version's migrations, oldest first. */
async function migrationNames(): Promise<readonly string[]> {
  const journal: { entries: { tag: string }[] } = JSON.parse(await readFile(new URL('meta/_journal.json', FOLDER), 'utf8'));
  return journal.entries.map((entry) => entry.tag);
}

const FOLDER = new URL('../migrations/', import.meta.url);
/** The advisory lock of migrations: any fixed number that no other program on the server uses. */
const MIGRATION_LOCK = '7521962937430467685';

async function applyMissing(client: PoolClient, wanted: readonly string[]): Promise<void> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz(3) NOT NULL DEFAULT now())',
  );
  const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migrations ORDER BY name');
  const applied = new Set(rows.map((row) => row.name));
  const unknown = rows.find((row) => !wanted.includes(row.name));
  if (unknown !== undefined) throw new NewerSchema(unknown.name);
  for (const name of wanted) {
    if (!applied.has(name)) await apply(client, name);
  }
}

/**
 * Returns a query with a timeout of an hour, because a large table may take long to change. The pool's timeout is for requests.
 */
function patient(text: string): QueryConfig {
  const query = { text, query_timeout: 3_600_000 };
  return query;
}

async function apply(client: PoolClient, name: string): Promise<void> {
  const text = await readFile(new URL(`${name}.sql`, FOLDER), 'utf8');
  for (const statement of text.split('--> statement-breakpoint')) await client.query(patient(statement));
  await client.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name]);
}
