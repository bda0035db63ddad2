/** Pieces of SQL that the parts of the ledger's statement share. */
import { END_FIELDS, type EndField } from '../domain/usage/settled-rows.ts';

/** Returns the SQL of a field of an `end` line, as text; null if it is empty. Arrays count from one. */
export const END = (field: EndField) => `f[${END_FIELDS.indexOf(field) + 1}]`;

export const list = (names: readonly string[], write: (name: string) => string = (name) => name) => names.map(write).join(', ');

/**
 * Returns an `insert` that groups the rows of `source` by `key`, and adds their sums to the rows that a table has already. `order`: the
 * order in which it locks rows, the same in every replica.
 */
export const addTo = (
  table: string,
  key: readonly string[],
  sums: readonly string[],
  source: string,
  order: readonly string[] = key,
) =>
  `insert into ${table} (${list(key)}, ${list(sums)})
  select ${list(key)}, ${list(sums, (name) => `sum(${name})`)} from ${source}
  group by ${list(key)} order by ${list(order)}
  on conflict (${list(key)}) do update set ${list(sums, (name) => `${name} = ${table}.${name} + excluded.${name}`)}`;
