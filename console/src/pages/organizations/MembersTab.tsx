import { ActionIcon, Anchor, Group, Menu, Text, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconAdjustments, IconDots, IconUserCog, IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { DataTableColumn } from 'mantine-datatable';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { countText } from '../../components/Count.tsx';
import { DataList, type ListQuery } from '../../components/DataList.tsx';
import { EmptyState } from '../../components/EmptyState.tsx';
import { GuardedButton } from '../../components/GuardedButton.tsx';
import { RoleName } from '../../components/RoleSelect.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { useUrlState } from '../../components/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import { ChangeRoleDialog } from './ChangeRoleDialog.tsx';
import { InviteDialog } from './InviteDialog.tsx';
import type { Member } from './member.ts';
import { PendingInvitations } from './PendingInvitations.tsx';
import { RemoveMemberDialog } from './RemoveMemberDialog.tsx';
import type { TabProps } from './tab.ts';

type Ask = 'role' | 'remove';

/** Who belongs to an organization: roles, teams, keys, when last seen; and who is invited. */
export function MembersTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const [asking, setAsking] = useState<{ member: Member; what: Ask }>();
  const verdict = verdictOf('members.manage', organization.capabilities);
  const invite = () => verdict.allowed && setState({ new: 'invitation' }, 'push');
  useHotkeys([['n', invite]]);
  const close = () => setAsking(undefined);
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconUserPlus size={16} />} onClick={invite}>
      Invite person
    </GuardedButton>
  );
  return (
    <>
      <DataList<Member>
        name="members"
        scope={[organization.id]}
        fetch={(query) => fetchMembers(organization.id, query)}
        columns={columnsOf((member, what) => setAsking({ member, what }))}
        filters={['role']}
        searchLabel="Name or id"
        controls={button}
        empty={
          <EmptyState title="No member yet" action={button}>
            Invite the person who answers for this organization as its owner; they can then invite the others.
          </EmptyState>
        }
      />
      {verdict.allowed && <PendingInvitations organizationId={organization.id} />}
      <InviteDialog
        opened={state.new === 'invitation'}
        organization={organization}
        onClose={() => setState({ new: undefined })}
      />
      {asking?.what === 'role' && <ChangeRoleDialog organization={organization} member={asking.member} onClose={close} />}
      {asking?.what === 'remove' && <RemoveMemberDialog organization={organization} member={asking.member} onClose={close} />}
    </>
  );
}

function fetchMembers(id: string, query: ListQuery) {
  return asked(api.GET('/organizations/{id}/members', { params: { path: { id }, query: query as object } }));
}

function columnsOf(ask: (member: Member, what: Ask) => void): DataTableColumn<Member>[] {
  return [
    { accessor: 'name', title: 'Member', sortable: true, render: (member) => <Person member={member} /> },
    { accessor: 'role', title: 'Role', render: ({ role }) => <RoleName role={role} /> },
    { accessor: 'teams', title: 'Teams', render: ({ teams }) => <Teams teams={teams} /> },
    { accessor: 'key_count', title: 'Keys', textAlign: 'right', render: ({ key_count }) => countText(key_count) },
    { accessor: 'last_seen_at', title: 'Last seen', render: ({ last_seen_at }) => <Time at={last_seen_at} relative /> },
    { accessor: 'created_at', title: 'Joined', sortable: true, render: ({ created_at }) => <Time at={created_at} relative /> },
    { accessor: 'actions', title: '', textAlign: 'right', width: 48, render: (member) => <RowMenu member={member} ask={ask} /> },
  ];
}

function Person({ member }: { member: Member }) {
  const isDisabled = member.status === 'disabled' || member.account_status === 'disabled';
  return (
    <div>
      <Group gap={6}>
        <Anchor
          component={Link}
          to={PATHS.account}
          params={{ accountId: member.account_id } as never}
          c="inherit"
          fz="sm"
          fw={600}
        >
          <bdi>{member.name}</bdi>
        </Anchor>
        {isDisabled && <StatusBadge status="disabled" />}
      </Group>
      <Text fz="xs" c="dimmed">
        {member.email}
      </Text>
    </div>
  );
}

function Teams({ teams }: { teams: Member['teams'] }) {
  if (teams.length === 0) return <Text c="dimmed">–</Text>;
  return (
    <Text fz="sm">
      {teams.map(({ team_id, name, role }, index) => (
        <span key={team_id}>
          {index > 0 && ', '}
          <Anchor component={Link} to={PATHS.team} params={{ teamId: team_id } as never} fz="sm">
            <bdi>{name}</bdi>
          </Anchor>{' '}
          <Text component="span" fz="xs" c="dimmed">
            <RoleName role={role} />
          </Text>
        </span>
      ))}
    </Text>
  );
}

function RowMenu({ member, ask }: { member: Member; ask: (member: Member, what: Ask) => void }) {
  const verdict = verdictOf('members.manage', member.capabilities);
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions of ${member.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Tooltip label={verdict.reason} disabled={verdict.allowed} position="left">
          <div>
            <Menu.Item leftSection={<IconUserCog size={15} />} disabled={!verdict.allowed} onClick={() => ask(member, 'role')}>
              Change role
            </Menu.Item>
            <Menu.Item
              color="red"
              leftSection={<IconUserMinus size={15} />}
              disabled={!verdict.allowed}
              onClick={() => ask(member, 'remove')}
            >
              Remove
            </Menu.Item>
          </div>
        </Tooltip>
        <Menu.Item
          component={Link}
          to={PATHS.account.replace('$accountId', member.account_id)}
          leftSection={<IconAdjustments size={15} />}
        >
          Limits, budgets, access
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
