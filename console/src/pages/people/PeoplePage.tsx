import { Tabs } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { useCan, useCanAnywhere, useSession } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { RolesLink } from '../../components/fields/RolesLink.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { useScope } from '../../components/shell/scope.ts';
import { AccountsList } from './AccountsList.tsx';
import { AddPersonDialog } from './AddPersonDialog.tsx';
import { InvitationsList } from './InvitationsList.tsx';
import { MembersList } from './MembersList.tsx';
import { MyMembers } from './MyMembers.tsx';
import { words } from './words.ts';

const TABS = [{ value: 'people' }, { value: 'invitations' }];

/**
 * Lists the people who can sign in, their roles, and the invitations. The platform sees accounts, and an organization its
 * members.
 */
export function PeoplePage() {
  const [{ new: opened }, set] = useUrlState();
  const [tab, choose] = useTab(TABS);
  const [scope] = useScope();
  const seesAccounts = useCan('platform.read').allowed;
  const mayAdd = useMayAdd();
  const add = () => set({ new: 'person' }, 'push');
  useHotkeys([['n', () => mayAdd.allowed && add()]]);
  return (
    <Page
      title={words.peopleAccess}
      about={
        <>
          {words.whoCanSign} <RolesLink fz="sm" />
        </>
      }
      actions={
        <GuardedButton verdict={mayAdd} leftSection={<IconUserPlus size={16} />} onClick={add}>
          {words.addPerson}
        </GuardedButton>
      }
    >
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="people">{seesAccounts && scope === undefined ? words.accounts : words.members}</Tabs.Tab>
          <Tabs.Tab value="invitations">{words.invitations}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people">{seesAccounts ? <People onInvite={add} /> : <MyMembers />}</Tabs.Panel>
        <Tabs.Panel value="invitations">
          <InvitationsList onInvite={add} />
        </Tabs.Panel>
      </Tabs>
      <AddPersonDialog opened={opened === 'person'} onClose={() => set({ new: undefined })} />
    </Page>
  );
}

/** All accounts of the gateway, or the members of the organization that the pages are narrowed to. */
function People({ onInvite }: { onInvite: () => void }) {
  const [scope] = useScope();
  return scope === undefined ? <AccountsList onInvite={onInvite} /> : <MembersList key={scope} organizationId={scope} />;
}

function useMayAdd() {
  const { platform_role } = useSession();
  const manages = useCanAnywhere('members.manage');
  if (manages || platform_role === 'platform_admin') return { allowed: true, reason: null };
  return { allowed: false, reason: words.whoCanAddPeople };
}
