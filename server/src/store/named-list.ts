/** Orders that lists of named things share. Ids carry their time, so the order of ids is the order of creation. */
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

/** What is asked of a list. */
export interface PageRequest {
  readonly sort: ListSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A page and how many rows there are on all pages. */
export type Listed<T> = Page<T> & { readonly total: Total };

export interface ListOrder {
  readonly keyset: Keyset;
  /** Select it beside the row: the database's lower case is not always JavaScript's. */
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
  /** Names alone are searched: their index then counts the total of a table too large to be read through. */
  readonly searched?: boolean;
}

/** One page of a table's rows that meet every condition, and their total. Throws InvalidCursor. */
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
  // Sound: the rows were selected from this very table; the query builder cannot say so of a table it does not know.
  return { rows: kept.rows.map(({ row }) => row as T['$inferSelect']), nextCursor: kept.nextCursor, total };
}

/** What ids look like; only such a text is looked for among ids, because an index of names alone answers all others. */
const AN_ID = /^(acct|adm|bud|cred|dep|hook|inv|key|mem|org|rg|svc|team)_\S+$/;

/** Rows whose name begins with the text, or whose id it is; undefined when nothing is searched. */
export function named(
  columns: { readonly id: PgColumn; readonly name: PgColumn },
  search: string | undefined,
  ...alsoBeginning: readonly PgColumn[]
): SQL | undefined {
  if (search === undefined) return undefined;
  const begins = [columns.name, ...alsoBeginning].map((column) => sql`${lowered(column)} like ${prefixPattern(search)}`);
  return AN_ID.test(search) ? or(...begins, eq(columns.id, search)) : or(...begins);
}

/** Compared byte by byte: the same order on every database whatever its locale, and one index serves both the order and the search. */
export function lowered(column: PgColumn): SQL<string> {
  return sql<string>`(lower(${column}) collate "C")`;
}
