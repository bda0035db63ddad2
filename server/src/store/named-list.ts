/**
 * The orders and the search that lists of named things share. Ids contain their time, so the order of ids is the order of
 * creation.
 */
import { and, eq, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Database } from './database.ts';
import {
  afterCursor,
  type Keyset,
  type KeysetValue,
  orderOf,
  type Page,
  pageLimit,
  pageOf,
  prefixPattern,
  type Total,
  totalOf,
} from './paging.ts';

export type ListSort = 'created_at' | '-created_at' | 'name' | '-name';

/** The page that a caller requests from a list. */
export interface PageRequest {
  readonly sort: ListSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A page, and the number of rows on all pages. */
export type Listed<T> = Page<T> & { readonly total: Total };

export interface ListOrder {
  readonly keyset: Keyset;
  /** Select this with the row: the database's lower case can differ from JavaScript's. */
  readonly lowerName: SQL<string>;
  keyOf(row: { readonly id: string; readonly lowerName: string }): readonly KeysetValue[];
}

export function listOrder(list: string, sort: ListSort, columns: { readonly id: PgColumn; readonly name: PgColumn }): ListOrder {
  const direction = sort.startsWith('-') ? 'desc' : 'asc';
  const lowerName = lowered(columns.name);
  return sort.endsWith('name')
    ? {
        keyset: { name: `${list}.name`, direction, columns: [lowerName, columns.id] },
        lowerName,
        keyOf: (row) => [row.lowerName, row.id],
      }
    : { keyset: { name: `${list}.created_at`, direction, columns: [columns.id] }, lowerName, keyOf: (row) => [row.id] };
}

/** A table whose rows have an id and a name. */
type NamedTable = PgTable & { readonly id: PgColumn; readonly name: PgColumn };

export interface ListAsked {
  /** Names the list in its cursors. */
  readonly list: string;
  readonly wanted: readonly (SQL | undefined)[];
  readonly page: PageRequest;
  /**
   * True if a search by name is among the conditions. The index of names then counts the total, without a scan of a large table.
   */
  readonly searched?: boolean;
}

/** Returns one page of the table's rows that meet every condition, and their total. Throws InvalidCursor. */
export async function listNamed<T extends NamedTable>(
  db: Database,
  table: T,
  { list, wanted, page, searched }: ListAsked,
): Promise<Listed<T['$inferSelect']>> {
  const order = listOrder(list, page.sort, table);
  const limit = pageLimit(page.limit);
  const from: NamedTable = table;
  const found = await db
    .select({ row: from, id: sql<string>`${table.id}`, lowerName: order.lowerName })
    .from(from)
    .where(and(...wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, order.keyOf);
  const all = db
    .select({ id: table.id })
    .from(from)
    .where(and(...wanted))
    .$dynamic();
  const total = await totalOf(db, searched === true ? all.orderBy(order.lowerName) : all);
  // The cast is sound: the rows come from this table. The query builder cannot type a table that is a type parameter.
  return { rows: kept.rows.map(({ row }) => row as T['$inferSelect']), nextCursor: kept.nextCursor, total };
}

/** The shape of ids. Only such a text is compared with ids, so that the index of names answers every other search alone. */
const AN_ID = /^(acct|adm|bud|cred|dep|hook|inv|key|mem|org|rg|rule|svc|team|tpl)_\S+$/;

/** Returns the condition for rows whose name begins with the text, or whose id it is. Undefined without a search. */
export function named(
  columns: { readonly id: PgColumn; readonly name: PgColumn },
  search: string | undefined,
  ...alsoBeginning: readonly PgColumn[]
): SQL | undefined {
  if (search === undefined) return undefined;
  const begins = [columns.name, ...alsoBeginning].map((column) => sql`${lowered(column)} like ${prefixPattern(search)}`);
  return AN_ID.test(search) ? or(...begins, eq(columns.id, search)) : or(...begins);
}

/**
 * Returns the column in lower case, compared byte by byte. The order is then the same in every locale, and one index serves order
 * and search.
 */
export function lowered(column: PgColumn): SQL<string> {
  return sql<string>`(lower(${column}) collate "C")`;
}
