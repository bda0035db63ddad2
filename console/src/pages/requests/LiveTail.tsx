import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryText, type StreamState, useEvents } from '../../api/events.ts';
import { queryOf } from '../../api/list-query.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { ListTable } from '../../components/list/ListTable.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import type { Request } from './columns.tsx';
import { words } from './words.ts';

interface LiveTailProps {
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly columns: readonly ListColumn<Request>[];
  readonly onOpen: (row: Request) => void;
}

const ROWS_MAX = 200;
const ROWS_FIRST = 50;

/** Shows requests as they end, the newest first, at most 200. It starts with the newest stored ones. */
export function LiveTail({ filters, columns, onOpen }: LiveTailProps) {
  const [rows, setRows] = useState<readonly Request[]>([]);
  const query = queryText(filters);
  const first = useQuery({
    queryKey: ['requests', 'tail', query],
    queryFn: () => asked(api.GET('/requests', { params: { query: queryOf('/requests', { ...filters, limit: ROWS_FIRST }) } })),
    staleTime: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters are another tail.
  useEffect(() => setRows([]), [query]);
  const state = useEvents<Request>({ path: `/requests/stream${query}`, event: 'request' }, (row) =>
    setRows((before) => [row, ...before.filter(({ id }) => id !== row.id)].slice(0, ROWS_MAX)),
  );
  const seen = new Set(rows.map(({ id }) => id));
  const shown = [...rows, ...(first.data?.data ?? []).filter(({ id }) => !seen.has(id))].slice(0, ROWS_MAX);
  return (
    <>
      <Group gap="xs" role="status">
        <StatusBadge status={WORDS[state]} />
        <Text fz="sm" c="dimmed">
          {state === 'waiting' ? words.theConnectionWasLostReconnecting : words.sinceOpened(rows.length)}
        </Text>
      </Group>
      <ListTable<Request>
        name="requests"
        rows={first.isPending && shown.length === 0 ? undefined : shown}
        isFetching={first.isPending}
        columns={columns}
        nothing={words.waitingForTheFirstRequest}
        onRowClick={onOpen}
        isNew={({ id }) => seen.has(id)}
      />
    </>
  );
}

const WORDS: Readonly<Record<StreamState, string>> = {
  off: 'off',
  connecting: 'connecting',
  live: 'live',
  waiting: 'reconnecting',
};
