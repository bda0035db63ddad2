import { ActionIcon, Button, Select, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/ConfirmByName.tsx';
import { DataList, type ListQuery } from '../../components/DataList.tsx';
import { EmptyState } from '../../components/EmptyState.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { Named } from '../../components/Named.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { useUrlState } from '../../components/useUrlState.ts';
import { CreateToken, TokenSecret } from './CreateToken.tsx';

type Token = Schema<'AdminToken'>;

/** Who but people may use the admin API: tokens with a role, a place and an end. */
export function AdminTokens() {
  const [state, set] = useUrlState();
  const [secret, setSecret] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<Token | null>(null);
  const queryClient = useQueryClient();
  const open = () => set({ new: '1' });
  useHotkeys([['n', open]]);
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        For programs and the command line. A token acts with its role and no further; what it does stands in the audit log under
        its own name.
      </Text>
      <DataList<Token>
        name="admin-tokens"
        fetch={fetchTokens}
        columns={columnsOf(setLeaving)}
        filters={['status']}
        searchLabel="Search by name or id"
        controls={
          <>
            <Select
              aria-label="Status"
              placeholder="Any status"
              clearable
              w={140}
              data={['active', 'revoked'].map((value) => ({ value, label: wordOf(value) }))}
              value={state.status ?? null}
              onChange={(status) => set({ status: status ?? undefined, cursor: undefined })}
            />
            <Button leftSection={<IconPlus size={16} />} onClick={open}>
              Create admin token
            </Button>
          </>
        }
        empty={
          <EmptyState title="No admin token" action={<Button onClick={open}>Create admin token</Button>}>
            People sign in; programs use a token. Give each program its own, with the least role it needs.
          </EmptyState>
        }
      />
      <CreateToken opened={state.new === '1'} onClose={() => set({ new: undefined })} onCreated={setSecret} />
      <TokenSecret secret={secret} onClose={() => setSecret(null)} />
      <ConfirmByName
        opened={leaving !== null}
        onClose={() => setLeaving(null)}
        title="Revoke admin token"
        name={leaving?.name ?? ''}
        verb="Revoke"
        consequences={[
          'Whatever uses this token is refused at once, on every replica.',
          'A revoked token never comes back; its events stay in the audit log.',
        ]}
        action={async () => {
          await asked(api.DELETE('/admin-tokens/{id}', { params: { path: { id: leaving?.id ?? '' } } }));
          await queryClient.invalidateQueries({ queryKey: ['admin-tokens'] });
        }}
      />
    </>
  );
}

function fetchTokens(query: ListQuery) {
  return asked(api.GET('/admin-tokens', { params: { query: query as never } }));
}

function columnsOf(revoke: (token: Token) => void): ListColumn<Token>[] {
  return [
    { accessor: 'name', title: 'Name', sortable: true, phone: 'title', render: ({ name }) => <bdi>{name}</bdi> },
    {
      accessor: 'last_four',
      title: 'Token',
      phone: { fact: 2 },
      render: ({ last_four }) => <span className="mono nowrap">hgadm_…{last_four}</span>,
    },
    { accessor: 'role', title: 'Role', noWrap: true, phone: { fact: 3 }, render: ({ role }) => wordOf(role) },
    {
      accessor: 'organization_id',
      title: 'Acts in',
      render: ({ organization_id }) => (organization_id === null ? 'The platform' : <Named id={organization_id} />),
    },
    { accessor: 'status', title: 'Status', phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    {
      accessor: 'last_used_at',
      title: 'Last used',
      noWrap: true,
      phone: { fact: 4, isNamed: true },
      render: ({ last_used_at }) => <Time at={last_used_at} relative />,
    },
    { accessor: 'expires_at', title: 'Expires', noWrap: true, render: ({ expires_at }) => <Time at={expires_at} /> },
    {
      accessor: 'created_at',
      title: 'Created',
      sortable: true,
      noWrap: true,
      render: ({ created_at }) => <Time at={created_at} />,
    },
    {
      accessor: 'actions',
      title: <VisuallyHidden>Actions</VisuallyHidden>,
      width: 52,
      phone: 'menu',
      render: (token) => <Revoke token={token} onRevoke={() => revoke(token)} />,
    },
  ];
}

function Revoke({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  if (token.status === 'revoked') return null;
  const verdict = verdictOf('admin_tokens.manage', token.capabilities);
  return (
    <Tooltip label={verdict.reason ?? 'Revoke'}>
      <ActionIcon
        variant="subtle"
        color="red"
        aria-label={`Revoke ${token.name}`}
        aria-disabled={!verdict.allowed}
        data-disabled={!verdict.allowed || undefined}
        onClick={() => verdict.allowed && onRevoke()}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
