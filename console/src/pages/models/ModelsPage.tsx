import { Anchor, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListPage, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { Awaited } from '../../components/Skeletons.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { attemptColumns } from './attempt-columns.tsx';
import { CapacityBars, GroupLinks, PriceText, Tags } from './cells.tsx';
import { DeploymentDialog } from './DeploymentDialog.tsx';
import { DeploymentFilters } from './DeploymentFilters.tsx';
import { HealthBadge, REFRESH_MS, useCooling } from './health.tsx';
import { modelsNamed } from './model-facts.ts';
import { MODE_MARKS } from './modes.ts';
import { PassedOverNotice, usePassedOver } from './PassedOver.tsx';
import { ProviderBadge } from './ProviderBadge.tsx';
import { words } from './words.ts';

/** A deployment with the access groups of the name it serves. */
type Row = Schema<'Deployment'> & { readonly access_groups: readonly string[] };

const FILTERS = [
  'provider',
  'tag',
  'enabled',
  'state',
  'error_rate_min',
  'unpriced',
  'passed_over',
  'credential_id',
  'model',
] as const;

/** Below this width, errors and prices need the room of the groups, which are also on the deployment's page. */
const WIDE = '(min-width: 100em)';

/** Lists every deployment: the upstream model and the name it serves, its health, and its price. */
export function ModelsPage() {
  return usePassedOver().isPending ? <Awaited shape="page" /> : <Models />;
}

function Models() {
  const openPage = useOpenPage();
  const mayManage = useCan('catalogue.manage');
  const [state, setState] = useUrlState();
  const setCreating = (isCreating: boolean) => setState({ new: isCreating ? '1' : undefined });
  useHotkeys([['n', () => mayManage.allowed && setCreating(true)]]);
  const add = (
    <GuardedButton verdict={mayManage} onClick={() => setCreating(true)}>
      {words.addDeployment}
    </GuardedButton>
  );
  return (
    <Page title={words.models} about={words.deploymentsMean} actions={add}>
      <PassedOverNotice />
      <DataList<Row>
        name="deployments"
        fetch={fetchRows}
        columns={useColumns()}
        filters={FILTERS}
        searchLabel={words.modelOrUpstreamModel}
        controls={<DeploymentFilters />}
        defaultSort="model"
        refetchMs={REFRESH_MS}
        onRowClick={({ id }) => void openPage(links.deployment(id))}
        empty={
          <EmptyState title={words.noModelsYet} action={add}>
            {words.addACredentialBefore}{' '}
            <Anchor component={PageLink} at={links.credentials()}>
              {words.aCredential}
            </Anchor>{' '}
            {words.addADeploymentAfter}
          </EmptyState>
        }
      />
      <DeploymentDialog
        opened={state.new !== undefined && mayManage.allowed}
        onClose={() => setCreating(false)}
        onSaved={({ id }) => void openPage(links.deployment(id))}
      />
    </Page>
  );
}

async function fetchRows(query: ListQuery): Promise<ListPage<Row>> {
  const page = await asked(api.GET('/deployments', { params: { query: queryOf('/deployments', query) } }));
  const models = await modelsNamed(page.data.map(({ model }) => model));
  return { ...page, data: page.data.map((row) => ({ ...row, access_groups: models.get(row.model)?.access_groups ?? [] })) };
}

function useColumns(): ListColumn<Row>[] {
  const cooling = useCooling();
  return [
    {
      accessor: 'model',
      title: words.model,
      sortable: true,
      phone: 'title',
      render: (row) => (
        <Stack gap={0} maw={280}>
          <Anchor
            component={Link}
            to={PATHS.deployment.replace('$deploymentId', row.id)}
            fz="sm"
            fw={500}
            truncate
            title={row.model}
            onClick={(event) => event.stopPropagation()}
          >
            {row.model}
          </Anchor>
          <Text fz="xs" c="dimmed" truncate title={row.upstream_model}>
            {row.upstream_model}
            {MODE_MARKS[row.mode]}
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'provider',
      title: words.provider,
      phone: { fact: 2 },
      render: (row) => <ProviderBadge provider={row.provider} />,
    },
    {
      accessor: 'state',
      title: words.health,
      sortable: true,
      phone: { fact: 1 },
      render: (row) => <HealthBadge deployment={row} cooling={cooling} />,
    },
    ...attemptColumns,
    {
      accessor: 'prices',
      title: words.pricePerMillion,
      phone: { fact: 3 },
      render: (row) => <PriceText prices={row.prices} lacks={row.unpriced_units} />,
    },
    { accessor: 'limits', title: words.capacityThisMinute, render: (row) => <CapacityBars of={row} /> },
    { accessor: 'tags', title: words.routingTags, render: (row) => <Tags tags={row.tags} /> },
    {
      accessor: 'access_groups',
      title: words.accessGroups,
      visibleMediaQuery: WIDE,
      render: (row) => <GroupLinks groups={row.access_groups} />,
    },
  ];
}
