import { Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { queryText } from '../../api/events.ts';
import { keptWithin } from '../../api/kept.ts';
import { type Organization, summarizeOrganizations } from '../../api/organizations.ts';
import { useCan, useCanInWholeOrganizations } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { countText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import { OrganizationDialog } from './dialog/OrganizationDialog.tsx';
import { OrganizationsList } from './OrganizationsList.tsx';
import { SummaryStrip } from './SummaryStrip.tsx';

const REFETCH_MS = 10_000;

/** Lists every organization the person may read, with its standing and the actions on it. */
export function OrganizationsPage() {
  const [state, setState] = useUrlState();
  const navigate = useNavigate();
  const mayCreate = useCan('organizations.create');
  // The standing follows from spend. Without a role that reads spend there are no totals and no filter by standing.
  const seesStandings = useCanInWholeOrganizations('usage.read');
  const summary = useQuery({
    queryKey: ['organizations', 'summary', state.search],
    queryFn: () => summarizeOrganizations(state.search),
    placeholderData: keptWithin(['organizations', 'summary']),
    refetchInterval: REFETCH_MS,
  });
  const isCreating = state.create !== undefined;
  const openCreate = () => mayCreate.allowed && setState({ create: 'organization' }, 'push');
  useHotkeys([['n', openCreate]]);
  const open = useCallback(
    (row: Organization, search: Record<string, string> = {}) =>
      void navigate({ to: PATHS.organization, params: { organizationId: row.id } as never, search: search as never }),
    [navigate],
  );
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
          <ExportMenu exports={[exportOf(state)]} note="All organizations that match the search and the filters" />
          <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={openCreate}>
            Create organization
          </GuardedButton>
        </>
      }
    >
      {seesStandings && <SummaryStrip query={summary} />}
      <OrganizationsList
        counts={summary.data}
        seesStandings={seesStandings}
        refetchMs={REFETCH_MS}
        onOpen={open}
        onCreate={mayCreate.allowed ? openCreate : undefined}
      />
      <OrganizationDialog
        opened={isCreating && mayCreate.allowed}
        organizationId={null}
        onClose={() => setState({ create: undefined })}
        onSaved={(created) => open(created as Organization)}
      />
    </Page>
  );
}

function exportOf({ search, status, unpriced }: UrlState) {
  const path = `/organizations/export${queryText({ search, status, unpriced })}`;
  return { label: 'CSV', path, what: 'organizations', ending: 'csv' } as const;
}
