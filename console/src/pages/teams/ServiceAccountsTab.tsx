import { Badge, Button, Group, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { LeavingDialog } from '../people/LeavingDialog.tsx';
import type { TeamTabProps } from './tab.ts';
import { words } from './words.ts';

type ServiceAccount = Schema<'ServiceAccount'>;

/** Lists the service accounts of a team. They own keys and never sign in, so an application keeps its keys when people leave. */
export function ServiceAccountsTab({ team }: TeamTabProps) {
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<ServiceAccount | null>(null);
  const add = (
    <GuardedButton
      verdict={verdictOf('service_accounts.manage', team)}
      leftSection={<IconPlus size={16} />}
      onClick={() => setAdding(true)}
    >
      {words.createServiceAccount}
    </GuardedButton>
  );
  return (
    <>
      <DataList<ServiceAccount>
        name="service-accounts"
        prefix="services_"
        scope={[team.id]}
        fetch={(query) =>
          asked(
            api.GET('/teams/{id}/service-accounts', {
              params: { path: { id: team.id }, query: queryOf('/teams/{id}/service-accounts', query) },
            }),
          )
        }
        columns={columnsWith(setLeaving)}
        searchLabel={words.searchByNameOrId}
        controls={<Group ml="auto">{add}</Group>}
        empty={
          <EmptyState title={words.noServiceAccountsYet} action={add}>
            {words.createAccountHint}
          </EmptyState>
        }
      />
      <NewServiceAccount teamId={team.id} opened={isAdding} onClose={() => setAdding(false)} />
      {leaving !== null && <DeleteDialog of={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

function columnsWith(onDelete: (account: ServiceAccount) => void): ListColumn<ServiceAccount>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      sortable: true,
      phone: 'title',
      render: ({ name, is_default }) => (
        <Group gap="xs" wrap="nowrap">
          <Text fz="sm" fw={500}>
            <bdi>{name}</bdi>
          </Text>
          {is_default && <Badge color="gray">{words.default}</Badge>}
        </Group>
      ),
    },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    {
      accessor: 'created_at',
      title: words.created,
      sortable: true,
      phone: { fact: 2, isNamed: true },
      render: ({ created_at }) => <Time at={created_at} relative />,
    },
    { accessor: 'actions', title: '', phone: 'menu', render: (account) => <Actions of={account} onDelete={onDelete} /> },
  ];
}

function Actions({ of: account, onDelete }: { of: ServiceAccount; onDelete: (account: ServiceAccount) => void }) {
  const [isAsking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  const isActive = account.status === 'active';
  const turn = async (status: 'active' | 'disabled') => {
    await asked(api.PATCH('/service-accounts/{id}', { params: { path: { id: account.id } }, body: { status } }));
    await queryClient.invalidateQueries({ queryKey: ['service-accounts'] });
  };
  const toggle = useMutation({
    mutationFn: turn,
    onSuccess: (_, status) =>
      status === 'disabled'
        ? doneWithUndo(words.wasDisabledItsKeysAreRefused(account.name), () => turn('active'))
        : doneWithUndo(words.wasEnabledAgain(account.name), () => turn('disabled')),
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
  if (!account.capabilities.includes('service_accounts.manage')) return null;
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        loading={toggle.isPending}
        onClick={() => (isActive ? setAsking(true) : toggle.mutate('active'))}
      >
        {isActive ? words.disable : words.enable}
      </Button>
      <Button size="compact-sm" variant="default" aria-label={words.deleteNamed(account.name)} onClick={() => onDelete(account)}>
        {words.delete}
      </Button>
      <ConfirmByName
        opened={isAsking}
        onClose={() => setAsking(false)}
        title={words.disableNamed(account.name)}
        name={null}
        verb={words.disableServiceAccount}
        consequences={[words.keysRefusedFromNow]}
        effect={() => effectOf('PATCH', `/service-accounts/${account.id}`, { status: 'disabled' })}
        action={() => toggle.mutateAsync('disabled')}
      />
    </Group>
  );
}

interface NewServiceAccountProps {
  readonly teamId: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function NewServiceAccount({ teamId, opened, onClose }: NewServiceAccountProps) {
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.createServiceAccount}
      size="md"
      initial={{ name: '' }}
      validate={{ name: (name) => (name.trim() === '' ? words.enterAccountName : null) }}
      verb={words.createServiceAccount}
      invalidates={['service-accounts']}
      save={({ name }, header) =>
        asked(
          api.POST('/teams/{id}/service-accounts', {
            params: { path: { id: teamId }, header },
            body: { name: name.trim() },
          }),
        )
      }
      onSaved={({ name }) => saved(words.wasCreated(name))}
    >
      {(form) => (
        <TextInput
          label={words.name}
          description={words.accountNameMeans}
          data-autofocus
          required
          withAsterisk={false}
          maxLength={200}
          {...form.getInputProps('name')}
        />
      )}
    </CreateDialog>
  );
}

function DeleteDialog({ of: account, onClose }: { of: ServiceAccount; onClose: () => void }) {
  const path = { id: account.id };
  return (
    <LeavingDialog
      title={words.deleteNamed(account.name)}
      name={account.name}
      verb={words.deleteServiceAccount}
      organizationId={account.organization_id}
      offersDefault={!account.is_default}
      consequences={[words.accountIsDeleted]}
      leave={(query) => asked(api.DELETE('/service-accounts/{id}', { params: { path, query } }))}
      stale={['service-accounts', 'keys', 'teams']}
      done={words.wasDeleted(account.name)}
      onClose={onClose}
    />
  );
}
