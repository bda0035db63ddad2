/** The part of a support bundle about the database: numbers and names of tables, settings and jobs, and no row of a tenant. */
import type { Config } from '../../settings/config.ts';
import { connectDatabase } from '../../store/connection.ts';

/** Each query reads the catalogue, or tables of the program itself. */
const QUERIES: Readonly<Record<string, string>> = {
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

/** Returns the answer to each query, or why there is none. */
export async function databaseFacts({ databaseUrl }: Config): Promise<object> {
  if (databaseUrl === null)
    return { kind: 'embedded', note: 'Only the gateway that runs may open it: see health.json and metrics.txt.' };
  try {
    const database = await connectDatabase({ url: databaseUrl, connectionsMax: 1 });
    try {
      const facts: Record<string, unknown> = { kind: 'postgresql' };
      for (const [name, text] of Object.entries(QUERIES)) {
        facts[name] = await database.pool.query(text).then(
          ({ rows }) => rows,
          (error: Error) => `not readable: ${error.message}`,
        );
      }
      return facts;
    } finally {
      await database.close();
    }
  } catch (error) {
    return { kind: 'postgresql', problem: (error as Error).message };
  }
}
