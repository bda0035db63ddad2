/** Pages of lists: forward by cursor, at most 200 rows each, with a total that is exact up to 10,000. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { Database } from './database.ts';

export const PAGE_LIMIT_MAX = 200;
const EXACT_TOTAL_MAX = 10_000;

/** One page. `nextCursor` is null on the last one. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly nextCursor: string | null;
}

/** The number of rows that match, counted up to 10,000. */
export type Total = number | '10,000+';

/** A cursor that this program did not make for this list and order. The answer is 400. */
export class InvalidCursor extends Error {
  constructor() {
    super('is not a cursor of this list: send the `next_cursor` of an answer with the same filters and order');
    this.name = 'InvalidCursor';
  }
}

/** The order of a list. Its columns are never null, and the last one is unique. */
export interface Keyset {
  /** Names the list and its order, so that a cursor of another list is refused. */
  readonly name: string;
  readonly columns: readonly SQLWrapper[];
  readonly direction: 'asc' | 'desc';
}

export type KeysetValue = string | number;

/** Returns the `order by` terms of a keyset. */
export function orderOf(keyset: Keyset): SQL {
  const direction = sql.raw(keyset.direction);
  return sql.join(
    keyset.columns.map((column) => sql`${column} ${direction}`),
    sql`, `,
  );
}

/**
 * Returns the condition for rows after the cursor, or undefined without a cursor. Dates are RFC 3339 text. Throws InvalidCursor.
 */
export function afterCursor(keyset: Keyset, cursor: string | null | undefined): SQL | undefined {
  if (cursor === null || cursor === undefined) return undefined;
  const values = keysetValuesOf(keyset, cursor);
  const columns = sql.join([...keyset.columns], sql`, `);
  const given = sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  );
  return keyset.direction === 'asc' ? sql`(${columns}) > (${given})` : sql`(${columns}) < (${given})`;
}

/** Makes a page of rows that were selected with `limit + 1`. `keyOf` returns a row's values of the keyset's columns. */
export function pageOf<T>(
  keyset: Keyset,
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => readonly (KeysetValue | Date)[],
): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  if (last === undefined) return { rows, nextCursor: null };
  return { rows: rows.slice(0, limit), nextCursor: encodeCursor(keyset, keyOf(last)) };
}

/** Returns one page of rows in memory, which are sorted by a text that is unique to each. Throws InvalidCursor. */
export function pageOfSorted<T>(
  list: string,
  rows: readonly T[],
  { limit, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  textOf: (row: T) => string,
): Page<T> {
  const keyset: Keyset = { name: list, direction: 'asc', columns: [sql`text`] };
  const after = cursor === undefined ? null : String(keysetValuesOf(keyset, cursor)[0]);
  const rest = after === null ? rows : rows.filter((row) => textOf(row) > after);
  const size = pageLimit(limit);
  return pageOf(keyset, rest.slice(0, size + 1), size, (row) => [textOf(row)]);
}

/** Returns the page size, limited to 1 to 200. Default: 50. */
export function pageLimit(wanted: number | undefined): number {
  return Math.min(Math.max(Math.trunc(wanted ?? 50), 1), PAGE_LIMIT_MAX);
}

/** Counts the rows of a query, up to 10,000. */
export async function totalOf(db: Database, query: SQLWrapper): Promise<Total> {
  const { rows } = await db.execute<{ total: string }>(
    sql`select count(*) as total from (select 1 from (${query}) as matching limit ${EXACT_TOTAL_MAX + 1}) as counted`,
  );
  const total = Number(rows[0]?.total ?? 0);
  return total > EXACT_TOTAL_MAX ? '10,000+' : total;
}

/** Returns the `like` pattern for names that begin with the text, with its wildcards escaped. Compare it with `lower(column)`. */
export function prefixPattern(text: string): string {
  return `${literally(text.toLowerCase())}%`;
}

const CURSOR_CHARS_MAX = 2_048;

/** Returns the cursor that continues after these values, in the direction of the keyset. */
export function encodeCursor(keyset: Keyset, values: readonly (KeysetValue | Date)[]): string {
  const plain = values.map((value) => (value instanceof Date ? value.toISOString() : value));
  return Buffer.from(JSON.stringify([nameOf(keyset), ...plain])).toString('base64url');
}

/** Returns the values of a cursor's columns. Dates are RFC 3339 text. Throws InvalidCursor. */
export function keysetValuesOf(keyset: Keyset, cursor: string): readonly KeysetValue[] {
  if (cursor.length > CURSOR_CHARS_MAX) throw new InvalidCursor();
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new InvalidCursor();
  }
  if (!Array.isArray(parsed) || parsed.length !== keyset.columns.length + 1 || parsed[0] !== nameOf(keyset))
    throw new InvalidCursor();
  const values = parsed.slice(1);
  if (!values.every(isKeysetValue)) throw new InvalidCursor();
  return values;
}

function nameOf(keyset: Keyset): string {
  return `${keyset.name}:${keyset.direction}`;
}

function isKeysetValue(value: unknown): value is KeysetValue {
  return (typeof value === 'string' && !value.includes('\0')) || Number.isSafeInteger(value);
}

/** Returns a text as a part of a LIKE pattern that means just it. */
export function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, (wild) => `\\${wild}`);
}
