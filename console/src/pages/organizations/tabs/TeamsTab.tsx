import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { verdictOf } from '../../../api/session.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { CreateTeamDialog } from '../../teams/CreateTeamDialog.tsx';
import { TeamsList } from '../../teams/TeamsList.tsx';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';

/** Lists the teams of an organization. */
export function TeamsTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const verdict = verdictOf('teams.manage', organization);
  const openNew = () => verdict.allowed && setState({ new: 'team' }, 'push');
  useHotkeys([['n', openNew]]);
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={openNew}>
      {words.createTeam}
    </GuardedButton>
  );
  return (
    <>
      <TeamsList organizationId={organization.id} prefix="" createButton={button} />
      <CreateTeamDialog
        opened={state.new === 'team'}
        onClose={() => setState({ new: undefined })}
        organizationId={organization.id}
      />
    </>
  );
}
