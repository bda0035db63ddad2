/**
 * The errors of the database, as types. Their messages name a constraint or an SQL state, never a value. Values may be secrets or
 * prompts, and the messages of the driver and of Drizzle contain them.
 */
import { PgPreparedQuery } from 'drizzle-orm/pg-core';
import { redactSecrets } from '../lib/redact.ts';

/** A statement failed. `sqlState` is PostgreSQL's five characters. */
export class StoreError extends Error {
  readonly sqlState: string;
  constructor(message: string, sqlState: string) {
    super(message);
    this.name = new.target.name;
    this.sqlState = sqlState;
  }
}

/** A row violated a constraint. The constraint's name tells what was wrong: `organizations_slug` means that the slug is taken. */
class ConstraintViolation extends StoreError {
  readonly constraint: string;
  constructor(constraint: string, sqlState: string) {
    super(`a row violates ${constraint === '' ? 'a constraint' : `the constraint ${constraint}`}`, sqlState);
    this.constraint = constraint;
  }
}

export class UniqueViolation extends ConstraintViolation {}
export class ForeignKeyViolation extends ConstraintViolation {}

/** Two transactions conflicted: a serialization failure, a deadlock or a lock timeout. A retry may succeed. */
export class StoreConflict extends StoreError {}

/**
 * The database is unreachable, shutting down, full or too slow. The statement may or may not have run. A later retry may succeed.
 */
export class StoreUnavailable extends StoreError {}

/** Returns the typed error for an error of the driver or of Drizzle. Returns any other value unchanged. */
export function storeErrorFrom(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code !== null && SQL_STATE.test(code)) return fromSqlState(code, error);
  if (code !== null && NETWORK_CODES.has(code)) return new StoreUnavailable(`the database cannot be reached (${code})`, '08006');
  const failure = DRIVER_FAILURES.exec(error.message)?.[0];
  if (failure !== undefined) return new StoreUnavailable(`the database does not answer (${failure})`, '08006');
  return error;
}

/** Reports whether the error means that the database is unavailable, rather than that it refused a statement. */
export function isStoreUnavailable(error: unknown): boolean {
  return storeErrorFrom(error) instanceof StoreUnavailable;
}

/**
 * Reports whether the rows themselves caused the error. Such errors are of the classes data (22), constraints (23, also a missing
 * partition), cardinality (21), size (54) and trigger exceptions (P0), or a RangeError of ours. Any other error, such as a
 * missing table, would hit every row: retry later.
 */
export function isAboutTheRows(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  return error instanceof StoreError && !(error instanceof StoreUnavailable) && /^(21|22|23|54|P0)/.test(error.sqlState);
}

/** Reports whether the server cancelled the statement, or the client's query timeout ended. */
export function isTooSlow(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === '57014') || error.message.includes('Query read timeout');
}

/** Makes every query of every Drizzle instance in this process throw the types above. Call it before the first query. */
export function typeDrizzleErrors(): void {
  const prototype = PgPreparedQuery.prototype as unknown as { queryWithCache: QueryWithCache };
  // Drizzle puts the parameters of a failed query into the error message. We use no query cache, so it is enough to run the
  // query.
  prototype.queryWithCache = async (_text, _params, query) => {
    try {
      return await query();
    } catch (error) {
      throw storeErrorFrom(error);
    }
  };
}

type QueryWithCache = (text: string, params: unknown[], query: () => Promise<unknown>) => Promise<unknown>;

const SQL_STATE = /^[0-9A-Z]{5}$/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
]);
const DRIVER_FAILURES =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|connection error and is not queryable|Client was closed|Cannot use a pool after/i;

// Class 53 is out of disk, memory or connections. 57P is a server that shuts down or starts. 57014 and 25P03 are our own
// timeouts.
const UNAVAILABLE = /^(08|53|57P|58|F0|XX)|^57014$|^25P0[34]$/;

function fromSqlState(sqlState: string, error: Error): StoreError {
  if (sqlState === '23505') return new UniqueViolation(constraintOf(error), sqlState);
  if (sqlState === '23503') return new ForeignKeyViolation(constraintOf(error), sqlState);
  if (sqlState.startsWith('23')) return new ConstraintViolation(constraintOf(error), sqlState);
  if (sqlState === '40001' || sqlState === '40P01' || sqlState === '55P03') {
    return new StoreConflict(`the transaction conflicted with another one (${sqlState})`, sqlState);
  }
  if (UNAVAILABLE.test(sqlState)) {
    // Errors of class 08 are about the connection. A pooler says there what keeps it from the server.
    const about = sqlState.startsWith('08') ? `: ${oneLineOf(error.message)}` : '';
    return new StoreUnavailable(`the database is not available (${sqlState})${about}`, sqlState);
  }
  // Errors of class 42 are about the statement's own text, which holds no values.
  const about = sqlState.startsWith('42') ? `: ${error.message}` : '';
  return new StoreError(`the database refused a statement (${sqlState})${about}`, sqlState);
}

const REASON_CHARS_MAX = 200;

function oneLineOf(message: string): string {
  return redactSecrets(message, null).replace(/\s+/g, ' ').trim().slice(0, REASON_CHARS_MAX);
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function constraintOf(error: Error): string {
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : '';
}
