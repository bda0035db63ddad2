import { Anchor, Badge, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { deleteCredential, endOverlap } from '../../api/credentials.ts';
import { listCredentials } from '../../api/own-providers.ts';
import { useOwner } from '../../api/owner.tsx';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { useConfirmed } from '../../components/dialogs/useConfirmed.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { NameText } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import { EditCredentialDialog } from './EditCredentialDialog.tsx';
import { TestCredentialDialog } from './TestCredentialDialog.tsx';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

const FILTERS: readonly Filter[] = [{ param: 'owner', label: words.owner, kind: { oneOf: ['platform', 'organizations'] } }];

/** Lists the credentials of an owner with their actions; for the platform, also those that organizations brought. */
export function CredentialsList({ add }: { add: ReactNode }) {
  const owner = useOwner();
  const [editing, setEditing] = useState<Credential | null>(null);
  const [deleting, setDeleting] = useState<Credential | null>(null);
  const [ending, setEnding] = useState<Credential | null>(null);
  const [testing, setTesting] = useState<Credential | null>(null);
  const columns = columnsFor({ onTest: setTesting, onEdit: setEditing, onDelete: setDeleting, onEndOverlap: setEnding });
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
      {testing !== null && <TestCredentialDialog credential={testing} onClose={() => setTesting(null)} />}
      <DeleteDialog credential={deleting} onClose={() => setDeleting(null)} />
      <EndOverlapDialog credential={ending} onClose={() => setEnding(null)} />
    </>
  );
}

interface RowActions {
  readonly onTest: (credential: Credential) => void;
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
          {row.new_base_url !== null && (
            <Badge color="red" title={words.presetMovedTo(row.new_base_url)}>
              {words.secretNeeded}
            </Badge>
          )}
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
    { accessor: 'id', title: '', textAlign: 'right', phone: 'menu', render: (row) => <Actions row={row} {...actions} /> },
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

function Actions({ row, onTest, onEdit, onDelete, onEndOverlap }: RowActions & { row: Credential }) {
  const owner = useOwner();
  const verdict = verdictOf(owner === null ? 'catalogue.manage' : 'own_providers.manage', row);
  // An organization's credentials are changed on its own page.
  if (row.organization_id !== owner) return null;
  const vendorsModels = { label: words.vendorsModels, at: links.knownModels({ tab: 'vendors', credential: row.id }) };
  return (
    <ActionMenu
      label={words.actionsFor(row.name)}
      verdict={verdict}
      actions={[
        { label: words.testWithFreeCall, does: () => onTest(row) },
        ...(owner === null ? [vendorsModels] : []),
        { label: words.editOrRotate, does: () => onEdit(row) },
        ...(row.previous_secret === null ? [] : [{ label: words.endOldSecret, does: () => onEndOverlap(row) }]),
        { label: words.delete, does: () => onDelete(row), isDestructive: true },
      ]}
    />
  );
}

interface ConfirmationProps {
  readonly credential: Credential | null;
  readonly onClose: () => void;
}

function DeleteDialog({ credential, onClose }: ConfirmationProps) {
  const owner = useOwner();
  const uses = credential?.deployment_count ?? 0;
  const action = useConfirmed(credential, {
    make: ({ id }) => deleteCredential(id, owner),
    said: ({ name }) => words.wasDeleted(name),
    list: 'credentials',
  });
  return (
    <ConfirmByName
      opened={credential !== null}
      onClose={onClose}
      title={words.deleteCredential}
      name={credential?.name ?? ''}
      verb={words.deleteCredential}
      consequences={[uses === 0 ? words.secretDestroyed : words.deploymentsUseIt(uses)]}
      action={action}
    />
  );
}

function EndOverlapDialog({ credential, onClose }: ConfirmationProps) {
  const owner = useOwner();
  const action = useConfirmed(credential, {
    make: ({ id }) => endOverlap(id, owner),
    said: ({ name }) => words.oldSecretEnded(name),
    list: 'credentials',
  });
  return (
    <ConfirmByName
      opened={credential !== null}
      onClose={onClose}
      title={words.endOldSecret}
      name={null}
      verb={words.endOldSecret}
      consequences={[words.onlyTheNewOne]}
      action={action}
    />
  );
}
