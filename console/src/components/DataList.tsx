import { Box, Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback, useHotkeys } from '@mantine/hooks';
import { IconArrowLeft, IconArrowRight, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { DataTable, type DataTableColumn, type DataTableSortStatus } from 'mantine-datatable';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ProblemNote } from './Asked.tsx';
import { countText } from './Count.tsx';
import { useUrlState } from './useUrlState.ts';

/** How every list answers. */
export interface ListPage<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly total?: number | string;
}

/** What the server is asked for: the list's own part of the address. Never more than it takes. */
export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly search?: string;
  readonly sort?: string;
  readonly [filter: string]: string | number | undefined;
}

interface DataListProps<T extends { id: string }> {
  /** Names the list in the cache; also in what a screen reader hears. */
  readonly name: string;
  readonly fetch: (query: ListQuery) => Promise<ListPage<T>>;
  readonly columns: DataTableColumn<T>[];
  /** Names of address parameters that are filters of this list. */
  readonly filters?: readonly string[];
  /** Further facts that the query depends on and the address does not hold: a parent's id. */
  readonly scope?: readonly unknown[];
  readonly searchLabel?: string;
  readonly defaultSort?: string;
  /** Filter controls between the search and the table. */
  readonly controls?: ReactNode;
  readonly onRowClick?: (row: T) => void;
  readonly selected?: T[];
  readonly onSelectedChange?: (rows: T[]) => void;
  /** Shown when there is nothing and nothing was filtered. */
  readonly empty: ReactNode;
  readonly refetchMs?: number;
  /** Prefix of this list's parameters, where one page holds several lists. */
  readonly prefix?: string;
}

const PAGE_SIZES = ['25', '50', '100', '200'];

/**
 * A list on the server: search, filters, order and place stand in the address, pages go forward by cursor, Back returns. Keyboard: `/` goes
 * to the search.
 */
export function DataList<T extends { id: string }>(props: DataListProps<T>) {
  const { name, fetch, filters = [], scope = [], prefix = '', defaultSort = '-created_at' } = props;
  const [state, setState] = useUrlState();
  const at = (key: string) => state[prefix + key];
  const limit = Number(at('limit') ?? 50);
  const given = { search: at('search'), sort: at('sort') ?? defaultSort, cursor: at('cursor') };
  const filterValues = Object.fromEntries(filters.map((filter) => [filter, state[filter]]));
  const query = withoutUndefined({ limit, ...given, ...filterValues }) as ListQuery;
  const answer = useQuery({
    queryKey: [name, ...scope, query],
    queryFn: () => fetch(query),
    placeholderData: keepPreviousData,
    ...(props.refetchMs === undefined ? {} : { refetchInterval: props.refetchMs }),
  });
  const router = useRouter();
  const set = (changes: Record<string, string | undefined>, how?: 'push') =>
    setState(Object.fromEntries(Object.entries(changes).map(([key, value]) => [prefix + key, value])), how);
  const isFiltered = given.search !== undefined || Object.values(filterValues).some((value) => value !== undefined);
  if (answer.isError && answer.data === undefined)
    return <ProblemNote error={answer.error} onRetry={() => void answer.refetch()} />;
  const page = answer.data;
  const isEmpty = page !== undefined && page.data.length === 0 && !isFiltered && given.cursor === undefined;
  if (isEmpty) return <>{props.empty}</>;
  const sort: DataTableSortStatus<T> = {
    columnAccessor: given.sort.replace(/^-/, ''),
    direction: given.sort.startsWith('-') ? 'desc' : 'asc',
  };
  return (
    <Box>
      <Group gap="sm" mb="sm" justify="space-between">
        <Group gap="sm" flex={1}>
          {props.searchLabel !== undefined && (
            <SearchField
              label={props.searchLabel}
              value={given.search ?? ''}
              onChange={(text) => set({ search: text === '' ? undefined : text, cursor: undefined })}
            />
          )}
          {props.controls}
        </Group>
      </Group>
      <DataTable<T>
        withTableBorder
        borderRadius="sm"
        highlightOnHover
        minHeight={page === undefined || page.data.length === 0 ? 160 : 0}
        records={[...(page?.data ?? [])]}
        columns={props.columns}
        fetching={answer.isPending || answer.isPlaceholderData}
        sortStatus={sort}
        onSortStatusChange={({ columnAccessor, direction }) =>
          set({ sort: `${direction === 'desc' ? '-' : ''}${String(columnAccessor)}`, cursor: undefined })
        }
        noRecordsText="Nothing matches. Change the search or the filters."
        {...(props.onRowClick === undefined ? {} : { onRowClick: ({ record }) => props.onRowClick?.(record) })}
        {...(props.onSelectedChange === undefined
          ? {}
          : { selectedRecords: props.selected ?? [], onSelectedRecordsChange: props.onSelectedChange })}
      />
      <Group justify="space-between" mt="xs" gap="sm">
        <Text fz="sm" c="dimmed" aria-live="polite">
          {page?.total === undefined ? `${page?.data.length ?? 0} shown` : `${countText(page.total)} in total`}
        </Text>
        <Group gap="xs">
          <Select
            aria-label="Rows on a page"
            size="xs"
            w={76}
            data={PAGE_SIZES}
            value={String(limit)}
            allowDeselect={false}
            onChange={(value) => set({ limit: value === '50' ? undefined : (value ?? undefined), cursor: undefined })}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowLeft size={14} />}
            disabled={given.cursor === undefined}
            onClick={() => (router.history.canGoBack() ? router.history.back() : set({ cursor: undefined }))}
          >
            Back
          </Button>
          <Button
            size="xs"
            variant="default"
            rightSection={<IconArrowRight size={14} />}
            disabled={page?.next_cursor == null}
            onClick={() => set({ cursor: page?.next_cursor ?? undefined }, 'push')}
          >
            Next
          </Button>
        </Group>
      </Group>
    </Box>
  );
}

function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const say = useDebouncedCallback(onChange, 250);
  useHotkeys([['/', () => field.current?.focus()]]);
  // The address can change without the field: Back, a link, a cleared filter.
  useEffect(() => setText(value), [value]);
  return (
    <TextInput
      ref={field}
      w={{ base: '100%', xs: 280 }}
      size="sm"
      type="search"
      aria-label={label}
      placeholder={label}
      maxLength={200}
      leftSection={<IconSearch size={16} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        say(event.currentTarget.value.trim());
      }}
    />
  );
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== ''));
}
