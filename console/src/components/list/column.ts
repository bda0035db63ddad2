import type { DataTableColumn } from 'mantine-datatable';

/**
 * A column of a list. Where there is no room for columns a row is an entry of two lines: the title with the menu, and below it the facts, the
 * most important first. A column without `phone` is left out there; a list without a title stays a table.
 */
export type ListColumn<T> = DataTableColumn<T> & {
  readonly phone?: 'title' | 'menu' | { readonly fact: number; readonly isNamed?: true };
};

/** What draws the rows of a list, as a table or as entries. */
export interface ListRowsProps<T extends { id: string }> {
  /** Names the list for a screen reader. */
  readonly name: string;
  readonly columns: readonly ListColumn<T>[];
  /** Undefined while the first answer is awaited. */
  readonly rows: readonly T[] | undefined;
  readonly isFetching: boolean;
  /** A column's accessor, with `-` before it for the other direction. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly onRowClick?: ((row: T) => void) | undefined;
  readonly selected?: T[] | undefined;
  readonly onSelectedChange?: ((rows: T[]) => void) | undefined;
}

export const NOTHING_MATCHES = 'Nothing matches. Change the search or the filters.';
