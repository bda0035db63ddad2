import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconUserPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { effectOf } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { MemberLink } from '../../components/fields/MemberLink.tsx';
import { RoleName, RoleSelect, roleWord, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Time } from '../../components/Time.tsx';
import { LeavingDialog } from '../people/LeavingDialog.tsx';
import { AddTeamMemberDialog } from './AddTeamMemberDialog.tsx';
import type { TeamTabProps } from './tab.ts';
import { words } from './words.ts';

type TeamMember = Schema<'TeamMember'>;
/** A team member as a row of a list. Rows need an id, which is the membership's. */
type Row = TeamMember & { readonly id: string };

/** Lists the members of a team with their roles. */
export function TeamMembersTab({ team }: TeamTabProps) {
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<TeamMember | null>(null);
  const mayManage = verdictOf('team_members.manage', team);
  const add = (
    <GuardedButton verdict={mayManage} leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)}>
      {words.addPerson}
    </GuardedButton>
  );
  return (
    <>
      <DataList<Row>
        name="team-members"
        prefix="members_"
        scope={[team.id]}
        fetch={async (query) => {
          const page = await asked(
            api.GET('/teams/{id}/members', { params: { path: { id: team.id }, query: queryOf('/teams/{id}/members', query) } }),
          );
          return { ...page, data: page.data.map((member) => ({ ...member, id: member.member_id })) };
        }}
        columns={columnsWith(mayManage, setLeaving)}
        searchLabel={words.searchByName}
        controls={<Group ml="auto">{add}</Group>}
        empty={
          <EmptyState title={words.noMembersYet} action={add}>
            {words.addPersonHint}
          </EmptyState>
        }
      />
      <AddTeamMemberDialog team={team} opened={isAdding} onClose={() => setAdding(false)} />
      {leaving !== null && <LeaveTeamDialog of={leaving} teamName={team.name} onClose={() => setLeaving(null)} />}
    </>
  );
}

function columnsWith(mayManage: Verdict, onLeave: (member: TeamMember) => void): ListColumn<Row>[] {
  return [
    {
      accessor: 'name',
      title: words.member,
      sortable: true,
      phone: 'title',
      render: (member) => <MemberLink of={member} memberId={member.member_id} />,
    },
    {
      accessor: 'role',
      title: words.role,
      phone: { fact: 1 },
      render: (member) => (mayManage.allowed ? <RoleCell of={member} /> : <RoleName role={member.role} />),
    },
    {
      accessor: 'created_at',
      title: words.inTheTeam,
      sortable: true,
      render: ({ created_at }) => <Time at={created_at} relative />,
    },
    {
      accessor: 'actions',
      title: '',
      phone: 'menu',
      render: (member) =>
        mayManage.allowed && (
          <Group justify="flex-end">
            <Button
              size="compact-sm"
              variant="default"
              aria-label={words.removeNamed(member.name)}
              onClick={() => onLeave(member)}
            >
              {words.remove}
            </Button>
          </Group>
        ),
    },
  ];
}

/** Changes the role of a member, after showing which permissions they lose. */
function RoleCell({ of: member }: { of: TeamMember }) {
  const [wanted, setWanted] = useState<TeamMember['role'] | null>(null);
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: (role: TeamMember['role']) =>
      asked(
        api.PATCH('/teams/{id}/members/{member_id}', {
          params: { path: { id: member.team_id, member_id: member.member_id } },
          body: { role },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['team-members'] });
      saved(words.roleWasChanged(member.name));
    },
    onError: (error) => notifications.show({ color: 'red', title: words.notChanged, message: error.message }),
  });
  return (
    <>
      <RoleSelect
        roles={TEAM_ROLES}
        label={null}
        aria-label={words.roleOf(member.name)}
        size="xs"
        w={140}
        disabled={change.isPending}
        value={member.role}
        onChange={(role) => role !== null && role !== member.role && setWanted(role as TeamMember['role'])}
      />
      <ConfirmByName
        opened={wanted !== null}
        onClose={() => setWanted(null)}
        title={words.changeRoleOf(member.name)}
        name={null}
        verb={words.changeRole}
        consequences={wanted === null ? [] : [words.roleFromTo(roleWord(member.role), roleWord(wanted))]}
        effect={() => effectOf('PATCH', `/teams/${member.team_id}/members/${member.member_id}`, { role: wanted })}
        action={() => change.mutateAsync(wanted ?? member.role)}
      />
    </>
  );
}

function LeaveTeamDialog({ of: member, teamName, onClose }: { of: TeamMember; teamName: string; onClose: () => void }) {
  const path = { id: member.team_id, member_id: member.member_id };
  return (
    <LeavingDialog
      title={words.removeFromTeam(member.name, teamName)}
      name={member.name}
      verb={words.removeMember}
      organizationId={member.organization_id}
      consequences={[words.theyLeaveTheTeam]}
      leave={async (query) => {
        const { keys_revoked } = await asked(api.DELETE('/teams/{id}/members/{member_id}', { params: { path, query } }));
        return { keys_revoked };
      }}
      stale={['team-members', 'teams', 'keys', 'members']}
      done={words.wasRemovedFrom(member.name, teamName)}
      onClose={onClose}
    />
  );
}
