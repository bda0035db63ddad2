import { Skeleton } from '@mantine/core';
import { DataTable } from 'mantine-datatable';
import { listRow } from '../shell/shortcuts.ts';
import { type ListColumn, type ListRowsProps, NOTHING_MATCHES } from './column.ts';
import { keptRow } from './kept-rows.tsx';

/** The rows of a list as a table. A click on a column head sorts it. Until the first answer, rows of the same height stand there. */
export function ListTable<T extends { id: string }>(props: ListRowsProps<T>) {
  const { columns, rows, isFetching, sort, onSort, onRowClick, selected, onSelectedChange } = props;
  const isAwaited = rows === undefined;
  const isEmpty = rows?.length === 0;
  return (
    <DataTable<T>
      aria-busy={isFetching}
      opacity={isFetching && !isAwaited ? 0.6 : 1}
      verticalSpacing={3}
      highlightOnHover
      minHeight={isEmpty ? 160 : 0}
      records={isAwaited ? (AWAITED as T[]) : [...rows]}
      customRowAttributes={() => (isAwaited ? {} : listRow({ opens: onRowClick !== undefined }))}
      columns={isAwaited ? columns.map(awaited) : [...columns]}
      rowFactory={keptRow}
      sortStatus={{ columnAccessor: sort.replace(/^-/, ''), direction: sort.startsWith('-') ? 'desc' : 'asc' }}
      onSortStatusChange={({ columnAccessor, direction }) =>
        onSort(`${direction === 'desc' ? '-' : ''}${String(columnAccessor)}`)
      }
      // The library only makes this text transparent while there are rows, and screen readers would still read it.
      {...(isEmpty && !isFetching ? { noRecordsText: NOTHING_MATCHES } : { emptyState: <span /> })}
      {...(onRowClick === undefined || isAwaited ? {} : { onRowClick: ({ record }) => onRowClick(record) })}
      {...(onSelectedChange === undefined
        ? {}
        : {
            selectedRecords: selected ?? [],
            onSelectedRecordsChange: onSelectedChange,
            isRecordSelectable: () => !isAwaited,
          })}
    />
  );
}

const AWAITED: readonly { readonly id: string }[] = Array.from({ length: 8 }, (_, at) => ({ id: `awaited ${at}` }));

/** Returns the same column with bars in place of its values. */
function awaited<T>(column: ListColumn<T>, at: number): ListColumn<T> {
  return { ...column, render: (_, row) => <Skeleton h={12} w={`${45 + ((row * 17 + at * 29) % 40)}%`} mx={2} /> };
}
