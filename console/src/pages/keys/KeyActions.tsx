import { notifications } from '@mantine/notifications';
import { IconBan, IconEdit, IconPlayerPause, IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useDialog } from '../../components/dialogs/useDialog.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EditKeyDialog } from './EditKeyDialog.tsx';
import { RotateKeyDialog } from './RotateKeyDialog.tsx';
import { words } from './words.ts';

type Key = Schema<'Key'>;

/** The actions on a key. `edit` in the address opens that dialog, at a field if it names one, and `do` the others. On a revoked key they are disabled. */
export function KeyActions({ of: key }: { of: Key }) {
  const [open, setOpen] = useDialog(['rotate', 'revoke']);
  const [{ edit }, setState] = useUrlState();
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['keys'] });
  const close = () => setOpen(null);
  const may = unlessRevoked(key, mayUse(key));
  const mayRotate = key.kind === 'api' ? may : { allowed: false, reason: words.tokensReplaceThemselves };
  const path = { params: { path: { id: key.id } } };
  return (
    <>
      <GuardedButton
        variant="default"
        verdict={may}
        leftSection={<IconEdit size={16} />}
        onClick={() => setState({ edit: 'key' }, 'push')}
      >
        {words.edit}
      </GuardedButton>
      <GuardedButton
        variant="default"
        verdict={mayRotate}
        leftSection={<IconRefresh size={16} />}
        onClick={() => setOpen('rotate')}
      >
        {words.rotate}
      </GuardedButton>
      {key.status !== 'revoked' && <Toggle of={key} />}
      <GuardedButton
        variant="default"
        c={may.allowed ? 'red' : undefined}
        verdict={may}
        leftSection={<IconBan size={16} />}
        onClick={() => setOpen('revoke')}
      >
        {words.revokeMenu}
      </GuardedButton>
      <EditKeyDialog
        of={key}
        opened={edit !== undefined && may.allowed}
        at={edit}
        onClose={() => setState({ edit: undefined })}
      />
      <RotateKeyDialog of={key} opened={open === 'rotate' && mayRotate.allowed} onClose={close} />
      <ConfirmByName
        opened={open === 'revoke' && may.allowed}
        onClose={close}
        title={words.revokeNamed(key.name)}
        name={key.name}
        verb={words.revokeKey}
        consequences={[words.requestsRefused, words.cannotUndo, words.historyIsKept]}
        effect={() => effectOf('DELETE', `/keys/${key.id}`)}
        action={async () => {
          await asked(api.DELETE('/keys/{id}', path));
          await refresh();
          saved(words.wasRevoked(key.name));
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
        ? doneWithUndo(words.isDisabled(key.name), () => turn('enable'))
        : doneWithUndo(words.isEnabled(key.name), () => turn('disable')),
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
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
        {isActive ? words.disable : words.enable}
      </GuardedButton>
      <ConfirmByName
        opened={asking !== null && verdict.allowed}
        onClose={() => ask(null)}
        title={words.disableNamed(key.name)}
        name={null}
        verb={words.disableKey}
        consequences={[words.refusedUntilEnabled]}
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
  return key.status === 'revoked' ? { allowed: false, reason: words.keyIsRevoked } : verdict;
}
