import { ActionIcon, Anchor, Badge, Group, Menu, Stack, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { type CredentialProvider, checkCredential, deleteCredential, endOverlap } from '../../api/credentials.ts';
import { listCredentials } from '../../api/own-providers.ts';
import { useOwner } from '../../api/owner.tsx';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { NameText } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { CheckBadge } from '../models/DeploymentTest.tsx';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import { EditCredentialDialog } from './EditCredentialDialog.tsx';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

const FILTERS: readonly Filter[] = [{ param: 'owner', label: words.owner, kind: { oneOf: ['platform', 'organizations'] } }];

/** Lists the credentials of an owner with their actions; for the platform, also those that organizations brought. */
export function CredentialsList({ add }: { add: ReactNode }) {
  const owner = useOwner();
  const [editing, setEditing] = useState<Credential | null>(null);
  const [deleting, setDeleting] = useState<Credential | null>(null);
  const [ending, setEnding] = useState<Credential | null>(null);
  const columns = columnsFor({ onEdit: setEditing, onDelete: setDeleting, onEndOverlap: setEnding });
  return (
    <>
      <DataList<Credential>
        name="credentials"
        scope={[owner]}
        fetch={(query) => listCredentials(owner, query)}
        columns={owner === null ? columns : columns.filter(({ accessor }) => accessor !== 'organization_id')}
        filters={owner === null ? ['provider', 'owner'] : ['provider']}
        controls={owner === null ? <FilterBar filters={FILTERS} /> : add}
        searchLabel={words.searchByNameOrId}
        empty={
          <EmptyState title={words.noCredentialsYet} action={add}>
            {owner === null ? words.addApiKeyHint : words.addOwnHint}
          </EmptyState>
        }
      />
      {editing !== null && <EditCredentialDialog credential={editing} opened onClose={() => setEditing(null)} />}
      <DeleteDialog credential={deleting} onClose={() => setDeleting(null)} />
      <EndOverlapDialog credential={ending} onClose={() => setEnding(null)} />
    </>
  );
}

interface RowActions {
  readonly onEdit: (credential: Credential) => void;
  readonly onDelete: (credential: Credential) => void;
  readonly onEndOverlap: (credential: Credential) => void;
}

function columnsFor(actions: RowActions): ListColumn<Credential>[] {
  return [
    {
      accessor: 'name',
      title: words.credential,
      sortable: true,
      phone: 'title',
      render: (row) => (
        <Stack gap={0} maw={320}>
          <Text fz="sm" fw={500} truncate title={row.name}>
            <bdi>{row.name}</bdi>
          </Text>
          {row.kind !== 'ambient' && (
            <Text fz="xs" c="dimmed" className="mono">
              {row.last_four === '' ? words.secretKept : `…${row.last_four}`}
            </Text>
          )}
          {row.previous_secret !== null && (
            <Text fz="xs" c="dimmed">
              {words.oldSecretUntil(row.previous_secret.last_four)} <Time at={row.previous_secret.valid_until} relative />
            </Text>
          )}
        </Stack>
      ),
    },
    {
      accessor: 'provider',
      title: words.provider,
      phone: { fact: 1 },
      render: (row) => (
        <Stack gap={2} align="flex-start">
          <ProviderBadge provider={row.provider} />
          {row.kind !== 'api_key' && (
            <Text fz="xs" c="dimmed">
              {[words.kindName[row.kind], ...Object.values(row.settings)].join(' · ')}
            </Text>
          )}
        </Stack>
      ),
    },
    { accessor: 'organization_id', title: words.owner, render: (row) => <Owner id={row.organization_id} /> },
    {
      accessor: 'base_url',
      title: words.address,
      render: (row) => (
        <Stack gap={2} align="flex-start">
          <Text fz="sm" truncate maw={280} {...(row.base_url === null ? { c: 'dimmed' } : { title: row.base_url })}>
            {row.base_url ?? words.theProvidersOwn}
          </Text>
          {row.risks.includes('plain_http') && (
            <Badge color="orange" title={words.notEncryptedMeans}>
              {words.notEncrypted}
            </Badge>
          )}
        </Stack>
      ),
    },
    {
      accessor: 'deployment_count',
      title: words.usedBy,
      textAlign: 'right',
      phone: { fact: 2, isNamed: true },
      render: (row) =>
        row.deployment_count === 0 || row.organization_id !== null ? (
          <Text fz="sm" c="dimmed">
            {row.deployment_count === 0 ? words.nothing : words.countDeployments(row.deployment_count)}
          </Text>
        ) : (
          <Anchor component={PageLink} at={links.models({ credential_id: row.id })} fz="sm">
            {words.countDeployments(row.deployment_count)}
          </Anchor>
        ),
    },
    { accessor: 'last_check', title: words.lastCheck, render: (row) => <LastCheck row={row} /> },
    { accessor: 'updated_at', title: words.changed, render: (row) => <Time at={row.updated_at} relative /> },
    { accessor: 'id', title: '', textAlign: 'right', phone: 'menu', render: (row) => <RowMenu row={row} {...actions} /> },
  ];
}

function Owner({ id }: { id: string | null }) {
  if (id === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.platform}
      </Text>
    );
  return (
    <Anchor component={PageLink} at={links.organization(id, { tab: 'providers' })} fz="sm">
      <NameText id={id} />
    </Anchor>
  );
}

/** The result of the last check, by the hour or by hand. Only a refusal by the provider counts against a credential. */
function LastCheck({ row: { last_check: check } }: { row: Credential }) {
  if (check === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.notYet}
      </Text>
    );
  const isRefused = check.refused_since !== null;
  return (
    <Group gap={6} wrap="nowrap" title={check.message ?? undefined}>
      <Badge color={check.ok ? 'green' : isRefused ? 'red' : 'gray'}>
        {check.ok ? words.accepted : isRefused ? words.refused : words.noAnswer}
      </Badge>
      <Time at={check.at} relative />
    </Group>
  );
}

function RowMenu({ row, onEdit, onDelete, onEndOverlap }: RowActions & { row: Credential }) {
  const owner = useOwner();
  const verdict = verdictOf(owner === null ? 'catalogue.manage' : 'own_providers.manage', row);
  const { allowed } = verdict;
  const queryClient = useQueryClient();
  const checking = useMutation({
    mutationFn: () =>
      checkCredential({ provider: row.provider as CredentialProvider, base_url: row.base_url, credential_id: row.id }, owner),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['credentials'] }),
  });
  // An organization's credentials are changed on its own page.
  if (row.organization_id !== owner) return null;
  return (
    <Stack gap={4} align="flex-end">
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" loading={checking.isPending} aria-label={words.actionsFor(row.name)}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuWhyNot verdict={verdict} />
          <Menu.Item disabled={!allowed} onClick={() => checking.mutate()}>
            {words.testWithFreeCall}
          </Menu.Item>
          {owner === null && (
            <Menu.Item component={PageLink} at={links.knownModels({ tab: 'vendors', credential: row.id })}>
              {words.vendorsModels}
            </Menu.Item>
          )}
          <Menu.Item disabled={!allowed} onClick={() => onEdit(row)}>
            {words.editOrRotate}
          </Menu.Item>
          {row.previous_secret !== null && (
            <Menu.Item disabled={!allowed} onClick={() => onEndOverlap(row)}>
              {words.endOldSecret}
            </Menu.Item>
          )}
          <Menu.Item disabled={!allowed} color="red" onClick={() => onDelete(row)}>
            {words.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {checking.data !== undefined && <CheckBadge result={checking.data} answered={words.acceptedIn} />}
      {checking.isError && (
        <Text fz="xs" c="red" role="alert">
          {checking.error.message}
        </Text>
      )}
    </Stack>
  );
}

function DeleteDialog({ credential, onClose }: { credential: Credential | null; onClose: () => void }) {
  const owner = useOwner();
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={credential !== null}
      onClose={onClose}
      title={words.deleteCredential}
      name={credential?.name ?? ''}
      verb={words.deleteCredential}
      consequences={
        credential === null || credential.deployment_count === 0
          ? [words.secretDestroyed]
          : [words.deploymentsUseIt(credential.deployment_count)]
      }
      action={async () => {
        if (credential === null) return;
        await deleteCredential(credential.id, owner);
        saved(words.wasDeleted(credential.name));
        await queryClient.invalidateQueries({ queryKey: ['credentials'] });
      }}
    />
  );
}

function EndOverlapDialog({ credential, onClose }: { credential: Credential | null; onClose: () => void }) {
  const owner = useOwner();
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={credential !== null}
      onClose={onClose}
      title={words.endOldSecret}
      name={null}
      verb={words.endOldSecret}
      consequences={[words.onlyTheNewOne]}
      action={async () => {
        if (credential === null) return;
        await endOverlap(credential.id, owner);
        saved(words.oldSecretEnded(credential.name));
        await queryClient.invalidateQueries({ queryKey: ['credentials'] });
      }}
    />
  );
}
