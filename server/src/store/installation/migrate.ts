/** Migrates a database to this version's schema, at every start, before anything else reads it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient, QueryConfig } from 'pg';
import type { DatabaseKind, OpenDatabase } from '../database.ts';
import { storeErrorFrom } from '../errors.ts';
import { wayBackOf } from './migration-costs.ts';

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

/** A session kept a table locked for longer than a start waits. The message is one line for the operator. */
export class MigrationBlocked extends Error {
  constructor(minutes: number, blockers: readonly Blocker[]) {
    super(
      `The database could not be migrated for ${minutes} minutes, because other sessions keep its tables locked: ` +
        `${blockers.map(describeBlocker).join(', ') || 'none is visible to this role'}. End them and start again. Nothing was changed.`,
    );
    this.name = 'MigrationBlocked';
  }
}

/** A session with an open transaction, which may keep a table locked. */
export interface Blocker {
  readonly pid: number;
  readonly program: string;
  readonly seconds: number;
}

export interface MigrateOptions {
  /** Called before each wait because another session keeps a table locked. */
  readonly onBlocked?: (blockers: readonly Blocker[]) => void;
  /** The longest time to try for; 10 minutes unless given. */
  readonly triesMsMax?: number;
}

/** The result of a migration. */
export interface Migrated {
  /** The migrations of a newer version with which this version can serve. */
  readonly newer: readonly string[];
}

/**
 * The longest wait for the lock of one table. All others who use the table wait behind us, and a migration may already hold other
 * tables' locks then.
 */
const LOCK_MS_MAX = 250;
const AGAIN_MS = 1_000;
const TRIES_MS_MAX = 600_000;

/**
 * Applies the missing migrations in one transaction, so that a failure changes nothing. Replicas that start together wait for the
 * first. If another session keeps a table locked, it lets go of everything and tries again each second, so that nobody waits behind
 * it. Throws MigrationBlocked after 10 minutes. Throws NewerSchema and changes nothing if the database has migrations that this
 * version does not know and that have no way back.
 */
export async function migrate({ kind, pool }: OpenDatabase, options: MigrateOptions = {}): Promise<Migrated> {
  const wanted = await migrationNames();
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL statement_timeout = 0');
    // The embedded database has one session, so no other process can migrate, and session locks would outlive the connection.
    if (kind === 'postgresql') await client.query({ ...patient('SELECT pg_advisory_xact_lock($1)'), values: [MIGRATION_LOCK] });
    const migrated = await applyPatiently(client, kind, wanted, options);
    await client.query('COMMIT');
    client.release();
    return migrated;
  } catch (error) {
    // Closing the connection rolls back, even if the connection itself failed.
    client.release(true);
    throw storeErrorFrom(error);
  }
}

/** Applies what is missing, again and again while a table is locked. Between two tries it holds no lock but that of migrations. */
async function applyPatiently(
  client: PoolClient,
  kind: DatabaseKind,
  wanted: readonly string[],
  { onBlocked, triesMsMax = TRIES_MS_MAX }: MigrateOptions,
): Promise<Migrated> {
  const lastMs = performance.now() + triesMsMax;
  for (;;) {
    await client.query('SAVEPOINT before');
    try {
      return await applyMissing(client, kind, wanted);
    } catch (error) {
      if (!LOCK_CODES.has(String(Object(error).code))) throw error;
      await client.query('ROLLBACK TO SAVEPOINT before');
      const blockers = await blockersNow(client);
      if (performance.now() > lastMs) throw new MigrationBlocked(Math.ceil(triesMsMax / 60_000), blockers);
      onBlocked?.(blockers);
      await sleep(AGAIN_MS);
    }
  }
}

/** `lock_not_available` and `deadlock_detected`. */
const LOCK_CODES: ReadonlySet<string> = new Set(['55P03', '40P01']);

/** Returns the other sessions with the oldest open transactions, three at most. */
async function blockersNow(client: PoolClient): Promise<readonly Blocker[]> {
  await client.query('SELECT pg_stat_clear_snapshot()'); // Otherwise the transaction sees the sessions of its first look.
  const { rows } = await client.query<Blocker>(
    `SELECT pid, coalesce(application_name, '') AS program, extract(epoch FROM clock_timestamp() - xact_start)::integer AS seconds
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
     ORDER BY xact_start LIMIT 3`,
  );
  return rows;
}

function describeBlocker({ pid, program, seconds }: Blocker): string {
  return `process ${pid}${program === '' ? '' : ` (${program})`}, its transaction open for ${seconds} s`;
}

/**
 * Returns the name of the newest migration that this version knows. Names begin with their number, so the last in text order is
 * the newest.
 */
export async function newestMigration(): Promise<string> {
  return (await migrationNames()).toSorted().at(-1) as string;
}

/** Returns the names of this version's migrations, oldest first. */
export async function migrationNames(): Promise<readonly string[]> {
  const journal: { entries: { tag: string }[] } = JSON.parse(await readFile(new URL('meta/_journal.json', FOLDER), 'utf8'));
  return journal.entries.map((entry) => entry.tag);
}

const FOLDER = new URL('../migrations/', import.meta.url);
/** The advisory lock of migrations: any fixed number that no other program on the server uses. */
const MIGRATION_LOCK = '7521962937430467685';

async function applyMissing(client: PoolClient, kind: DatabaseKind, wanted: readonly string[]): Promise<Migrated> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz(3) NOT NULL DEFAULT now())',
  );
  const applied = await appliedMigrations(client);
  const { newer, final, missing } = compareMigrations(applied, wanted);
  if (final !== null) throw new NewerSchema(final);
  if (missing.length > 0) await client.query('ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS can_go_back boolean');
  // Nobody waits for the tables of a new database.
  if (kind === 'postgresql' && applied.size > 0) await client.query(`SET LOCAL lock_timeout = ${LOCK_MS_MAX}`);
  for (const name of missing) await apply(client, name);
  return { newer };
}

/**
 * Returns the database's migrations in order, each with whether a version without it may start. Versions before this was stored did
 * not say so. Rejects if there is no `schema_migrations`.
 */
export async function appliedMigrations(client: Pick<PoolClient, 'query'>): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await client.query<{ name: string; can_go_back: boolean | null }>(
    "SELECT name, (to_jsonb(one) ->> 'can_go_back')::boolean AS can_go_back FROM schema_migrations AS one ORDER BY name",
  );
  return new Map(rows.map(({ name, can_go_back }) => [name, can_go_back === true]));
}

/** The migrations of a database beside those of a version. */
export interface MigrationDifference {
  /** Those that the version knows and the database lacks. */
  readonly missing: readonly string[];
  /** Those of a newer version. */
  readonly newer: readonly string[];
  /** The first of the newer ones that has no way back; null if there is none. */
  readonly final: string | null;
}

/** Compares the migrations of a database with those that a version knows. */
export function compareMigrations(applied: ReadonlyMap<string, boolean>, known: readonly string[]): MigrationDifference {
  const newer = [...applied.keys()].filter((name) => !known.includes(name));
  return {
    missing: known.filter((name) => !applied.has(name)),
    newer,
    final: newer.find((name) => applied.get(name) === false) ?? null,
  };
}

/**
 * Returns a query with a timeout of an hour, because a large table may take long to change. The pool's timeout is for requests.
 */
function patient(text: string): QueryConfig {
  const query = { text, query_timeout: 3_600_000 };
  return query;
}

async function apply(client: PoolClient, name: string): Promise<void> {
  const text = await migrationText(name);
  for (const statement of text.split('--> statement-breakpoint')) await client.query(patient(statement));
  await client.query('INSERT INTO schema_migrations (name, can_go_back) VALUES ($1, $2)', [name, wayBackOf(text) === null]);
}

/** Returns the statements of a migration. */
export function migrationText(name: string): Promise<string> {
  return readFile(new URL(`${name}.sql`, FOLDER), 'utf8');
}
