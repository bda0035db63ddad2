import { Anchor, Badge, Group, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { PriceText } from '../models/cells.tsx';
import { DeploymentDialog } from '../models/DeploymentDialog.tsx';
import classes from '../organizations/pills.module.css';
import { AddButton } from './AddButton.tsx';
import { NoPrice } from './NoPrice.tsx';
import { startOf } from './start-of.ts';
import { words } from './words.ts';

type ListedModel = Schema<'ListedModel'>;
type State = ListedModel['state'];
type Counts = Schema<'ModelListReading'>['counts'];

const COLORS: Readonly<Record<State, string>> = { gone: 'red', unpriced: 'orange', not_deployed: 'gray', in_use: 'green' };
const STATES = Object.keys(COLORS) as State[];

interface VendorModelsProps {
  readonly credential: Schema<'Credential'>;
  readonly counts: Counts;
}

/** The models of a vendor's list, and those that deployments use and the vendor does not list. */
export function VendorModels({ credential, counts }: VendorModelsProps) {
  const openPage = useOpenPage();
  const [chosen, setChosen] = useState<ListedModel | null>(null);
  const { id, provider } = credential;
  return (
    <>
      <DataList<ListedModel>
        name="model-list"
        scope={[id]}
        fetch={(query) => fetchModels(id, query)}
        columns={useColumns(id, setChosen)}
        filters={['state']}
        searchLabel={words.model}
        controls={<StatePills counts={counts} />}
        defaultSort="upstream_model"
        empty={<EmptyState title={words.nothingListed}>{words.nothingListedMeans}</EmptyState>}
      />
      {chosen !== null && (
        <DeploymentDialog
          opened
          start={startOf({ provider, upstream_model: chosen.upstream_model }, id)}
          onClose={() => setChosen(null)}
          onSaved={({ id: made }) => void openPage(links.deployment(made))}
        />
      )}
    </>
  );
}

function fetchModels(id: string, { sort: _, ...query }: ListQuery) {
  return asked(api.GET('/credentials/{id}/model-list', { params: { path: { id }, query: query as { state?: State } } }));
}

/** Filters by state. Each pill shows the count over the whole list. */
function StatePills({ counts }: { counts: Counts }) {
  const [state, set] = useUrlState();
  const pills = [
    { value: undefined, label: words.allStates, count: STATES.reduce((sum, name) => sum + counts[name], 0) },
    ...STATES.map((value) => ({ value, label: words.stateNames[value], count: counts[value] })),
  ];
  return (
    <Group gap={4} role="group" aria-label={words.state}>
      {pills.map(({ value, label, count }) => (
        <UnstyledButton
          key={label}
          className={classes.pill}
          aria-pressed={state.state === value}
          onClick={() => set({ state: value, cursor: undefined })}
        >
          {label}
          <span className={classes.count}>{countText(count)}</span>
        </UnstyledButton>
      ))}
    </Group>
  );
}

function useColumns(credentialId: string, onChoose: (model: ListedModel) => void): ListColumn<ListedModel>[] {
  const verdict = useCan('catalogue.manage');
  return [
    {
      accessor: 'upstream_model',
      title: words.model,
      phone: 'title',
      render: ({ upstream_model: name }) => (
        <Text fz="sm" fw={500} truncate maw={400} title={name}>
          <bdi>{name}</bdi>
        </Text>
      ),
    },
    {
      accessor: 'state',
      title: words.state,
      phone: { fact: 1 },
      render: ({ state }) => (
        <Tooltip multiline maw={300} label={words.stateMeans[state]}>
          <Badge color={COLORS[state]} miw="max-content">
            {words.stateNames[state]}
          </Badge>
        </Tooltip>
      ),
    },
    {
      accessor: 'prices',
      title: words.inputPrice,
      phone: { fact: 2 },
      render: ({ prices }) => (prices === null ? <NoPrice /> : <PriceText prices={prices} />),
    },
    {
      accessor: 'deployment_count',
      title: words.deployments,
      phone: { fact: 3, isNamed: true },
      render: (row) =>
        row.deployment_count === 0 ? (
          <Text component="span" fz="sm" c="dimmed">
            {words.notDeployed}
          </Text>
        ) : (
          <Anchor component={PageLink} at={links.models({ credential_id: credentialId, search: row.upstream_model })} fz="sm">
            {words.deploymentCount(row.deployment_count)}
          </Anchor>
        ),
    },
    {
      accessor: 'id',
      title: '',
      textAlign: 'right',
      phone: 'menu',
      render: (row) =>
        row.state === 'gone' ? null : (
          <AddButton verdict={verdict} name={row.upstream_model} size="compact-sm" onClick={() => onChoose(row)} />
        ),
    },
  ];
}
