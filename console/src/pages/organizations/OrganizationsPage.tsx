import { Button, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queryText } from '../../api/events.ts';
import { listOrganizations, type Organization, summarizeOrganizations } from '../../api/organizations.ts';
import { useCan, useCanInWholeOrganizations } from '../../api/session.tsx';
import { countText } from '../../components/Count.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { PATHS } from '../../paths.ts';
import { BulkBar } from './BulkBar.tsx';
import { type Lifecycle, LifecycleDialog } from './dialog/LifecycleDialog.tsx';
import { OrganizationDialog } from './dialog/OrganizationDialog.tsx';
import { IncompletePill } from './IncompletePill.tsx';
import { columnsOf } from './list-columns.tsx';
import { StandingPills } from './StandingPills.tsx';
import { SummaryStrip } from './SummaryStrip.tsx';

const REFETCH_MS = 10_000;

/** Every organization the person may read: where each stands, and what can be done with it. */
export function OrganizationsPage() {
  const [state, setState] = useUrlState();
  const navigate = useNavigate();
  const mayCreate = useCan('organizations.create');
  // Where organizations stand follows from their spend: without a role that reads it there is nothing to sum or to filter by.
  const seesStandings = useCanInWholeOrganizations('usage.read');
  const [selected, setSelected] = useState<Organization[]>([]);
  const [edited, setEdited] = useState<Organization>();
  const [lifecycle, setLifecycle] = useState<{ row: Organization; to: Lifecycle }>();
  const summary = useQuery({
    queryKey: ['organizations', 'summary', state.search],
    queryFn: () => summarizeOrganizations(state.search),
    placeholderData: keepPreviousData,
    refetchInterval: REFETCH_MS,
  });
  const isCreating = state.create !== undefined;
  const openCreate = () => mayCreate.allowed && setState({ create: 'organization' }, 'push');
  useHotkeys([['n', openCreate]]);
  const open = (row: Organization, search: Record<string, string> = {}) =>
    void navigate({ to: PATHS.organization, params: { organizationId: row.id } as never, search: search as never });
  return (
    <Page
      title="Organizations"
      beside={
        summary.data !== undefined && (
          <Text c="dimmed" aria-label={`${countText(summary.data.total)} in total`}>
            {countText(summary.data.total)}
          </Text>
        )
      }
      actions={
        <>
          <ExportMenu exports={[exportOf(state)]} note="All that the search and the filter find" />
          <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={openCreate}>
            Create organization
          </GuardedButton>
        </>
      }
    >
      {seesStandings && <SummaryStrip query={summary} />}
      <BulkBar selected={selected} onDone={() => setSelected([])} />
      <DataList<Organization>
        name="organizations"
        fetch={listOrganizations}
        filters={['status', 'unpriced']}
        defaultSort="-created_at"
        searchLabel="Name, slug or id"
        controls={
          seesStandings && (
            <>
              <StandingPills counts={summary.data} />
              <IncompletePill />
            </>
          )
        }
        columns={columnsOf({ open, edit: setEdited, change: (row, to) => setLifecycle({ row, to }) })}
        onRowClick={(row) => open(row)}
        selected={selected}
        onSelectedChange={setSelected}
        refetchMs={REFETCH_MS}
        empty={
          <EmptyState
            title="No organization yet"
            action={mayCreate.allowed ? <Button onClick={openCreate}>Create organization</Button> : undefined}
          >
            {mayCreate.allowed
              ? 'An organization is a tenant: it has its own budget, limits, models, teams and keys. Create the first one.'
              : 'You belong to no organization yet. Ask an owner or a platform admin to invite you.'}
          </EmptyState>
        }
      />
      <OrganizationDialog
        opened={isCreating && mayCreate.allowed}
        organizationId={null}
        onClose={() => setState({ create: undefined })}
        onSaved={(created) => open(created as Organization)}
      />
      <OrganizationDialog
        opened={edited !== undefined}
        organizationId={edited?.id ?? null}
        onClose={() => setEdited(undefined)}
      />
      {lifecycle !== undefined && (
        <LifecycleDialog organization={lifecycle.row} to={lifecycle.to} onClose={() => setLifecycle(undefined)} />
      )}
    </Page>
  );
}

function exportOf({ search, status, unpriced }: UrlState) {
  const path = `/organizations/export${queryText({ search, status, unpriced })}`;
  return { label: 'CSV', path, what: 'organizations', ending: 'csv' } as const;
}
