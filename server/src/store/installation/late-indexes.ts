/**
 * The indexes that are made while the gateway serves, not by a migration, because they take longer with more rows. Those of parts of
 * names need the extension `pg_trgm`, and not every database role may create an extension. Nothing depends on these indexes but
 * speed.
 */
import { sql } from 'drizzle-orm';
import type { Database, OpenDatabase } from '../database.ts';
import { StoreError } from '../errors.ts';

interface LateIndex {
  readonly name: string;
  readonly table: string;
  /** The access method, the columns and the condition. */
  readonly using: string;
  readonly needsTrigrams: boolean;
}

/** Tables with few rows need none. */
const LATE_INDEXES: readonly LateIndex[] = [
  ofNames('organizations', ['name', 'slug']),
  ofNames('teams', ['name']),
  ofNames('accounts', ['name', 'email']),
  ofNames('service_accounts', ['name']),
  ofNames('keys', ['name']),
  // Counts of keys read this index alone, however many keys the teams on a page have.
  {
    name: 'keys_living',
    table: 'keys',
    using: `btree (organization_id, team_id) where status <> 'revoked'`,
    needsTrigrams: false,
  },
  // For the job that deletes secrets which ended. Most secrets have no end.
  {
    name: 'key_secrets_ended',
    table: 'key_secrets',
    using: 'btree (valid_until) where valid_until is not null',
    needsTrigrams: false,
  },
  // For the own deployments of organizations, which are loaded with each organization.
  { name: 'deployments_owner', table: 'deployments', using: `btree (owner, id) where owner <> ''`, needsTrigrams: false },
  // For the past of counters of one end user, which read few of the many names of a day.
  {
    name: 'attribution_rollups_end_user',
    table: 'attribution_rollups',
    using: `btree (organization_id, name, bucket_start) where kind = 'end_user'`,
    needsTrigrams: false,
  },
  // For the audit log of all organizations together.
  { name: 'audit_events_time', table: 'audit_events', using: 'btree (at, chain, seq)', needsTrigrams: false },
];

/** An index of parts of names, without the list of pending entries, so that each search takes the same time. */
function ofNames(table: string, columns: readonly string[]): LateIndex {
  const parts = columns.map((column) => `(lower(${column}) collate "C") gin_trgm_ops`).join(', ');
  return { name: `${table}_name_parts`, table, using: `gin (${parts}) with (fastupdate = off)`, needsTrigrams: true };
}

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

/** Returns the names of the indexes that are missing or were left unfinished, of those that this database can have. */
export async function missingLateIndexes(db: Database): Promise<readonly string[]> {
  const canTrigrams = await hasTrigrams(db);
  const wanted = LATE_INDEXES.filter(({ needsTrigrams }) => canTrigrams || !needsTrigrams).map(({ name }) => name);
  const { rows } = await db.execute<{ name: string }>(
    sql`select indexrelid::regclass::text as name from pg_index
      where indisvalid and indexrelid::regclass::text in (${sql.join(
        wanted.map((name) => sql`${name}`),
        sql`, `,
      )})`,
  );
  const made = new Set(rows.map(({ name }) => name));
  return wanted.filter((name) => !made.has(name));
}

/** Creates one index, without holding up writes. Drops first what an interrupted run left. */
export async function createLateIndex({ db }: OpenDatabase, name: string): Promise<void> {
  const { table, using } = LATE_INDEXES.find((index) => index.name === name) as LateIndex;
  await db.execute(sql.raw(`drop index concurrently if exists ${name}`));
  await db.execute(sql.raw(`create index concurrently ${name} on ${table} using ${using}`));
  // The planner learns how often parts of names occur.
  await db.execute(sql.raw(`analyze ${table}`));
}
