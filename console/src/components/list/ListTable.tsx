import { ScrollArea, Skeleton } from '@mantine/core';
import { type ReactNode, useMemo } from 'react';
import { afterPaint } from '../after-paint.ts';
import { type ListColumn, type ListRowsProps, NOTHING_MATCHES } from './column.ts';
import classes from './list.module.css';
import { TableHead } from './TableHead.tsx';
import { TableRow } from './TableRow.tsx';
import { useGradually, useIsSlow, useMinute, useSameColumns, useVisible } from './table-state.ts';
import { useSelection } from './useSelection.ts';

interface ListTableProps<T extends { id: string }> extends Omit<ListRowsProps<T>, 'onSort' | 'sort'> {
  readonly sort?: string;
  /** Absent: the order is fixed. */
  readonly onSort?: (sort: string) => void;
  /** Reports whether a row is marked as a new one. */
  readonly isNew?: (row: T) => boolean;
  /** Shown in place of rows if there are none. */
  readonly nothing?: ReactNode;
}

/**
 * The rows of a list as a table. A click on a column head sorts it. Until the first answer, rows of the same height stand there.
 * A row is drawn again only if it, its columns or its choice changed: a list of 200 rows with gauges takes half a second.
 */
export function ListTable<T extends { id: string }>(props: ListTableProps<T>) {
  const { name, rows, isFetching, sort = '', onSort, onRowClick, isNew, nothing = NOTHING_MATCHES } = props;
  const columns = useVisible(useSameColumns(props.columns));
  const drawn = useGradually(rows);
  const minute = useMinute();
  const selection = useSelection(props);
  const isAwaited = rows === undefined;
  const isSlow = useIsSlow(isFetching && !isAwaited);
  const isEmpty = rows?.length === 0 && !isFetching;
  const rowAt = (target: EventTarget) => {
    const place = target instanceof Element ? target.closest<HTMLElement>('tr[data-list-row]') : null;
    return rows?.find(({ id }) => id === place?.dataset.id);
  };
  return (
    <ScrollArea scrollbars="x" className={classes.frame} aria-busy={isFetching} style={{ opacity: isSlow ? 0.6 : 1 }}>
      <table className={classes.table} aria-label={name}>
        <TableHead columns={columns} sort={sort} onSort={onSort} selection={selection} />
        {/* One listener for all rows: a row's click is no way for keys, which open the row by Enter or by its link. */}
        <tbody
          {...(onRowClick !== undefined && {
            'data-opens': true,
            onClick: ({ target }) => {
              const row = rowAt(target);
              if (row !== undefined) afterPaint(() => onRowClick(row));
            },
          })}
        >
          {isAwaited && AWAITED.map((at) => <AwaitedRow key={at} at={at} columns={columns} isChosen={selection !== undefined} />)}
          {drawn?.map((row) => (
            <TableRow
              key={row.id}
              row={row}
              columns={columns}
              minute={minute}
              opens={onRowClick !== undefined}
              isNew={isNew?.(row) ?? false}
              isSelected={selection?.has(row)}
              onCheck={selection?.toggle}
            />
          ))}
        </tbody>
      </table>
      {isEmpty && <p className={classes.nothing}>{nothing}</p>}
    </ScrollArea>
  );
}

const AWAITED = Array.from({ length: 8 }, (_, at) => at);

/** A row with bars in place of its values. */
function AwaitedRow<T>({ at, columns, isChosen }: { at: number; columns: readonly ListColumn<T>[]; isChosen: boolean }) {
  const bars = useMemo(
    () => columns.map(({ accessor }, column) => ({ accessor, width: 45 + ((at * 17 + column * 29) % 40) })),
    [at, columns],
  );
  return (
    <tr>
      {isChosen && <td className={classes.choice} />}
      {bars.map(({ accessor, width }) => (
        <td key={accessor}>
          <Skeleton h={12} w={`${width}%`} mx={2} />
        </td>
      ))}
    </tr>
  );
}
