import { Badge, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { listOwnDeployments } from '../../api/own-providers.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { useConfirmed } from '../../components/dialogs/useConfirmed.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Busy } from '../../components/Skeletons.tsx';
import { Time } from '../../components/Time.tsx';
import { PriceText } from '../models/cells.tsx';
import { CheckBadge } from '../models/DeploymentTest.tsx';
import { EditDeploymentDialog } from '../models/EditDeploymentDialog.tsx';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

/** Lists the deployments that an organization brought. */
export function OwnDeploymentsList({ organizationId, add }: { organizationId: string; add: ReactNode }) {
  const [editing, setEditing] = useState<Deployment | null>(null);
  const [deleting, setDeleting] = useState<Deployment | null>(null);
  return (
    <>
      <DataList<Deployment>
        name="deployments"
        prefix="deployments_"
        scope={['own', organizationId]}
        fetch={(query) => listOwnDeployments(organizationId, query)}
        columns={columnsFor({ onEdit: setEditing, onDelete: setDeleting })}
        searchLabel={words.search}
        controls={add}
        empty={
          <EmptyState title={words.noDeploymentsYet} action={add}>
            {words.addHint}
          </EmptyState>
        }
      />
      {editing !== null && <EditDeploymentDialog deployment={editing} opened onClose={() => setEditing(null)} />}
      <DeleteDialog deployment={deleting} onClose={() => setDeleting(null)} />
    </>
  );
}

interface RowActions {
  readonly onEdit: (deployment: Deployment) => void;
  readonly onDelete: (deployment: Deployment) => void;
}

function columnsFor(actions: RowActions): ListColumn<Deployment>[] {
  return [
    {
      accessor: 'model',
      title: words.model,
      phone: 'title',
      render: ({ model, upstream_model }) => (
        <Stack gap={0} maw={320}>
          <Text fz="sm" fw={500} truncate title={model}>
            {model}
          </Text>
          <Text fz="xs" c="dimmed" className="mono" truncate title={upstream_model}>
            {upstream_model}
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'provider',
      title: words.provider,
      phone: { fact: 1 },
      render: ({ provider }) => <ProviderBadge provider={provider} />,
    },
    {
      accessor: 'prices',
      title: words.price,
      render: ({ prices, unpriced_units }) => <PriceText prices={prices} lacks={unpriced_units} />,
    },
    {
      accessor: 'enabled',
      title: words.status,
      phone: { fact: 2 },
      render: ({ enabled }) => <Badge color={enabled ? 'green' : 'gray'}>{enabled ? words.enabled : words.disabled}</Badge>,
    },
    { accessor: 'last_check', title: words.lastTest, render: (row) => <LastTest row={row} /> },
    { accessor: 'id', title: '', textAlign: 'right', phone: 'menu', render: (row) => <Actions row={row} {...actions} /> },
  ];
}

function LastTest({ row: { last_check: check } }: { row: Deployment }) {
  if (check === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.notYet}
      </Text>
    );
  return (
    <Group gap={6} wrap="nowrap" title={check.message}>
      <Badge color={check.ok ? 'green' : 'red'}>{check.ok ? words.worked : words.failed}</Badge>
      <Time at={check.checked_at} relative />
    </Group>
  );
}

function Actions({ row, onEdit, onDelete }: RowActions & { row: Deployment }) {
  const verdict = verdictOf('own_providers.manage', row);
  const queryClient = useQueryClient();
  const testing = useMutation({
    mutationFn: () => asked(api.POST('/own-deployments/{id}/check', { params: { path: { id: row.id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['deployments'] }),
  });
  return (
    <Stack gap={4} align="flex-end">
      <ActionMenu
        label={words.actionsFor(row.model)}
        verdict={verdict}
        actions={[
          { label: words.testCall, does: () => testing.mutate(), isOff: testing.isPending },
          { label: words.edit, does: () => onEdit(row) },
          { label: words.delete, does: () => onDelete(row), isDestructive: true },
        ]}
      />
      {testing.isPending && <Busy label={words.testCall} />}
      {testing.data !== undefined && <CheckBadge result={testing.data} answered={words.answeredIn} />}
      {testing.isError && (
        <Text fz="xs" c="red" role="alert">
          {testing.error.message}
        </Text>
      )}
    </Stack>
  );
}

function DeleteDialog({ deployment, onClose }: { deployment: Deployment | null; onClose: () => void }) {
  const action = useConfirmed(deployment, {
    make: ({ id }) => asked(api.DELETE('/own-deployments/{id}', { params: { path: { id } } })),
    said: ({ model }) => words.wasDeleted(model),
    list: 'deployments',
  });
  return (
    <ConfirmByName
      opened={deployment !== null}
      onClose={onClose}
      title={words.deleteDeployment}
      name={null}
      verb={words.deleteDeployment}
      consequences={[words.deletingMeans]}
      action={action}
    />
  );
}
