import { Button, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { queryText } from '../../api/events.ts';
import { keptWithin } from '../../api/kept.ts';
import { type Organization, summarizeOrganizations } from '../../api/organizations.ts';
import { useCan, useCanInWholeOrganizations } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { SavedViews } from '../../components/views/SavedViews.tsx';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { OrganizationDialog, TemplatesDialog } from './dialog/deferred.tsx';
import { OrganizationsList } from './OrganizationsList.tsx';
import { SummaryStrip } from './SummaryStrip.tsx';
import { words } from './words.ts';

const REFETCH_MS = 10_000;

/** Lists every organization the person may read, with its standing and the actions on it. */
export function OrganizationsPage() {
  const [state, setState] = useUrlState();
  const openPage = useOpenPage();
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
    (row: Organization, search?: Parameters<typeof links.organization>[1]) => void openPage(links.organization(row.id, search)),
    [openPage],
  );
  const like = useCallback(
    ({ id }: Organization) => setState({ create: 'organization', like: id, template: undefined }, 'push'),
    [setState],
  );
  return (
    <Page
      title={words.organizations}
      beside={
        summary.data !== undefined && (
          <Text c="dimmed" aria-label={words.inTotal(summary.data.total)}>
            {countText(summary.data.total)}
          </Text>
        )
      }
      actions={
        <>
          <SavedViews path="/organizations" />
          <ExportMenu exports={[exportOf(state)]} note={words.exportMeans} />
          {mayCreate.allowed && (
            <Button variant="default" onClick={() => setState({ templates: '1' })}>
              {words.templates}
            </Button>
          )}
          <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={openCreate}>
            {words.createOrganization}
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
        onLike={like}
      />
      <OrganizationDialog
        opened={isCreating && mayCreate.allowed}
        organizationId={null}
        onClose={() => setState({ create: undefined, like: undefined, template: undefined })}
        onSaved={(created) => open(created as Organization)}
      />
      <TemplatesDialog
        opened={state.templates !== undefined && mayCreate.allowed}
        onClose={() => setState({ templates: undefined })}
        onUse={({ id }) => setState({ templates: undefined, create: 'organization', template: id, like: undefined }, 'push')}
      />
    </Page>
  );
}

function exportOf({ search, status, unpriced }: UrlState) {
  const path = `/organizations/export${queryText({ search, status, unpriced })}`;
  return { label: words.csv, path, what: 'organizations', ending: 'csv' } as const;
}
