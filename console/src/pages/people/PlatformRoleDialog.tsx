import { Radio, Stack } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { PLATFORM_ROLES, roleRights, roleWord } from '../../components/fields/RoleSelect.tsx';

type Account = Schema<'Account'>;

const NONE = 'none';

interface RoleDraft {
  readonly platform_role: NonNullable<Account['platform_role']> | typeof NONE;
}

const PARTS: readonly EditPart<RoleDraft>[] = [
  {
    name: 'platform_role',
    label: 'Platform role',
    hasEffect: true,
    body: ({ platform_role: role }) => ({ platform_role: role === NONE ? null : role }),
    words: ({ platform_role: role }) => (role === NONE ? 'None' : roleWord(role)),
  },
];

/** Changes a role over all organizations. The server refuses to take it from the last platform admin. */
export function PlatformRoleDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <EditDialog<Account, RoleDraft>
      opened
      onClose={onClose}
      title={`Platform role of ${account.name}`}
      size="md"
      what="This account"
      path={`/accounts/${account.id}`}
      done="The platform role was changed."
      draftOf={({ platform_role }) => ({ platform_role: platform_role ?? NONE })}
      parts={PARTS}
      invalidates={['accounts', 'session']}
    >
      {(form) => (
        <Radio.Group aria-label="Platform role" {...form.getInputProps('platform_role')}>
          <Stack gap="xs">
            <Radio value={NONE} label="None" description="They have only the roles of their memberships." data-autofocus />
            {PLATFORM_ROLES.map((role) => (
              <Radio key={role} value={role} label={roleWord(role)} description={roleRights(role)} />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </EditDialog>
  );
}
