import type { DataTableColumn } from 'mantine-datatable';
import { words } from './words.ts';

/**
 * A column of a list. On a phone, a row is an entry of two lines: the title with the menu, then the facts ordered by `fact`. A
 * column without `phone` is left out there, and a list without a title stays a table.
 */
export type ListColumn<T> = DataTableColumn<T> & {
  readonly phone?: 'title' | 'menu' | { readonly fact: number; readonly isNamed?: true };
};

/** The props of a component that draws the rows of a list, as a table or as entries. */
export interface ListRowsProps<T extends { id: string }> {
  /** The name of the list for screen readers. */
  readonly name: string;
  readonly columns: readonly ListColumn<T>[];
  /** Undefined until the first answer arrives. */
  readonly rows: readonly T[] | undefined;
  readonly isFetching: boolean;
  /** The accessor of the sorted column, with `-` before it for descending order. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly onRowClick?: ((row: T) => void) | undefined;
  readonly selected?: T[] | undefined;
  readonly onSelectedChange?: ((rows: T[]) => void) | undefined;
}

export const NOTHING_MATCHES = words.nothingMatches;
