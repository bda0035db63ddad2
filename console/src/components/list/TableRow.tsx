import { memo } from 'react';
import { listRow } from '../shell/shortcuts.ts';
import { cellOf, type ListColumn } from './column.ts';
import classes from './list.module.css';
import { RowCheck } from './RowCheck.tsx';
import { styleOf } from './table-state.ts';
import { words } from './words.ts';

interface TableRowProps<T> {
  readonly row: T;
  readonly columns: readonly ListColumn<T>[];
  /** The present minute: times relative to now are drawn again when it is another one. */
  readonly minute: number;
  readonly opens: boolean;
  readonly isNew: boolean;
  /** Undefined if rows cannot be chosen. */
  readonly isSelected: boolean | undefined;
  readonly onCheck: ((row: T, isRange: boolean) => void) | undefined;
}

function Row<T extends { id: string }>({ row, columns, opens, isNew, isSelected, onCheck }: TableRowProps<T>) {
  return (
    <tr {...listRow({ opens })} data-id={row.id} data-selected={isSelected || undefined} data-new={isNew || undefined}>
      {isSelected !== undefined && (
        <td className={classes.choice}>
          <RowCheck
            aria-label={words.choose('name' in row ? String(row.name) : row.id)}
            checked={isSelected}
            onClick={(event) => event.stopPropagation()}
            onChange={({ nativeEvent }) => onCheck?.(row, (nativeEvent as MouseEvent).shiftKey)}
          />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.accessor} style={styleOf(column)}>
          {cellOf(column, row)}
        </td>
      ))}
    </tr>
  );
}

/** A row of a table. Drawn again only if one of its properties is another one. */
export const TableRow = memo(Row) as typeof Row;
