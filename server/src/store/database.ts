/** Opens the database: one connection pool and one query builder over it. */
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { isStoreUnavailable, storeErrorFrom, typeDrizzleErrors } from './errors.ts';

/** The database or a transaction in it, for running queries. Inside a transaction, use only the transaction. */
export type Database = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;

/** The kind of database. A PostgreSQL server offers what the embedded one lacks: several sessions, NOTIFY, advisory locks. */
export type DatabaseKind = 'postgresql' | 'embedded';

/** An open database. */
export interface OpenDatabase {
  readonly kind: DatabaseKind;
  readonly db: Database;
  /** For what the query builder cannot do: unnest batches, LISTEN. Throws the driver's own errors: see storeErrorFrom. */
  readonly pool: pg.Pool;
  /** Takes a session for statements that must share one. Rejects with StoreUnavailable if none can be had. */
  openSession(): Promise<OpenSession>;
  /** Waits for queries in flight, then closes the pool. A second call returns the same promise. */
  close(): Promise<void>;
}

/** One session of the database. The embedded database has only one, which all callers share. */
export interface OpenSession {
  readonly db: Database;
  /** Returns the connection to the pool, or closes it if it is broken. */
  release(isBroken: boolean): void;
}

export interface OpenOptions {
  /** The address, as `postgres://…`. Parts that it leaves out come from the PG* environment variables. */
  readonly url: string;
  /** The most connections. Default: 10. */
  readonly connectionsMax?: number;
  /** The statement timeout. Default: 10 s. Reports and maintenance open their own pools with longer ones. */
  readonly statementTimeoutMs?: number;
  /** Called when an idle connection breaks. Only log it: the next query opens another connection. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Opens a pool on a PostgreSQL server. It connects at the first query; use `ping` to check that the server answers. */
export function openDatabase(options: OpenOptions): OpenDatabase {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // A server that vanished cannot enforce the statement timeout, so the client times out too and drops the connection.
    query_timeout: statementTimeoutMs + 2_000,
    idle_in_transaction_session_timeout: statementTimeoutMs * 3,
    keepAlive: true,
    application_name: 'headgate',
  });
  return databaseOver(pool, 'postgresql', options.onConnectionError);
}

/** Returns the number of connections, of idle ones, and of queries that wait for a connection. */
export function connectionsOf({ pool }: OpenDatabase): {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
} {
  return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

/** Makes an open database from any pool. The embedded database and tests pass their own. */
export function databaseOver(
  pool: pg.Pool,
  kind: DatabaseKind,
  onConnectionError: (error: Error) => void = () => {},
): OpenDatabase {
  typeDrizzleErrors();
  // Without a listener, a broken connection is an uncaught exception. The pool listens only to idle connections, so we listen to
  // all.
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

/** Resolves when the database answers. Rejects with StoreUnavailable if it does not answer in time. */
export async function ping(db: Database): Promise<void> {
  await db.execute('select 1');
}

const CONNECT_TIMEOUT_MS = 5_000;

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

/**
 * Runs a transaction. Drizzle's own version leaks the connection if `begin` fails, and returns broken connections to the pool.
 */
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
