import { Anchor, Badge, Group, Stack, Text, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { PriceText } from '../models/cells.tsx';
import { DeploymentDialog } from '../models/DeploymentDialog.tsx';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import { AddButton } from './AddButton.tsx';
import { Features } from './features.tsx';
import { KnownModelDrawer } from './KnownModelDrawer.tsx';
import { FILTERS, KnownModelFilters } from './KnownModelFilters.tsx';
import { NoPrice } from './NoPrice.tsx';
import { type KnownModel, SourceName } from './sources.tsx';
import { startOf } from './start-of.ts';
import { words } from './words.ts';

/** Below this width, prices need the room of the features, which are also in the drawer of a row. */
const WIDE = '(min-width: 100em)';

/** Lists the known models. A row opens with its sources, and becomes a deployment with one click. */
export function KnownModelsList() {
  const verdict = useCan('catalogue.manage');
  const openPage = useOpenPage();
  const [shown, setShown] = useState<KnownModel | null>(null);
  const [chosen, setChosen] = useState<KnownModel | null>(null);
  const choose = (model: KnownModel) => {
    setShown(null);
    setChosen(model);
  };
  return (
    <>
      <DataList<KnownModel>
        name="known-models"
        fetch={(query: ListQuery) => asked(api.GET('/known-models', { params: { query: queryOf('/known-models', query) } }))}
        columns={columnsFor(verdict, choose)}
        filters={FILTERS}
        searchLabel={words.upstreamModel}
        controls={<KnownModelFilters />}
        defaultSort="upstream_model"
        onRowClick={setShown}
        empty={<EmptyState title={words.noKnownModels}>{words.knownModelsAppear}</EmptyState>}
      />
      <KnownModelDrawer
        model={shown}
        onClose={() => setShown(null)}
        action={
          shown !== null && <AddButton verdict={verdict} name={shown.upstream_model} size="sm" onClick={() => choose(shown)} />
        }
      />
      {chosen !== null && (
        <DeploymentDialog
          opened
          start={startOf(chosen)}
          onClose={() => setChosen(null)}
          onSaved={({ id }) => void openPage(links.deployment(id))}
        />
      )}
    </>
  );
}

function columnsFor(verdict: Verdict, onChoose: (model: KnownModel) => void): ListColumn<KnownModel>[] {
  return [
    {
      accessor: 'upstream_model',
      title: words.upstreamModel,
      sortable: true,
      phone: 'title',
      render: (row) => <Name of={row} />,
    },
    {
      accessor: 'provider',
      title: words.provider,
      phone: { fact: 1 },
      render: (row) => <ProviderBadge provider={row.provider} />,
    },
    {
      accessor: 'input_price',
      title: words.inputPrice,
      sortable: true,
      phone: { fact: 2 },
      render: ({ prices }) => (prices === null ? <NoPrice /> : <PriceText prices={prices} />),
    },
    {
      accessor: 'context_window',
      title: words.contextWindow,
      sortable: true,
      textAlign: 'right',
      render: ({ context_window: tokens }) => (tokens === null ? '–' : countText(tokens)),
    },
    { accessor: 'features', title: words.features, visibleMediaQuery: WIDE, render: (row) => <Features of={row.features} /> },
    {
      accessor: 'deployment_count',
      title: words.deployments,
      phone: { fact: 3, isNamed: true },
      render: (row) => <Deployed of={row} />,
    },
    {
      accessor: 'id',
      title: '',
      textAlign: 'right',
      render: (row) => <AddButton verdict={verdict} name={row.upstream_model} size="compact-sm" onClick={() => onChoose(row)} />,
    },
  ];
}

/** The name of the model and the source of its price. */
function Name({ of: model }: { of: KnownModel }) {
  const { upstream_model: name, is_deprecated: isDeprecated } = model;
  return (
    <Stack gap={0} maw={320}>
      <Group gap={6} wrap="nowrap">
        <Text fz="sm" fw={500} truncate title={name}>
          <bdi>{name}</bdi>
        </Text>
        {isDeprecated && (
          <Tooltip label={words.deprecatedMeans}>
            <Badge color="yellow" miw="max-content">
              {words.deprecated}
            </Badge>
          </Tooltip>
        )}
      </Group>
      <SourceName of={model} />
    </Stack>
  );
}

/** The number of deployments as a link to them, and how many of them have no price. */
function Deployed({ of }: { of: KnownModel }) {
  const { deployment_count: count, unpriced_deployment_count: unpriced } = of;
  if (count === 0)
    return (
      <Text component="span" fz="sm" c="dimmed">
        {words.notDeployed}
      </Text>
    );
  return (
    <Stack gap={2} align="flex-start">
      <Anchor
        component={PageLink}
        at={links.models({ search: of.upstream_model, provider: of.provider })}
        fz="sm"
        onClick={(event) => event.stopPropagation()}
      >
        {words.deploymentCount(count)}
      </Anchor>
      {unpriced > 0 && (
        <Tooltip multiline w={300} label={words.deploymentsLackPrice}>
          <Badge color="orange" miw="max-content">
            {words.unpricedOf(unpriced)}
          </Badge>
        </Tooltip>
      )}
    </Stack>
  );
}
