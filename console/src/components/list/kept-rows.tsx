import { Table, type TableTrProps } from '@mantine/core';
import { memo, type ReactNode, useDeferredValue } from 'react';
import type { ListColumn } from './column.ts';

/** A list of 200 rows with gauges and menus takes half a second to draw. A click in one row would wait for all of them. */

const MINUTE_MS = 60_000;

/**
 * Returns the columns with cells that are drawn again only if their row or their column is another one. Pass the same columns each
 * time, not new ones. Times relative to now stay true to the minute.
 */
export function keptCells<T>(columns: readonly ListColumn<T>[]): readonly ListColumn<T>[] {
  const minute = Math.floor(Date.now() / MINUTE_MS);
  return columns.map((column) => {
    const { render } = column;
    if (render === undefined) return column;
    return { ...column, render: (row, index) => <Cell of={row} at={index} minute={minute} render={render as Render} /> };
  });
}

type Render = (row: unknown, index: number) => ReactNode;

interface CellProps {
  readonly of: unknown;
  readonly at: number;
  readonly minute: number;
  readonly render: Render;
}

const Cell = memo(function Cell({ of, at, render }: CellProps) {
  return render(of, at);
});

interface RowProps {
  readonly record: unknown;
  readonly rowProps: TableTrProps & { readonly 'data-selected'?: boolean };
  readonly children: ReactNode;
}

/** Draws a row of a table: at once if it is another one or was chosen, and otherwise after what the person waits for. */
export function keptRow(props: RowProps): ReactNode {
  return <Row {...props} />;
}

function Row({ record, rowProps, children }: RowProps) {
  const isSelected = rowProps['data-selected'];
  const kept = useDeferredValue({ record, isSelected, children });
  const isSame = kept.record === record && kept.isSelected === isSelected;
  return <Table.Tr {...rowProps}>{isSame ? kept.children : children}</Table.Tr>;
}
