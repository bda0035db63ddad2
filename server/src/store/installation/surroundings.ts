/** The state of a database and its server, for commands that look at an installation. Nothing is changed, and no tenant's row is read. */
import type { Pool } from 'pg';
import type { OpenDatabase } from '../database.ts';

type Queries = Pick<Pool, 'query'>;

/** The server behind a database, the rights of our role there, and its clock. */
export interface ServerFacts extends SchemaRights {
  readonly version: number;
  readonly name: string;
  readonly standby: boolean;
  readonly encoding: string;
  readonly tls: boolean | null;
  /** True if the role may create the schema of the jobs' queue, or it is there. */
  readonly mayQueue: boolean;
  readonly fsync: string;
  readonly commit: string;
  readonly autovacuum: string;
  readonly trigrams: boolean;
  /** The lead of its clock over this machine's, in milliseconds; negative if it is behind. */
  readonly offsetMs: number;
}

/** Returns the facts about the server. Rejects if it does not answer. */
export async function serverFacts({ pool }: Pick<OpenDatabase, 'pool'>): Promise<ServerFacts> {
  const { rows } = await pool.query<Omit<ServerFacts, 'offsetMs' | keyof SchemaRights>>(`
    select current_setting('server_version_num')::int as version,
      current_setting('server_version') as name, pg_is_in_recovery() as standby, current_setting('server_encoding') as encoding,
      (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls,
      to_regnamespace('headgate_jobs') is not null or has_database_privilege(current_database(), 'create') as "mayQueue",
      current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('autovacuum') as autovacuum,
      to_regprocedure('word_similarity(text, text)') is not null or exists (select 1 from pg_available_extensions where name = 'pg_trgm') as trigrams`);
  const rights = await schemaRights(pool, null);
  const beganMs = Date.now();
  const { rows: clock } = await pool.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
  const middleMs = (beganMs + Date.now()) / 2;
  return { ...(rows[0] as (typeof rows)[0]), ...rights, offsetMs: (clock[0]?.ms ?? middleMs) - middleMs };
}

/** The rights of a connection's role in its schema. */
export interface SchemaRights {
  readonly mayCreate: boolean;
  /** Tables that the role does not own, so that it cannot change them. */
  readonly notOurs: readonly string[];
}

/**
 * Returns the rights of the role, as to these tables. Null: as to all but those of the audit log, which may belong to a role of
 * their own; five of them at most are named.
 */
export async function schemaRights(queries: Queries, tables: readonly string[] | null): Promise<SchemaRights> {
  const { rows } = await queries.query<SchemaRights>({
    text: `select coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate",
      array(select tablename::text from pg_tables where schemaname = current_schema() and not pg_has_role(tableowner, 'usage')
        and case when $1::text[] is null then tablename not like 'audit\\_%' else tablename = any($1) end
        order by 1 limit case when $1::text[] is null then 5 end) as "notOurs"`,
    values: [tables],
  });
  return rows[0] ?? { mayCreate: false, notOurs: [] };
}

/** Reports whether a version of Headgate has migrated the database. */
export async function hasMigrations(queries: Queries): Promise<boolean> {
  const { rows } = await queries.query<{ has: boolean }>("select to_regclass('schema_migrations') is not null as has");
  return rows[0]?.has === true;
}

/** Reports whether the database says of each migration if there is a way back. Rejects if there is no `schema_migrations`. */
export async function storesWayBack(queries: Queries): Promise<boolean> {
  const { rows } = await queries.query(
    "select 1 from pg_attribute where attrelid = 'schema_migrations'::regclass and attname = 'can_go_back'",
  );
  return rows.length > 0;
}

/** Returns about how many rows a table has with its partitions; 0 if there is none. */
export async function rowsAbout(queries: Queries, table: string): Promise<number> {
  const { rows } = await queries.query<{ rows: number }>({
    text: `select coalesce(sum(case when reltuples < 0 then pg_relation_size(oid) / 200 else reltuples end), 0)::float8 as rows
      from pg_class where oid in (select relid from pg_partition_tree(to_regclass($1)) where isleaf)`,
    values: [table],
  });
  return Math.round(rows[0]?.rows ?? 0);
}

/** Returns the number of other sessions whose transactions have been open for more than a second. */
export async function openTransactions(queries: Queries): Promise<number> {
  const { rows } = await queries.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and xact_start < now() - interval '1 second'`,
  );
  return rows[0]?.count ?? 0;
}

/** Each query reads the catalogue, or tables of the program itself. */
const CATALOGUE: Readonly<Record<string, string>> = {
  server: 'select version() as version, pg_size_pretty(pg_database_size(current_database())) as size',
  migrations: 'select * from schema_migrations order by name',
  tables: `select relname::text as name, n_live_tup::float8 as rows, n_dead_tup::float8 as dead_rows, last_autovacuum, last_autoanalyze,
    pg_total_relation_size(relid)::float8 as bytes, pg_indexes_size(relid)::float8 as index_bytes, seq_scan::float8 as full_scans
    from pg_stat_user_tables order by pg_total_relation_size(relid) desc, relname limit 300`,
  unfinished_indexes: 'select indexrelid::regclass::text as name from pg_index where not indisvalid',
  settings: `select name, setting, unit, source from pg_settings where name in ('max_connections', 'shared_buffers', 'work_mem',
    'maintenance_work_mem', 'effective_cache_size', 'wal_level', 'max_wal_size', 'checkpoint_timeout', 'synchronous_commit', 'fsync',
    'autovacuum', 'autovacuum_vacuum_scale_factor', 'autovacuum_max_workers', 'statement_timeout', 'lock_timeout', 'jit', 'TimeZone')`,
  sessions: `select coalesce(state, 'background') as state, wait_event_type, count(*)::int as sessions,
    max(extract(epoch from clock_timestamp() - xact_start))::int as longest_transaction_seconds from pg_stat_activity
    where datname = current_database() group by 1, 2 order by 3 desc`,
  waits_for_locks: `select l.locktype, l.mode, c.relname::text as "table", count(*)::int as waiting from pg_locks l
    left join pg_class c on c.oid = l.relation where not l.granted group by 1, 2, 3`,
  processes: `select case when name like 'replica:%' then 'replica' else name end as name, knows, expires_at > now() as is_live
    from process_leases order by expires_at desc limit 100`,
  jobs: 'select job, started_at, finished_at, outcome, left(summary, 300) as summary from job_runs order by id desc limit 300',
  drifts: 'select kind, count(*)::int as open from ledger_drifts where corrected_at is null group by kind',
};

/** Returns the answer to each query about numbers and names of tables, settings, sessions and jobs, or why there is none. */
export async function catalogueFacts({ pool }: Pick<OpenDatabase, 'pool'>): Promise<Readonly<Record<string, unknown>>> {
  const facts: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(CATALOGUE)) {
    facts[name] = await pool.query(text).then(
      ({ rows }) => rows,
      (error: Error) => `not readable: ${error.message}`,
    );
  }
  return facts;
}
