import { Button, Group, Select } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useMemo } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryText } from '../../api/events.ts';
import { useSession } from '../../api/session.tsx';
import { type Range, RangePicker, rangeOf } from '../../components/fields/RangePicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { FilterBar } from '../../components/list/FilterBar.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { SavedViews } from '../../components/views/SavedViews.tsx';
import { links } from '../../links.ts';
import { type Request, requestColumns } from './columns.tsx';
import { FILTER_PARAMS, requestFilters } from './filters.ts';
import { LiveTail } from './LiveTail.tsx';
import { words } from './words.ts';

const STATUSES = ['succeeded', 'refused', 'failed', 'cancelled', 'estimated'];

/** The request log: every request of a known key, the newest first, or live. */
export function RequestsPage() {
  const [state] = useUrlState();
  const session = useSession();
  const openPage = useOpenPage();
  const isLive = state.live === 'on';
  const filters = Object.fromEntries(FILTER_PARAMS.map((param) => [param, state[param]]));
  const showOrganization = state.organization_id === undefined && mayBeSeveral(session);
  const columns = useMemo(() => requestColumns({ showOrganization }), [showOrganization]);
  const open = (row: Request) => void openPage(links.request(row.id));
  return (
    <Page
      title={words.requests}
      about={words.requestsMean}
      actions={
        <>
          <LiveButton isLive={isLive} />
          <SavedViews path="/requests" />
          <Exports filters={filters} range={rangeOf(state, null)} />
        </>
      }
    >
      {isLive ? (
        <>
          <Group>
            <Controls isLive />
          </Group>
          <LiveTail filters={filters} columns={columns} onOpen={open} />
        </>
      ) : (
        <DataList<Request>
          name="requests"
          fetch={fetchRequests}
          columns={columns}
          filters={[...FILTER_PARAMS, 'range', 'from', 'to']}
          controls={<Controls isLive={false} />}
          onRowClick={open}
          empty={<EmptyState title={words.noRequestsYet}>{words.whenRequestsAppear}</EmptyState>}
        />
      )}
    </Page>
  );
}

/** Starts or stops the live log. */
function LiveButton({ isLive }: { isLive: boolean }) {
  const [, set] = useUrlState();
  return (
    <Button
      variant={isLive ? 'filled' : 'default'}
      aria-pressed={isLive}
      leftSection={isLive ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
      onClick={() => set({ live: isLive ? undefined : 'on', cursor: undefined })}
    >
      {isLive ? words.stop : words.live}
    </Button>
  );
}

interface ExportsProps {
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly range: Range;
}

function Exports({ filters, range: { from, to } }: ExportsProps) {
  const path = `/requests/export${queryText({ format: 'csv', ...filters, from, to })}`;
  return <ExportMenu note={words.exportHolds} exports={[{ label: words.csv, what: 'requests', ending: 'csv', path }]} />;
}

/** Filters the request log. The live log has no range: it shows requests as they end. */
function Controls({ isLive }: { isLive: boolean }) {
  const [state, set] = useUrlState();
  const session = useSession();
  return (
    <FilterBar filters={requestFilters(session)}>
      {!isLive && <RangePicker standard={null} />}
      <Select
        aria-label={words.status}
        placeholder={words.anyStatus}
        clearable
        w={140}
        data={STATUSES.map((value) => ({ value, label: wordOf(value) }))}
        value={state.status ?? null}
        onChange={(status) => set({ status: status ?? undefined, cursor: undefined })}
      />
    </FilterBar>
  );
}

/** Fetches the log, which has one order and no search. A relative range becomes the instant at which it begins. */
function fetchRequests({ sort: _, search: __, range, from, to, ...query }: ListQuery) {
  const span = rangeOf({ range: textOf(range), from: textOf(from), to: textOf(to) }, null);
  const { minutes: ___, ...instants } = span;
  return asked(api.GET('/requests', { params: { query: { ...query, ...instants } } }));
}

function textOf(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function mayBeSeveral({
  platform_role,
  memberships,
}: {
  platform_role: string | null;
  memberships: readonly unknown[];
}): boolean {
  return platform_role !== null || memberships.length > 1;
}
