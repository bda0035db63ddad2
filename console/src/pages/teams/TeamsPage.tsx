import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useCanAnywhere, verdictOf } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { CreateTeamDialog } from './CreateTeamDialog.tsx';
import { TeamsList } from './TeamsList.tsx';
import { words } from './words.ts';

/** Lists every team that the person may see, in all organizations. */
export function TeamsPage() {
  const [{ new: opened, organization_id }, set] = useUrlState();
  const mayCreate = useCanAnywhere('teams.manage') ? verdictOf('teams.manage', ['teams.manage']) : verdictOf('teams.manage', []);
  const open = () => set({ new: 'team' }, 'push');
  useHotkeys([['n', () => mayCreate.allowed && open()]]);
  const create = (
    <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.createTeam}
    </GuardedButton>
  );
  return (
    <Page title={words.teams} about={words.teamsAbout} actions={create}>
      <TeamsList prefix="" createButton={create} />
      <CreateTeamDialog opened={opened === 'team'} onClose={() => set({ new: undefined })} organizationId={organization_id} />
    </Page>
  );
}
