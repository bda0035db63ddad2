import { Radio, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PLATFORM_ROLES, roleRights, roleWord } from '../../components/fields/RoleSelect.tsx';

type Account = Schema<'Account'>;

const NONE = 'none';

/** Changes a role over all organizations. The server refuses to take it from the last platform admin. */
export function PlatformRoleDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <FormDialog opened onClose={onClose} title={`Platform role of ${account.name}`} size="md">
      <Fields of={account} />
    </FormDialog>
  );
}

function Fields({ of: account }: { of: Account }) {
  const form = useForm({ initialValues: { platform_role: account.platform_role ?? NONE } });
  return (
    <DialogForm
      form={form}
      verb="Save"
      invalidates={['accounts', 'session']}
      save={({ platform_role: role }) =>
        asked(
          api.PATCH('/accounts/{id}', {
            params: { path: { id: account.id } },
            body: { platform_role: role === NONE ? null : (role as NonNullable<Account['platform_role']>) },
          }),
        )
      }
      onSaved={() => saved('The platform role was changed.')}
    >
      <Radio.Group aria-label="Platform role" {...form.getInputProps('platform_role')}>
        <Stack gap="xs">
          <Radio value={NONE} label="None" description="They have only the roles of their memberships." data-autofocus />
          {PLATFORM_ROLES.map((role) => (
            <Radio key={role} value={role} label={roleWord(role)} description={roleRights(role)} />
          ))}
        </Stack>
      </Radio.Group>
    </DialogForm>
  );
}
