import { ActionIcon, Group, Menu, Select, Text, Tooltip } from '@mantine/core';
import { IconDots, IconEdit, IconUserMinus } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { MemberLink } from '../../components/fields/MemberLink.tsx';
import { ORGANIZATION_ROLES, RoleName, roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { EditMemberDialog } from './EditMemberDialog.tsx';
import { RemoveMemberDialog } from './RemoveMemberDialog.tsx';
import { words } from './words.ts';

type Member = Schema<'Member'>;

interface MembersListProps {
  readonly organizationId: string;
  /** The prefix of this list's parameters in the address. */
  readonly prefix?: string;
  /** Shown beside the search, and on an empty list. */
  readonly addButton?: ReactNode;
}

/** Lists the members of one organization with role, teams and keys. Each can be edited or removed here. */
export function MembersList({ organizationId, prefix = 'members_', addButton }: MembersListProps) {
  const [state, set] = useUrlState();
  const mayManage = useCan('members.manage', organizationId);
  const [editing, setEditing] = useState<Member | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  const columns = columnsWith({ mayManage, onEdit: setEditing, onRemove: setRemoving });
  const path = { id: organizationId };
  return (
    <>
      <DataList
        name="members"
        prefix={prefix}
        scope={[organizationId]}
        fetch={(query) =>
          asked(
            api.GET('/organizations/{id}/members', { params: { path, query: queryOf('/organizations/{id}/members', query) } }),
          )
        }
        columns={columns}
        filters={['role']}
        searchLabel={words.searchByNameOrId}
        controls={
          <>
            <Select
              aria-label={words.role}
              placeholder={words.anyRole}
              clearable
              w={150}
              data={ORGANIZATION_ROLES.map((value) => ({ value, label: roleWord(value) }))}
              value={state.role ?? null}
              onChange={(next) => set({ role: next ?? undefined, [`${prefix}cursor`]: undefined })}
            />
            {addButton}
          </>
        }
        empty={
          <EmptyState title={words.noMembersYet} action={addButton}>
            {words.whomToAddFirst}
          </EmptyState>
        }
      />
      {editing !== null && <EditMemberDialog of={editing} opened onClose={() => setEditing(null)} />}
      {removing !== null && <RemoveMemberDialog of={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

interface RowActions {
  readonly mayManage: Verdict;
  readonly onEdit: (member: Member) => void;
  readonly onRemove: (member: Member) => void;
}

function columnsWith(actions: RowActions): ListColumn<Member>[] {
  return [
    {
      accessor: 'name',
      title: words.member,
      sortable: true,
      phone: 'title',
      render: (member) => <MemberLink of={member} memberId={member.id} />,
    },
    { accessor: 'role', title: words.role, phone: { fact: 1 }, render: ({ role }) => <RoleName role={role} /> },
    { accessor: 'teams', title: words.teams, render: ({ teams }) => <Teams of={teams} /> },
    { accessor: 'key_count', title: words.keys, textAlign: 'right', phone: { fact: 3, isNamed: true } },
    {
      accessor: 'status',
      title: words.status,
      phone: { fact: 2 },
      render: (member) => <StatusBadge status={statusOf(member)} />,
    },
    { accessor: 'last_seen_at', title: words.lastSeen, render: ({ last_seen_at }) => <Time at={last_seen_at} relative /> },
    { accessor: 'created_at', title: words.since, sortable: true, render: ({ created_at }) => <Time at={created_at} relative /> },
    { accessor: 'actions', title: '', width: 48, phone: 'menu', render: (member) => <RowMenu of={member} {...actions} /> },
  ];
}

/** Returns the status. A member whose account is disabled counts as disabled. */
function statusOf({ status, account_status }: Member): string {
  return account_status === 'disabled' ? 'disabled' : status;
}

const SHOWN = 2;

function Teams({ of: teams }: { of: Member['teams'] }) {
  if (teams.length === 0)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  const words = teams.map(({ name, role }) => `${name} (${roleWord(role).toLowerCase()})`);
  return (
    <Tooltip label={words.join(', ')} disabled={words.length <= SHOWN}>
      <Text fz="sm" maw={260} truncate>
        <bdi>{words.slice(0, SHOWN).join(', ')}</bdi>
        {words.length > SHOWN && ` +${words.length - SHOWN}`}
      </Text>
    </Tooltip>
  );
}

function RowMenu({ of: member, mayManage, onEdit, onRemove }: RowActions & { of: Member }) {
  return (
    <Group justify="flex-end">
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={words.actionsFor(member.name)}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEdit size={16} />} disabled={!mayManage.allowed} onClick={() => onEdit(member)}>
            {words.roleLimitsAndAccessMenu}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconUserMinus size={16} />}
            disabled={!mayManage.allowed}
            onClick={() => onRemove(member)}
          >
            {words.removeMenu}
          </Menu.Item>
          <MenuWhyNot verdict={mayManage} />
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
