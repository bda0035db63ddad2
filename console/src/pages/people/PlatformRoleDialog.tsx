import { Radio, Stack } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { PLATFORM_ROLES, roleRights, roleWord } from '../../components/fields/RoleSelect.tsx';
import { words } from './words.ts';

type Account = Schema<'Account'>;

const NONE = 'none';

interface RoleDraft {
  readonly platform_role: NonNullable<Account['platform_role']> | typeof NONE;
}

const PARTS: readonly EditPart<RoleDraft>[] = [
  {
    name: 'platform_role',
    label: words.platformRoleLabel,
    hasEffect: true,
    body: ({ platform_role: role }) => ({ platform_role: role === NONE ? null : role }),
    words: ({ platform_role: role }) => (role === NONE ? words.none : roleWord(role)),
  },
];

/** Changes a role over all organizations. The server refuses to take it from the last platform admin. */
export function PlatformRoleDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <EditDialog<Account, RoleDraft>
      opened
      onClose={onClose}
      title={words.platformRoleOf(account.name)}
      size="md"
      what={words.thisAccount}
      path={`/accounts/${account.id}`}
      done={words.thePlatformRoleWasChanged}
      draftOf={({ platform_role }) => ({ platform_role: platform_role ?? NONE })}
      parts={PARTS}
      invalidates={['accounts', 'session']}
    >
      {(form) => (
        <Radio.Group aria-label={words.platformRoleLabel} {...form.getInputProps('platform_role')}>
          <Stack gap="xs">
            <Radio value={NONE} label={words.none} description={words.noPlatformRoleMeans} data-autofocus />
            {PLATFORM_ROLES.map((role) => (
              <Radio key={role} value={role} label={roleWord(role)} description={roleRights(role)} />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </EditDialog>
  );
}
