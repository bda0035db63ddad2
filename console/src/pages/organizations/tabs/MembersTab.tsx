import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconAddressBook, IconUserPlus } from '@tabler/icons-react';
import { verdictOf } from '../../../api/session.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { RolesLink } from '../../../components/fields/RolesLink.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { PageLink } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
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
    <>
      <GuardedButton verdict={verdict} leftSection={<IconUserPlus size={16} />} onClick={add}>
        {words.addPerson}
      </GuardedButton>
      {verdictOf('directory.manage', organization).allowed && (
        <Button
          component={PageLink}
          at={links.directory(organization.id)}
          variant="default"
          leftSection={<IconAddressBook size={16} />}
        >
          {words.directory}
        </Button>
      )}
      <RolesLink fz="sm" />
    </>
  );
  return (
    <>
      <MembersList organizationId={organization.id} prefix="" addButton={button} />
      {verdict.allowed && <PendingInvitations organizationId={organization.id} />}
      <AddPersonDialog opened={state.new === 'person'} organization={organization} onClose={() => setState({ new: undefined })} />
    </>
  );
}
