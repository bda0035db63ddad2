import { Tabs } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { useCan, useCanAnywhere, useSession } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { AccountsList } from './AccountsList.tsx';
import { AddPersonDialog } from './AddPersonDialog.tsx';
import { InvitationsList } from './InvitationsList.tsx';
import { MyMembers } from './MyMembers.tsx';
import { words } from './words.ts';

/**
 * Lists the people who can sign in, their roles, and the invitations. The platform sees accounts, and an organization its
 * members.
 */
export function PeoplePage() {
  const [{ tab = 'people', new: opened }, set] = useUrlState();
  const seesAccounts = useCan('platform.read').allowed;
  const mayAdd = useMayAdd();
  const add = () => set({ new: 'person' }, 'push');
  useHotkeys([['n', () => mayAdd.allowed && add()]]);
  return (
    <Page
      title={words.peopleAccess}
      about={words.whoCanSign}
      actions={
        <GuardedButton verdict={mayAdd} leftSection={<IconUserPlus size={16} />} onClick={add}>
          {words.addPerson}
        </GuardedButton>
      }
    >
      <Tabs
        value={tab}
        // Other tabs have other filters.
        onChange={(next) => set({ tab: next === 'people' ? undefined : (next ?? undefined), status: undefined, role: undefined })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="people">{seesAccounts ? words.accounts : words.members}</Tabs.Tab>
          <Tabs.Tab value="invitations">{words.invitations}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people">{seesAccounts ? <AccountsList onInvite={add} /> : <MyMembers />}</Tabs.Panel>
        <Tabs.Panel value="invitations">
          <InvitationsList onInvite={add} />
        </Tabs.Panel>
      </Tabs>
      <AddPersonDialog opened={opened === 'person'} onClose={() => set({ new: undefined })} />
    </Page>
  );
}

function useMayAdd() {
  const { platform_role } = useSession();
  const manages = useCanAnywhere('members.manage');
  if (manages || platform_role === 'platform_admin') return { allowed: true, reason: null };
  return { allowed: false, reason: words.whoCanAddPeople };
}
