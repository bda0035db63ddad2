import { Box, Group } from '@mantine/core';
import { type ReactNode, useDeferredValue } from 'react';
import { ProblemNote } from '../Asked.tsx';
import { AWAITED } from '../Skeletons.tsx';
import type { ListColumn } from './column.ts';
import { ListEntries } from './ListEntries.tsx';
import { ListFoot } from './ListFoot.tsx';
import { ListTable } from './ListTable.tsx';
import { SearchField } from './SearchField.tsx';
import { SortSelect } from './SortSelect.tsx';
import { useSameRows } from './table-state.ts';
import { useIsPhone } from './useIsPhone.ts';
import { type ListSource, useList } from './useList.ts';

export type { ListPage, ListQuery } from './useList.ts';

interface DataListProps<T extends { id: string }> extends ListSource<T> {
  readonly columns: readonly ListColumn<T>[];
  readonly searchLabel?: string;
  /** Filter controls between the search and the table. */
  readonly controls?: ReactNode;
  readonly onRowClick?: (row: T) => void;
  readonly selected?: T[];
  readonly onSelectedChange?: (rows: T[]) => void;
  /** Shown if the list is empty although nothing is filtered. */
  readonly empty: ReactNode;
}

/**
 * A list that the server pages, searches and sorts. Its state is in the address: search, filters, order and cursor. Next follows
 * the cursor, and Back returns. The `/` key focuses the search.
 */
export function DataList<T extends { id: string }>(props: DataListProps<T>) {
  const list = useList(props);
  const isPhone = useIsPhone();
  const { answer, set } = list;
  const page = answer.data;
  // Whoever types goes on typing while many rows are drawn. The first rows are awaited, and drawn at once.
  const latest = useSameRows(page?.data);
  const rows = useDeferredValue(latest) ?? latest;
  if (answer.isError && page === undefined) return <ProblemNote error={answer.error} onRetry={() => void answer.refetch()} />;
  if (page?.data.length === 0 && !list.isNarrowed) return <>{props.empty}</>;
  const hasEntries = isPhone && props.columns.some(({ phone }) => phone === 'title');
  const Rows = hasEntries ? ListEntries<T> : ListTable<T>;
  const sortBy = (sort: string) => set({ sort, cursor: undefined });
  return (
    <Box {...(rows === undefined && AWAITED)}>
      <Group gap="sm" mb="sm">
        {props.searchLabel !== undefined && (
          <SearchField
            label={props.searchLabel}
            value={list.search ?? ''}
            onChange={(text) => set({ search: text === '' ? undefined : text, cursor: undefined })}
          />
        )}
        {props.controls}
        {hasEntries && <SortSelect columns={props.columns} sort={list.sort} onSort={sortBy} />}
      </Group>
      <Rows
        name={props.name}
        columns={props.columns}
        rows={rows}
        isFetching={answer.isPending || answer.isPlaceholderData || rows !== latest}
        sort={list.sort}
        onSort={sortBy}
        onRowClick={props.onRowClick}
        selected={props.selected}
        onSelectedChange={props.onSelectedChange}
      />
      {/* Below rows whose number is not known yet, it would move. */}
      {rows !== undefined && <ListFoot list={list} />}
    </Box>
  );
}
