import { notifications } from '@mantine/notifications';
import { IconEdit, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useDialog } from '../../components/dialogs/useDialog.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import { EditTeamDialog } from './EditTeamDialog.tsx';
import { words } from './words.ts';

type Team = Schema<'Team'>;

/**
 * The actions on a team. Suspending and reactivating undo each other. Suspending first shows what is refused. `edit` in the
 * address opens the dialog, at a field if it names one.
 */
export function TeamActions({ of: team }: { of: Team }) {
  const [open, setOpen] = useDialog(['suspend']);
  const [isDeleting, setDeleting] = useState(false);
  const [{ edit }, setState] = useUrlState();
  const queryClient = useQueryClient();
  const manages = verdictOf('teams.manage', team);
  const narrows = verdictOf('team_access.narrow', team);
  const mayEdit = manages.allowed ? manages : narrows;
  const isActive = team.status === 'active';
  const turn = async (status: Team['status']) => {
    await asked(api.PATCH('/teams/{id}', { params: { path: { id: team.id } }, body: { status } }));
    await queryClient.invalidateQueries({ queryKey: ['teams'] });
  };
  const toggle = useMutation({
    mutationFn: turn,
    onSuccess: (_, status) =>
      status === 'suspended'
        ? doneWithUndo(words.isSuspended(team.name), () => turn('active'))
        : doneWithUndo(words.isActiveAgain(team.name), () => turn('suspended')),
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
  return (
    <>
      <GuardedButton
        variant="default"
        verdict={mayEdit}
        leftSection={<IconEdit size={16} />}
        onClick={() => setState({ edit: 'team' }, 'push')}
      >
        {words.edit}
      </GuardedButton>
      <GuardedButton
        variant="default"
        verdict={manages}
        loading={toggle.isPending}
        onClick={() => (isActive ? setOpen('suspend') : toggle.mutate('active'))}
      >
        {isActive ? words.suspend : words.reactivate}
      </GuardedButton>
      <GuardedButton
        variant="default"
        color="red"
        verdict={manages}
        leftSection={<IconTrash size={16} />}
        onClick={() => setDeleting(true)}
      >
        {words.delete}
      </GuardedButton>
      <ConfirmByName
        opened={open === 'suspend' && manages.allowed}
        onClose={() => setOpen(null)}
        title={words.suspendNamed(team.name)}
        name={null}
        verb={words.suspendTeam}
        consequences={[words.teamKeysRefused]}
        effect={() => effectOf('PATCH', `/teams/${team.id}`, { status: 'suspended' })}
        action={() => toggle.mutateAsync('suspended')}
      />
      <EditTeamDialog
        of={team}
        opened={edit !== undefined && mayEdit.allowed}
        at={edit}
        onClose={() => setState({ edit: undefined })}
      />
      {isDeleting && <DeleteTeamDialog of={team} onClose={() => setDeleting(false)} />}
    </>
  );
}

function DeleteTeamDialog({ of: team, onClose }: { of: Team; onClose: () => void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const path = { id: team.id };
  const report = useQuery({
    queryKey: ['leaving', team.id],
    queryFn: () => asked(api.DELETE('/teams/{id}', { params: { path, query: { dry_run: true } } })),
    gcTime: 0,
  });
  const goes = report.data?.goes;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.deleteNamed(team.name)}
      name={team.name}
      verb={words.deleteTeam}
      isKnown={report.isSuccess}
      consequences={
        goes === undefined
          ? [words.lookingUp]
          : [
              words.keysAreRevoked(goes.keys),
              words.accountsAreDeleted(goes.service_accounts),
              words.membersLeave(goes.members),
              words.historyIsKept,
            ]
      }
      action={async () => {
        await asked(api.DELETE('/teams/{id}', { params: { path } }));
        saved(words.wasDeleted(team.name));
        await navigate({ to: PATHS.teams });
        await Promise.all(['teams', 'keys', 'organizations'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
      }}
    />
  );
}
