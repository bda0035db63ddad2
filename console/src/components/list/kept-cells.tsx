import { memo, type ReactNode } from 'react';
import type { ListColumn } from './column.ts';

const MINUTE_MS = 60_000;

/**
 * Returns the columns with cells that are drawn again only if their row or their column is another one. A list of 200 rows with
 * gauges and menus takes half a second to draw, and a click in one row would wait for all of them. Pass the same columns each time,
 * not new ones. Times relative to now stay true to the minute.
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
