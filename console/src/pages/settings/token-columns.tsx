import { ActionIcon, Menu, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { RoleName } from '../../components/fields/RoleSelect.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { Named } from '../../components/Named.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';

type Token = Schema<'AdminToken'>;
type Act = (what: 'revoke' | 'narrow' | 'take_over', token: Token) => void;

const STOPPED_BY = {
  maker: 'Its owner no longer has its role.',
  responsible: 'The responsible person no longer has its role. An owner can take it over.',
  service_account: 'Its service account is disabled or deleted.',
  organization: 'The organization is not active.',
} as const;

/** Returns the columns of the list of admin tokens. */
export function tokenColumns(act: Act): ListColumn<Token>[] {
  return [
    { accessor: 'name', title: 'Name', sortable: true, phone: 'title', render: (token) => <Name token={token} /> },
    {
      accessor: 'last_four',
      title: 'Token',
      phone: { fact: 2 },
      render: ({ last_four }) => <span className="mono nowrap">hgadm_…{last_four}</span>,
    },
    { accessor: 'role', title: 'Role', noWrap: true, phone: { fact: 3 }, render: ({ role }) => <RoleName role={role} /> },
    {
      accessor: 'organization_id',
      title: 'Acts in',
      render: ({ organization_id }) => (organization_id === null ? 'The platform' : <Named id={organization_id} />),
    },
    { accessor: 'owner', title: 'Owner', render: (token) => <Owner token={token} /> },
    { accessor: 'status', title: 'Status', phone: { fact: 1 }, render: (token) => <Status token={token} /> },
    {
      accessor: 'last_used_at',
      title: 'Last used',
      noWrap: true,
      phone: { fact: 4, isNamed: true },
      render: ({ last_used_at, last_used_ip }) => (
        <Stack gap={0}>
          <Time at={last_used_at} relative />
          {last_used_ip !== null && <Faint>from {last_used_ip}</Faint>}
        </Stack>
      ),
    },
    {
      accessor: 'expires_at',
      title: 'Expires',
      noWrap: true,
      render: ({ expires_at, unowned_ends_at }) => {
        const end = unowned_ends_at ?? expires_at;
        return end === null ? 'Never' : <Time at={end} />;
      },
    },
    {
      accessor: 'actions',
      title: <VisuallyHidden>Actions</VisuallyHidden>,
      width: 52,
      phone: 'menu',
      render: (token) => <Actions token={token} act={act} />,
    },
  ];
}

function Faint({ children }: { children: React.ReactNode }) {
  return (
    <Text component="span" fz="xs" c="dimmed">
      {children}
    </Text>
  );
}

function Name({ token: { name, permissions, organization_ids, networks, maker_name } }: { token: Token }) {
  const kept = [
    permissions === null ? '' : `${permissions.length} of its permissions`,
    organization_ids === null ? '' : `${organization_ids.length} organizations`,
    networks === null ? '' : networks.join(', '),
  ].filter((part) => part !== '');
  return (
    <Stack gap={0}>
      <bdi>{name}</bdi>
      {maker_name !== null && <Faint>Created by {maker_name}</Faint>}
      {kept.length > 0 && <Faint>Restricted to {kept.join('; ')}</Faint>}
    </Stack>
  );
}

function Owner({ token: { owner } }: { token: Token }) {
  switch (owner.kind) {
    case 'account':
      return <bdi>{owner.name ?? owner.id}</bdi>;
    case 'service_account':
      return (
        <Stack gap={0}>
          <bdi>{owner.name ?? owner.id}</bdi>
          <Faint>Responsible: {owner.responsible_name ?? 'no one'}</Faint>
        </Stack>
      );
    case 'installation':
      return 'The installation';
    case 'nobody':
      return 'No one';
  }
}

function Status({ token: { status, stopped_by } }: { token: Token }) {
  return (
    <Stack gap={0} align="flex-start">
      <StatusBadge status={status} />
      {stopped_by !== null && <Faint>{STOPPED_BY[stopped_by]}</Faint>}
    </Stack>
  );
}

function Actions({ token, act }: { token: Token; act: Act }) {
  if (token.status === 'revoked' || token.status === 'expired') return null;
  const verdict = verdictOf('admin_tokens.manage', token);
  const { allowed } = verdict;
  const canBeTaken = token.owner.kind === 'nobody' || token.stopped_by === 'responsible';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${token.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canBeTaken && (
          <Menu.Item disabled={!allowed} onClick={() => act('take_over', token)}>
            Take over…
          </Menu.Item>
        )}
        <Menu.Item disabled={!allowed} onClick={() => act('narrow', token)}>
          Change…
        </Menu.Item>
        <Menu.Item color="red" disabled={!allowed} onClick={() => act('revoke', token)}>
          Revoke…
        </Menu.Item>
        <MenuWhyNot verdict={verdict} />
      </Menu.Dropdown>
    </Menu>
  );
}
