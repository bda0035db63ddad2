import type { ReactNode } from 'react';
import { words } from './words.ts';

/**
 * A column of a list. On a phone, a row is an entry of two lines: the title with the menu, then the facts ordered by `fact`. A
 * column without `phone` is left out there, and a list without a title stays a table. Define columns outside of a component, or
 * keep them: rows are drawn again for other columns.
 */
export interface ListColumn<T> {
  /** The name of the field. If the column sorts, the server's name of the order. */
  readonly accessor: string;
  readonly title: string;
  /** Draws the cell. Defaults to the field as it is. */
  readonly render?: (row: T) => ReactNode;
  readonly sortable?: boolean;
  readonly textAlign?: 'right';
  readonly noWrap?: boolean;
  /** In pixels. `rest` takes what the other columns leave, and cuts what is longer. Defaults to what the cells need. */
  readonly width?: number | 'rest';
  readonly visibleMediaQuery?: string;
  readonly phone?: 'title' | 'menu' | { readonly fact: number; readonly isNamed?: true };
}

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

/** Returns what stands in the cell of a row. */
export function cellOf<T>({ render, accessor }: ListColumn<T>, row: T): ReactNode {
  return render === undefined ? (row[accessor as keyof T] as ReactNode) : render(row);
}
