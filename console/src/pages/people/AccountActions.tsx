import { Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { useCan, useSession, type Verdict } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { PlatformRoleDialog } from './PlatformRoleDialog.tsx';
import { VouchDialog } from './VouchDialog.tsx';
import { words } from './words.ts';

type Account = Schema<'Account'>;
type Asking = 'disable' | 'sign-out' | 'reset' | 'role' | 'vouch' | null;

/** The actions of a platform admin on an account. Nobody can disable their own. */
export function AccountActions({ of: account }: { of: Account }) {
  const [asking, setAsking] = useState<Asking>(null);
  const mayManage = useCan('accounts.manage');
  const isSelf = useSession().account.id === account.id;
  const mayDisable: Verdict = isSelf ? { allowed: false, reason: words.youCannotDisableYourOwnAccount } : mayManage;
  const hasFactor = account.two_factor || account.passkeys > 0;
  return (
    <>
      {account.status === 'active' ? (
        <GuardedButton variant="default" verdict={mayDisable} onClick={() => setAsking('disable')}>
          {words.disable}
        </GuardedButton>
      ) : (
        <Enable of={account} verdict={mayManage} />
      )}
      <Menu position="bottom-end" width={260} disabled={!mayManage.allowed}>
        <Menu.Target>
          <GuardedButton variant="default" verdict={mayManage} rightSection={<IconChevronDown size={14} />}>
            {words.more}
          </GuardedButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setAsking('role')}>{words.platformRole}</Menu.Item>
          <Menu.Item disabled={isSelf || account.address_proof !== null} onClick={() => setAsking('vouch')}>
            {words.vouchForTheAddress}
          </Menu.Item>
          <Menu.Item onClick={() => setAsking('sign-out')}>{words.signOutEverywhereMenu}</Menu.Item>
          <Menu.Item disabled={!hasFactor} onClick={() => setAsking('reset')}>
            {words.resetSecondFactorMenu}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Questions of={account} asking={asking} onClose={() => setAsking(null)} />
    </>
  );
}

/** Enables an account. This takes nothing from anybody, so it does not ask first. */
function Enable({ of: account, verdict }: { of: Account; verdict: Verdict }) {
  const turn = useTurn(account);
  const enable = useMutation({
    mutationFn: () => turn('active'),
    onSuccess: () => doneWithUndo(words.canSignInAgain(account.name), () => turn('disabled')),
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
  return (
    <GuardedButton variant="default" verdict={verdict} loading={enable.isPending} onClick={() => enable.mutate()}>
      {words.enable}
    </GuardedButton>
  );
}

interface QuestionsProps {
  readonly of: Account;
  readonly asking: Asking;
  readonly onClose: () => void;
}

function Questions({ of: account, asking, onClose }: QuestionsProps) {
  const done = useDone();
  const turn = useTurn(account);
  const { name } = account;
  const path = pathOf(account);
  return (
    <>
      <ConfirmByName
        opened={asking === 'disable'}
        onClose={onClose}
        title={words.disableNamed(name)}
        name={name}
        verb={words.disableAccount}
        consequences={[
          words.theyAreSignedOut,
          words.invitationsCancelled,
          words.theirKeysAreRefused,
          words.nothingIsDeleted(account.platform_role === null ? null : roleWord(account.platform_role).toLowerCase()),
        ]}
        effect={() => effectOf('PATCH', `/accounts/${account.id}`, { status: 'disabled' })}
        action={async () => {
          await turn('disabled');
          doneWithUndo(words.wasDisabled(name), () => turn('active'));
        }}
      />
      <ConfirmByName
        opened={asking === 'sign-out'}
        onClose={onClose}
        title={words.signOutNamedEverywhere(name)}
        name={null}
        verb={words.signOutEverywhere}
        consequences={[words.everySessionEndsAtOnce, words.theyCanSignInAgain]}
        action={async () => {
          await asked(api.DELETE('/accounts/{id}/sessions', path));
          await done(words.wasSignedOutEverywhere(name));
        }}
      />
      <ConfirmByName
        opened={asking === 'reset'}
        onClose={onClose}
        title={words.resetTheSecondFactorOf(name)}
        name={name}
        verb={words.resetSecondFactor}
        consequences={[words.theirAuthenticatorRecoveryCodes, words.passwordAloneSignsIn]}
        action={async () => {
          await asked(api.POST('/accounts/{id}/reset-second-factor', path));
          await done(words.theSecondFactorWasReset);
        }}
      />
      {asking === 'role' && <PlatformRoleDialog of={account} onClose={onClose} />}
      {asking === 'vouch' && <VouchDialog of={account} onClose={onClose} />}
    </>
  );
}

function pathOf({ id }: Account) {
  return { params: { path: { id } } };
}

/** Returns a function that disables or enables an account. */
function useTurn(account: Account) {
  const queryClient = useQueryClient();
  return async (status: Account['status']) => {
    await asked(api.PATCH('/accounts/{id}', { ...pathOf(account), body: { status } }));
    await Promise.all(['accounts', 'members', 'invitations'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
  };
}

function useDone() {
  const queryClient = useQueryClient();
  return async (words: string) => {
    await queryClient.invalidateQueries({ queryKey: ['accounts'] });
    saved(words);
  };
}
