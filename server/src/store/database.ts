/** Opens the database: one connection pool and one query builder over it. */
import { type SQL, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { isStoreUnavailable, storeErrorFrom, typeDrizzleErrors } from './errors.ts';
import { type PooledSetting, pooledClient } from './pooled-client.ts';

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
  /** True if a pooler in transaction mode stands before PostgreSQL: what several statements share needs a transaction. */
  readonly isPooled: boolean;
  /** The settings that every transaction sets behind such a pooler; null without one. */
  readonly pooledSettings: readonly PooledSetting[] | null;
  /** Takes a session for statements that must share one. Rejects with StoreUnavailable if none can be had. */
  openSession(): Promise<OpenSession>;
  /** Waits for queries in flight, then closes the pool. A second call returns the same promise. */
  close(): Promise<void>;
}

/** One session of the database. The embedded database has only one, which all callers share. */
export interface OpenSession {
  readonly db: Database;
  /** True if the next statement outside of a transaction may run in another session of the server. */
  readonly isPooled: boolean;
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
  /**
   * The settings behind a pooler in transaction mode (`connectDatabase`): they and the timeouts are then set in each transaction, not for
   * connections. Null without a pooler.
   */
  readonly pooledSettings?: readonly PooledSetting[] | null;
  /** Called when an idle connection breaks. Only log it: the next query opens another connection. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Opens a pool on a PostgreSQL server. It connects at the first query; use `ping` to check that the server answers. */
export function openDatabase(options: OpenOptions): OpenDatabase {
  const { pooledSettings = null, statementTimeoutMs = 10_000 } = options;
  const idleTimeoutMs = statementTimeoutMs * 3;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A server that vanished cannot enforce the statement timeout, so the client times out too and drops the connection.
    query_timeout: statementTimeoutMs + 2_000,
    // A pooler refuses these at the start of a connection, and would give a connection with them to other programs.
    ...(pooledSettings === null
      ? { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: idleTimeoutMs }
      : { Client: pooledClient(pooledSettings) }),
    keepAlive: true,
    application_name: 'headgate',
  });
  const timeouts = sql.raw(
    `set local statement_timeout = ${statementTimeoutMs}; set local idle_in_transaction_session_timeout = ${idleTimeoutMs}`,
  );
  const pooled = pooledSettings === null ? null : { settings: pooledSettings, beginWith: timeouts };
  return databaseOver(pool, 'postgresql', options.onConnectionError, pooled);
}

/** Returns the number of connections, of idle ones, and of queries that wait for a connection. */
export function connectionsOf({ pool }: OpenDatabase): {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
} {
  return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

/**
 * Makes an open database from any pool. The embedded database and tests pass their own. Behind a pooler `beginWith` runs first in
 * every transaction.
 */
export function databaseOver(
  pool: pg.Pool,
  kind: DatabaseKind,
  onConnectionError: (error: Error) => void = () => {},
  pooled: { readonly settings: readonly PooledSetting[]; readonly beginWith: SQL } | null = null,
): OpenDatabase {
  typeDrizzleErrors();
  // Without a listener, a broken connection is an uncaught exception. The pool listens only to idle connections, so we listen to
  // all.
  pool.on('error', onConnectionError);
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = drizzle({ client: pool });
  db.transaction = (work, config) =>
    transact(pool, (session) =>
      session.transaction(async (tx) => {
        if (pooled !== null) await tx.execute(pooled.beginWith);
        return work(tx);
      }, config),
    );
  const isPooled = pooled !== null;
  let closing: Promise<void> | null = null;
  return {
    kind,
    isPooled,
    pooledSettings: pooled?.settings ?? null,
    db,
    pool,
    openSession: () => (kind === 'embedded' ? Promise.resolve({ db, isPooled, release: () => {} }) : takeSession(pool, isPooled)),
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

/** Like `ping`, but gives up after 3 s. A server that does not answer so long counts as unreachable. */
export async function pingSoon({ pool }: OpenDatabase): Promise<void> {
  await pool.query({ text: 'select 1', query_timeout: 3_000 } as pg.QueryConfig);
}

const CONNECT_TIMEOUT_MS = 5_000;

type Session = NodePgDatabase<Record<string, never>>;

async function takeSession(pool: pg.Pool, isPooled: boolean): Promise<OpenSession> {
  const client = await connect(pool);
  return { db: drizzle({ client }), isPooled, release: (isBroken) => client.release(isBroken) };
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
