import { DataTable } from 'mantine-datatable';
import { type ListRowsProps, NOTHING_MATCHES } from './column.ts';
import { keptRow } from './kept-rows.tsx';

/** The rows of a list as a table. A click on a column head sorts it. */
export function ListTable<T extends { id: string }>(props: ListRowsProps<T>) {
  const { columns, rows = [], isFetching, sort, onSort, onRowClick, selected, onSelectedChange } = props;
  const isEmpty = rows.length === 0;
  return (
    <DataTable<T>
      withTableBorder
      borderRadius="sm"
      highlightOnHover
      minHeight={isEmpty ? 160 : 0}
      records={[...rows]}
      columns={[...columns]}
      rowFactory={keptRow}
      fetching={isFetching}
      sortStatus={{ columnAccessor: sort.replace(/^-/, ''), direction: sort.startsWith('-') ? 'desc' : 'asc' }}
      onSortStatusChange={({ columnAccessor, direction }) =>
        onSort(`${direction === 'desc' ? '-' : ''}${String(columnAccessor)}`)
      }
      // The library only makes this text transparent while there are rows, and screen readers would still read it.
      {...(isEmpty && !isFetching ? { noRecordsText: NOTHING_MATCHES } : { emptyState: <span /> })}
      {...(onRowClick === undefined ? {} : { onRowClick: ({ record }) => onRowClick(record) })}
      {...(onSelectedChange === undefined ? {} : { selectedRecords: selected ?? [], onSelectedRecordsChange: onSelectedChange })}
    />
  );
}
