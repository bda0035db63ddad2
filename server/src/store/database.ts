/** Opening the database: one pool of connections, one query builder over it. */
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { isStoreUnavailable, storeErrorFrom, typeDrizzleErrors } from './errors.ts';

/** What queries are asked of: the database, or a transaction in it. Inside a transaction use only the transaction. */
export type Database = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;

/** A server can do more than the embedded database: several sessions, NOTIFY, advisory locks. */
export type DatabaseKind = 'postgresql' | 'embedded';

/** An open database and how to close it. */
export interface OpenDatabase {
  readonly kind: DatabaseKind;
  readonly db: Database;
  /** For what the query builder does not do: unnest batches, listening. Errors come as the driver's own: see storeErrorFrom. */
  readonly pool: pg.Pool;
  /** Takes a session for statements that must meet in the same one. Rejects with StoreUnavailable when there is none. */
  openSession(): Promise<OpenSession>;
  /** Waits for queries in flight. Closing twice is fine. */
  close(): Promise<void>;
}

/** One session of the database. The embedded database has a single one, which others use in between. */
export interface OpenSession {
  readonly db: Database;
  /** Gives the connection back; a broken one is closed. */
  release(isBroken: boolean): void;
}

export interface OpenOptions {
  /** `postgres://…`; absent names in it come from the PG* environment. */
  readonly url: string;
  /** Connections at most; 10 unless given. */
  readonly connectionsMax?: number;
  /** A statement is stopped after this long; 10 s unless given. Reports and maintenance open their own with more. */
  readonly statementTimeoutMs?: number;
  /** An idle connection broke: worth a log line, never more, since the next query opens another. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Opens a pool on a PostgreSQL server. Connects at the first query, not before; use `ping` to find out whether it answers. */
export function openDatabase(options: OpenOptions): OpenDatabase {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // A server that vanished without a word answers no statement timeout; then the client gives up and drops the connection.
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: statementTimeoutMs * 3,
    keepAlive: true,
    application_name: 'headgate',
  });
  return databaseOver(pool, 'postgresql', options.onConnectionError);
}

/** How many connections there are, how many of them nobody uses, and how many queries wait for one. */
export function connectionsOf({ pool }: OpenDatabase): {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
} {
  return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

/** A query builder over any pool. The embedded database and tests bring their own. */
export function databaseOver(
  pool: pg.Pool,
  kind: DatabaseKind,
  onConnectionError: (error: Error) => void = () => {},
): OpenDatabase {
  typeDrizzleErrors();
  // Without a listener a broken connection is an uncaught exception: the pool listens to idle ones only, a transaction's are ours to watch.
  pool.on('error', onConnectionError);
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = drizzle({ client: pool });
  db.transaction = (work, config) => transact(pool, (session) => session.transaction(work, config));
  let closing: Promise<void> | null = null;
  return {
    kind,
    db,
    pool,
    openSession: () => (kind === 'embedded' ? Promise.resolve({ db, release: () => {} }) : takeSession(pool)),
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
}

/** Resolves when the database answers; rejects with StoreUnavailable when it does not within the connection timeout. */
export async function ping(db: Database): Promise<void> {
  await db.execute('select 1');
}

export const CONNECT_TIMEOUT_MS = 5_000;

type Session = NodePgDatabase<Record<string, never>>;

async function takeSession(pool: pg.Pool): Promise<OpenSession> {
  const client = await connect(pool);
  return { db: drizzle({ client }), release: (isBroken) => client.release(isBroken) };
}

function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  return pool.connect().catch((error: unknown) => {
    throw storeErrorFrom(error);
  });
}

/** Drizzle's own way leaks the connection when `begin` fails, and gives one back to the pool that no longer answers. */
async function transact<T>(pool: pg.Pool, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let isBroken = false;
  try {
    return await work(drizzle({ client }));
  } catch (error) {
    isBroken = isStoreUnavailable(error);
    throw error;
  } finally {
    client.release(isBroken);
  }
}
