/** Opens the job queue, pg-boss, on our own pool. Its tables have their own schema, which it creates and migrates at start. */
import { PgBoss } from 'pg-boss';
import type { OpenDatabase } from '../store/database.ts';
import { hasQueue, whileQueueIsMade } from '../store/installation/queue-tables.ts';

/** A move does not copy this schema: our own tables hold what is due, and the queue only says when to try. */
const QUEUE_SCHEMA = 'headgate_jobs';

const HOUR_SECONDS = 3_600;

type Rows = Awaited<ReturnType<ReturnType<PgBoss['getDb']>['executeSql']>>;

/** Makes a queue. Several processes may use one on one database. Its `start` connects and creates a missing schema. */
export function newBoss(database: OpenDatabase): PgBoss {
  return new PgBoss({
    db: { executeSql: (text, values) => execute(database, text, values) },
    backend: database.kind === 'embedded' ? 'pglite' : 'postgres',
    schema: QUEUE_SCHEMA,
    // The tables hold a few thousand rows: neither is worth its cost.
    reindex: false,
    monitorVacuum: false,
    registerInstance: false,
    // Dependencies between jobs are not used, and index builds of its own migrations are not urgent.
    flowIntervalSeconds: HOUR_SECONDS,
    bamIntervalSeconds: HOUR_SECONDS,
    cronWorkerIntervalSeconds: 15,
    openTelemetry: { enabled: false },
  });
}

/** Starts a queue. If its tables are missing, one process makes them; others that start at the same time wait for it. */
export async function startBoss(boss: PgBoss, { kind, db }: OpenDatabase): Promise<void> {
  const start = async () => void (await boss.start());
  if (kind === 'embedded' || (await hasQueue(db, QUEUE_SCHEMA))) await start();
  else await whileQueueIsMade(db, start);
}

/** Runs SQL text. Several statements have their own transaction; if one fails, the connection must not stay in it. */
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
