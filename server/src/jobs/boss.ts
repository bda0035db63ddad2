/** The job queue, pg-boss, over a pool that is ours: what it keeps lies in a schema of its own, made and migrated at its start. */
import { PgBoss } from 'pg-boss';
import type { OpenDatabase } from '../store/database.ts';

/** Not copied by a move and not missed after one: what is due stands in our own tables, this says when to try. */
const QUEUE_SCHEMA = 'headgate_jobs';

const HOUR_SECONDS = 3_600;

type Rows = Awaited<ReturnType<ReturnType<PgBoss['getDb']>['executeSql']>>;

/** Several processes may open theirs at once, on one database. Connects with `start`, which makes the schema where there is none. */
export function newBoss(database: OpenDatabase): PgBoss {
  return new PgBoss({
    db: { executeSql: (text, values) => execute(database, text, values) },
    backend: database.kind === 'embedded' ? 'pglite' : 'postgres',
    schema: QUEUE_SCHEMA,
    // Of a table with a few thousand rows neither is worth what it asks.
    reindex: false,
    monitorVacuum: false,
    registerInstance: false,
    // Jobs that wait for others, and index builds of its own migrations: neither is in use, or in a hurry.
    flowIntervalSeconds: HOUR_SECONDS,
    bamIntervalSeconds: HOUR_SECONDS,
    cronWorkerIntervalSeconds: 15,
    openTelemetry: { enabled: false },
  });
}

/** Several statements in one text begin and end their own transaction; where one fails the connection must not stay inside it. */
async function execute({ kind, pool }: OpenDatabase, text: string, values?: unknown[]): Promise<Rows> {
  const client = await pool.connect();
  try {
    const answer: Rows | Rows[] = await client.query(text, values);
    client.release();
    return Array.isArray(answer) ? { rows: answer.flatMap(({ rows }) => rows ?? []) } : answer;
  } catch (error) {
    // The embedded database has one session, which outlives its connection.
    if (kind === 'embedded') await client.query('ROLLBACK').catch(() => {});
    client.release(kind !== 'embedded');
    throw error;
  }
}
