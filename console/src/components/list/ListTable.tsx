import { DataTable } from 'mantine-datatable';
import { listRow } from '../shell/shortcuts.ts';
import { type ListRowsProps, NOTHING_MATCHES } from './column.ts';

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
      customRowAttributes={() => listRow({ opens: onRowClick !== undefined })}
      columns={[...columns]}
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
