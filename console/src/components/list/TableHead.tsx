import { VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowsVertical, IconArrowUp } from '@tabler/icons-react';
import { afterPaint } from '../after-paint.ts';
import type { ListColumn } from './column.ts';
import classes from './list.module.css';
import { RowCheck } from './RowCheck.tsx';
import { styleOf } from './table-state.ts';
import type { Selection } from './useSelection.ts';
import { words } from './words.ts';

interface TableHeadProps<T> {
  readonly columns: readonly ListColumn<T>[];
  /** The accessor of the sorted column, with `-` before it for descending order. */
  readonly sort: string;
  readonly onSort: ((sort: string) => void) | undefined;
  readonly selection: Selection<T> | undefined;
}

/** The heads of a table's columns. Those that sort are buttons. */
export function TableHead<T>({ columns, sort, onSort, selection }: TableHeadProps<T>) {
  return (
    <thead>
      <tr>
        {selection !== undefined && (
          <th className={classes.choice} scope="col">
            <RowCheck
              aria-label={words.chooseAll}
              checked={selection.isWhole}
              isPartly={selection.isPartly}
              onChange={selection.toggleAll}
            />
          </th>
        )}
        {columns.map((column) => (
          <Head key={column.accessor} column={column} sort={sort} onSort={onSort} />
        ))}
      </tr>
    </thead>
  );
}

interface HeadProps<T> extends Pick<TableHeadProps<T>, 'sort' | 'onSort'> {
  readonly column: ListColumn<T>;
}

function Head<T>({ column, sort, onSort }: HeadProps<T>) {
  const { accessor, title, sortable = false } = column;
  const style = styleOf(column);
  if (title === '')
    return (
      <th style={style} scope="col">
        <VisuallyHidden>{words.actions}</VisuallyHidden>
      </th>
    );
  if (!sortable || onSort === undefined)
    return (
      <th style={style} scope="col" className={classes.head}>
        {title}
      </th>
    );
  const order = sort === accessor ? 'ascending' : sort === `-${accessor}` ? 'descending' : undefined;
  const Icon = ICONS[order ?? 'none'];
  return (
    <th style={style} scope="col" className={classes.sortable} aria-sort={order}>
      <button type="button" onClick={() => afterPaint(() => onSort(order === 'ascending' ? `-${accessor}` : accessor))}>
        <span>{title}</span>
        <Icon size={12} aria-hidden />
      </button>
    </th>
  );
}

const ICONS = { ascending: IconArrowUp, descending: IconArrowDown, none: IconArrowsVertical };
