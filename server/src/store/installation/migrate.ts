/** Brings a database to this version's schema, at every start, before anything else reads it. */
import { readFile } from 'node:fs/promises';
import type { PoolClient, QueryConfig } from 'pg';
import type { OpenDatabase } from '../database.ts';
import { storeErrorFrom } from '../errors.ts';

/** The database was written by a newer version than this one. Its message is the one line an operator needs. */
export class NewerSchema extends Error {
  constructor(migration: string) {
    super(
      `The database was written by a newer version of Headgate (it has the migration ${migration}, unknown here). ` +
        'Start that version, or restore a backup made with this one.',
    );
    this.name = 'NewerSchema';
  }
}

/**
 * Applies what is missing, all in one transaction, so that a failure leaves the database as it was. Replicas that start together wait
 * for the first. Throws NewerSchema and changes nothing when the database knows migrations this version does not.
 */
export async function migrate({ kind, pool }: OpenDatabase): Promise<void> {
  const wanted = await migrationNames();
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL statement_timeout = 0');
    // The embedded database has one session, so nobody can start beside us; session locks would outlive the connection there.
    if (kind === 'postgresql') await client.query({ ...patient('SELECT pg_advisory_xact_lock($1)'), values: [MIGRATION_LOCK] });
    await applyMissing(client, wanted);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    // Closing the connection rolls back, also where the connection is what failed.
    client.release(true);
    throw storeErrorFrom(error);
  }
}

/** The name of the newest migration that this version knows. Names begin with their number, so the last by text is the newest. */
export async function newestMigration(): Promise<string> {
  return (await migrationNames()).toSorted().at(-1) as string;
}

/** The names of this version's migrations, oldest first. */
async function migrationNames(): Promise<readonly string[]> {
  const journal: { entries: { tag: string }[] } = JSON.parse(await readFile(new URL('meta/_journal.json', FOLDER), 'utf8'));
  return journal.entries.map((entry) => entry.tag);
}

const FOLDER = new URL('../migrations/', import.meta.url);
/** Any fixed number, as long as no other program on the server takes it: the letters of "headgate". */
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

/** A large table may take long to change; the pool's own bound is for requests. */
function patient(text: string): QueryConfig {
  const query = { text, query_timeout: 3_600_000 };
  return query;
}

async function apply(client: PoolClient, name: string): Promise<void> {
  const text = await readFile(new URL(`${name}.sql`, FOLDER), 'utf8');
  for (const statement of text.split('--> statement-breakpoint')) await client.query(patient(statement));
  await client.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name]);
}
