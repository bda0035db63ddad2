import { ActionIcon, Anchor, Menu, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconDots, IconKey, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, verdictOf } from '../../api/session.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { CreateTokenAccount, DeleteTokenAccount, EditTokenAccount, TOUCHED, type TokenAccount } from './TokenAccountDialogs.tsx';
import { words } from './words.ts';

type Doing = { readonly is: 'edit' | 'delete'; readonly account: TokenAccount } | null;

/** Lists the service accounts of one organization, or of the platform if it is null. They call the admin API. */
export function TokenAccountsList({ organizationId }: { organizationId: string | null }) {
  const [state, set] = useUrlState();
  const [doing, setDoing] = useState<Doing>(null);
  const verdict = useCan('admin_tokens.manage', organizationId);
  const open = () => verdict.allowed && set({ new: 'service-account' }, 'push');
  useHotkeys([['n', open]]);
  const create = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.createServiceAccount}
    </GuardedButton>
  );
  const done = () => setDoing(null);
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {words.accountsMean}
        {organizationId !== null && words.keyAccountsAreOnTeams}
      </Text>
      <DataList<TokenAccount>
        name="token-accounts"
        prefix="machines_"
        scope={[organizationId]}
        fetch={(query) => fetchAccounts(query, organizationId)}
        columns={columnsOf(setDoing)}
        searchLabel={words.searchByNameOrId}
        controls={create}
        empty={
          <EmptyState title={words.noServiceAccountsYet} action={create}>
            {words.createHint}
          </EmptyState>
        }
      />
      <CreateTokenAccount
        opened={state.new === 'service-account' && verdict.allowed}
        organizationId={organizationId}
        onClose={() => set({ new: undefined })}
      />
      {doing?.is === 'edit' && <EditTokenAccount of={doing.account} onClose={done} />}
      {doing?.is === 'delete' && <DeleteTokenAccount of={doing.account} onClose={done} />}
    </>
  );
}

function fetchAccounts(query: ListQuery, organizationId: string | null) {
  if (organizationId === null)
    return asked(api.GET('/service-accounts/platform', { params: { query: queryOf('/service-accounts/platform', query) } }));
  const path = { id: organizationId };
  return asked(
    api.GET('/organizations/{id}/service-accounts', {
      params: { path, query: queryOf('/organizations/{id}/service-accounts', query) },
    }),
  );
}

/** Returns the address state of the page that lists the tokens of one service account. */
function tokensOf({ id, organization_id }: TokenAccount) {
  return { tab: 'tokens', service_account_id: id, ...(organization_id !== null && { organization_id }) };
}

function columnsOf(setDoing: (doing: Doing) => void): ListColumn<TokenAccount>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      sortable: true,
      phone: 'title',
      render: (account) => (
        <Anchor component={PageLink} at={links.settings(tokensOf(account))} fz="sm" fw={500} truncate>
          <bdi>{account.name}</bdi>
        </Anchor>
      ),
    },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    {
      accessor: 'responsible_name',
      title: words.responsiblePerson,
      phone: { fact: 2 },
      render: ({ responsible_name, responsible_account_id }) => <bdi>{responsible_name ?? responsible_account_id}</bdi>,
    },
    {
      accessor: 'created_at',
      title: words.created,
      sortable: true,
      phone: { fact: 3, isNamed: true },
      render: ({ created_at }) => <Time at={created_at} relative />,
    },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (account) => <RowMenu of={account} setDoing={setDoing} />,
    },
  ];
}

function RowMenu({ of: account, setDoing }: { of: TokenAccount; setDoing: (doing: Doing) => void }) {
  const turn = useTurn(account);
  const verdict = verdictOf('service_accounts.manage', account);
  const isActive = account.status === 'active';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.actionsFor(account.name)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconKey size={16} />} component={PageLink} at={links.settings(tokensOf(account))}>
          {words.adminTokens}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPencil size={16} />}
          disabled={!verdict.allowed}
          onClick={() => setDoing({ is: 'edit', account })}
        >
          {words.edit}
        </Menu.Item>
        <Menu.Item disabled={!verdict.allowed} onClick={() => void turn(isActive ? 'disabled' : 'active')}>
          {isActive ? words.disable : words.enable}
        </Menu.Item>
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={16} />}
          disabled={!verdict.allowed}
          onClick={() => setDoing({ is: 'delete', account })}
        >
          {words.delete}
        </Menu.Item>
        <MenuWhyNot verdict={verdict} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Returns a function that disables or enables a service account and offers to undo it. */
function useTurn({ id, name }: TokenAccount) {
  const queryClient = useQueryClient();
  const patch = async (status: 'active' | 'disabled') => {
    await asked(api.PATCH('/service-accounts/{id}', { params: { path: { id } }, body: { status } }));
    await Promise.all(TOUCHED.map((list) => queryClient.invalidateQueries({ queryKey: [list] })));
  };
  return async (status: 'active' | 'disabled') => {
    try {
      await patch(status);
      const said = status === 'active' ? words.enabledAgain : words.nowDisabled;
      doneWithUndo(`${name} ${said}`, () => patch(status === 'active' ? 'disabled' : 'active'));
    } catch (error) {
      notifications.show({ color: 'red', title: words.thatDidNotWork, message: (error as Error).message });
    }
  };
}
