import { Stack, Text } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { Money } from '../../numbers/Money.tsx';
import { BatchDrawer } from './BatchDrawer.tsx';
import type { FilesListProps } from './FilesList.tsx';
import { Lines } from './Lines.tsx';
import { Maker } from './Maker.tsx';
import { words } from './words.ts';

type Batch = Schema<'Batch'>;

const STATUSES = ['validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled'];
const FILTERS: readonly Filter[] = [
  { param: 'status', label: words.status, kind: { oneOf: STATUSES } },
  { param: 'team_id', label: words.team, kind: 'team' },
  { param: 'key_id', label: words.key, kind: 'key' },
];
const PARAMS = FILTERS.map(({ param }) => param);
const REFETCH_MS = 10_000;

/** Lists the batches of an organization. */
export function BatchesList({ organizationId, controls }: FilesListProps) {
  const [state, set] = useUrlState();
  return (
    <>
      <DataList<Batch>
        name="batches"
        scope={[organizationId]}
        fetch={(query) => fetchBatches(organizationId, query)}
        filters={PARAMS}
        columns={COLUMNS}
        searchLabel={words.searchBatches}
        refetchMs={REFETCH_MS}
        controls={<FilterBar filters={FILTERS}>{controls}</FilterBar>}
        onRowClick={({ id }) => set({ batch: id }, 'push')}
        empty={
          <>
            {controls}
            <EmptyState title={words.noBatchesYet}>{words.whatBatchesAppear}</EmptyState>
          </>
        }
      />
      <BatchDrawer organizationId={organizationId} batchId={state.batch ?? null} onClose={() => set({ batch: undefined })} />
    </>
  );
}

function fetchBatches(id: string, { sort: _, ...query }: ListQuery) {
  return asked(
    api.GET('/organizations/{id}/batches', { params: { path: { id }, query: queryOf('/organizations/{id}/batches', query) } }),
  );
}

const COLUMNS: readonly ListColumn<Batch>[] = [
  { accessor: 'model', title: words.batch, phone: 'title', render: (batch) => <Name of={batch} /> },
  { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
  { accessor: 'lines', title: words.lines, phone: { fact: 2 }, render: (batch) => <Lines of={batch} /> },
  { accessor: 'spend', title: words.cost, textAlign: 'right', phone: { fact: 3 }, render: ({ spend }) => <Money usd={spend} /> },
  { accessor: 'key_name', title: words.key, render: (batch) => <Maker of={batch} /> },
  {
    accessor: 'created_at',
    title: words.created,
    noWrap: true,
    phone: { fact: 4, isNamed: true },
    render: ({ created_at }) => <Time at={created_at} relative />,
  },
];

function Name({ of: { id, model } }: { of: Batch }) {
  return (
    <Stack gap={0} maw={300}>
      <Text fz="sm" fw={500} truncate title={model}>
        <bdi>{model}</bdi>
      </Text>
      <Text fz="xs" c="dimmed" className="mono" truncate title={id}>
        {id}
      </Text>
    </Stack>
  );
}
