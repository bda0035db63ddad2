import { useHotkeys } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { verdictOf } from '../../../api/session.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { AddPersonDialog } from '../../people/AddPersonDialog.tsx';
import { MembersList } from '../../people/MembersList.tsx';
import { words } from '../words.ts';
import { PendingInvitations } from './PendingInvitations.tsx';
import type { TabProps } from './tab.ts';

/** Lists the members of an organization and its pending invitations. */
export function MembersTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const verdict = verdictOf('members.manage', organization);
  const add = () => verdict.allowed && setState({ new: 'person' }, 'push');
  useHotkeys([['n', add]]);
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconUserPlus size={16} />} onClick={add}>
      {words.addPerson}
    </GuardedButton>
  );
  return (
    <>
      <MembersList organizationId={organization.id} prefix="" addButton={button} />
      {verdict.allowed && <PendingInvitations organizationId={organization.id} />}
      <AddPersonDialog opened={state.new === 'person'} organization={organization} onClose={() => setState({ new: undefined })} />
    </>
  );
}
