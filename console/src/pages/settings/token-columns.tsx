import { ActionIcon, Menu, Stack, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { RoleName } from '../../components/fields/RoleSelect.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { Named } from '../../components/Named.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { words } from './words.ts';

type Token = Schema<'AdminToken'>;
type Act = (what: 'revoke' | 'narrow' | 'take_over', token: Token) => void;

const STOPPED_BY = words.stoppedBy;

/** Returns the columns of the list of admin tokens. */
export function tokenColumns(act: Act): ListColumn<Token>[] {
  return [
    { accessor: 'name', title: words.name, sortable: true, phone: 'title', render: (token) => <Name token={token} /> },
    {
      accessor: 'last_four',
      title: words.token,
      phone: { fact: 2 },
      render: ({ last_four }) => <span className="mono nowrap">{words.tokenEnd(last_four)}</span>,
    },
    { accessor: 'role', title: words.role, noWrap: true, phone: { fact: 3 }, render: ({ role }) => <RoleName role={role} /> },
    {
      accessor: 'organization_id',
      title: words.actsIn,
      render: ({ organization_id }) => (organization_id === null ? words.thePlatform : <Named id={organization_id} />),
    },
    { accessor: 'owner', title: words.owner, render: (token) => <Owner token={token} /> },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: (token) => <Status token={token} /> },
    {
      accessor: 'last_used_at',
      title: words.lastUsed,
      noWrap: true,
      phone: { fact: 4, isNamed: true },
      render: ({ last_used_at, last_used_ip }) => (
        <Stack gap={0}>
          <Time at={last_used_at} relative />
          {last_used_ip !== null && <Faint>{words.fromIp(last_used_ip)}</Faint>}
        </Stack>
      ),
    },
    {
      accessor: 'expires_at',
      title: words.expires,
      noWrap: true,
      render: ({ expires_at, unowned_ends_at }) => {
        const end = unowned_ends_at ?? expires_at;
        return end === null ? words.never : <Time at={end} />;
      },
    },
    {
      accessor: 'actions',
      title: '',
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
    permissions === null ? '' : words.ofItsPermissions(permissions.length),
    organization_ids === null ? '' : words.countOrganizations(organization_ids.length),
    networks === null ? '' : networks.join(', '),
  ].filter((part) => part !== '');
  return (
    <Stack gap={0}>
      <bdi>{name}</bdi>
      {maker_name !== null && <Faint>{words.createdBy(maker_name)}</Faint>}
      {kept.length > 0 && <Faint>{words.restrictedTo(kept.join('; '))}</Faint>}
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
          <Faint>{words.responsible(owner.responsible_name)}</Faint>
        </Stack>
      );
    case 'installation':
      return words.theInstallation;
    case 'nobody':
      return words.noOne;
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
        <ActionIcon variant="subtle" color="gray" aria-label={words.actionsFor(token.name)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canBeTaken && (
          <Menu.Item disabled={!allowed} onClick={() => act('take_over', token)}>
            {words.takeOver}
          </Menu.Item>
        )}
        <Menu.Item disabled={!allowed} onClick={() => act('narrow', token)}>
          {words.change}
        </Menu.Item>
        <Menu.Item color="red" disabled={!allowed} onClick={() => act('revoke', token)}>
          {words.revoke}
        </Menu.Item>
        <MenuWhyNot verdict={verdict} />
      </Menu.Dropdown>
    </Menu>
  );
}
