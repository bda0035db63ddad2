import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBan, IconDots, IconEdit, IconPlayerPause, IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useDialog } from '../../components/dialogs/useDialog.ts';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EditKeyDialog } from './EditKeyDialog.tsx';
import { RotateKeyDialog } from './RotateKeyDialog.tsx';

type Key = Schema<'Key'>;

/** The actions on a key. `edit` in the address opens that dialog, at a field if it names one, and `do` the others. On a revoked key they are disabled. */
export function KeyActions({ of: key }: { of: Key }) {
  const [open, setOpen] = useDialog(['rotate', 'revoke']);
  const [{ edit }, setState] = useUrlState();
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['keys'] });
  const close = () => setOpen(null);
  const may = unlessRevoked(key, mayUse(key));
  const path = { params: { path: { id: key.id } } };
  return (
    <>
      <GuardedButton
        variant="default"
        verdict={may}
        leftSection={<IconEdit size={16} />}
        onClick={() => setState({ edit: 'key' }, 'push')}
      >
        Edit
      </GuardedButton>
      <GuardedButton variant="default" verdict={may} leftSection={<IconRefresh size={16} />} onClick={() => setOpen('rotate')}>
        Rotate
      </GuardedButton>
      {key.status !== 'revoked' && <Toggle of={key} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconBan size={16} />} disabled={!may.allowed} onClick={() => setOpen('revoke')}>
            Revoke…
          </Menu.Item>
          <MenuWhyNot verdict={may} />
        </Menu.Dropdown>
      </Menu>
      <EditKeyDialog
        of={key}
        opened={edit !== undefined && may.allowed}
        at={edit}
        onClose={() => setState({ edit: undefined })}
      />
      <RotateKeyDialog of={key} opened={open === 'rotate' && may.allowed} onClose={close} />
      <ConfirmByName
        opened={open === 'revoke' && may.allowed}
        onClose={close}
        title={`Revoke ${key.name}`}
        name={key.name}
        verb="Revoke key"
        consequences={[
          'Every request with it is refused within seconds.',
          'You cannot undo this. To stop the key for a while, disable it instead.',
          'Its history, spend and requests are kept.',
        ]}
        effect={() => effectOf('DELETE', `/keys/${key.id}`)}
        action={async () => {
          await asked(api.DELETE('/keys/{id}', path));
          await refresh();
          saved(`${key.name} was revoked.`);
        }}
      />
    </>
  );
}

/** Disables or enables a key. Each undoes the other. Disabling first shows what is refused. */
function Toggle({ of: key }: { of: Key }) {
  const [asking, ask] = useDialog(['disable']);
  const queryClient = useQueryClient();
  const isActive = key.status === 'active';
  const path = { params: { path: { id: key.id } } };
  const turn = async (on: 'enable' | 'disable') => {
    await asked(api.POST(`/keys/{id}/${on}`, path));
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
  };
  const toggle = useMutation({
    mutationFn: turn,
    onSuccess: (_, done) =>
      done === 'disable'
        ? doneWithUndo(`${key.name} is disabled: its requests are refused.`, () => turn('enable'))
        : doneWithUndo(`${key.name} is enabled again.`, () => turn('disable')),
    onError: (error) => notifications.show({ color: 'red', title: 'That did not work', message: error.message }),
  });
  const verdict = unlessRevoked(key, isActive ? mayUse(key) : verdictOf('keys.manage', key));
  return (
    <>
      <GuardedButton
        variant="default"
        verdict={verdict}
        loading={toggle.isPending}
        leftSection={isActive ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
        onClick={() => (isActive ? ask('disable') : toggle.mutate('enable'))}
      >
        {isActive ? 'Disable' : 'Enable'}
      </GuardedButton>
      <ConfirmByName
        opened={asking !== null && verdict.allowed}
        onClose={() => ask(null)}
        title={`Disable ${key.name}?`}
        name={null}
        verb="Disable key"
        consequences={['Its requests are refused from now on. You can enable it again at any time.']}
        effect={() => effectOf('POST', `/keys/${key.id}/disable`)}
        action={() => toggle.mutateAsync('disable')}
      />
    </>
  );
}

/** Reports whether the person manages keys here or owns this key. */
function mayUse(key: Key): Verdict {
  const manages = verdictOf('keys.manage', key);
  return manages.allowed || key.capabilities.includes('keys.manage_own') ? { allowed: true, reason: null } : manages;
}

function unlessRevoked(key: Key, verdict: Verdict): Verdict {
  return key.status === 'revoked' ? { allowed: false, reason: 'This key is revoked and cannot be enabled again.' } : verdict;
}
