import { Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { DialogForm, FormDialog } from '../../components/FormDialog.tsx';
import { ORGANIZATION_ROLES, RoleSelect, roleWord } from '../../components/RoleSelect.tsx';
import { saved } from '../../components/saved.ts';
import type { Member } from './member.ts';

interface ChangeRoleDialogProps {
  readonly organization: Organization;
  readonly member: Member;
  readonly onClose: () => void;
}

/** Gives a member another role in the organization. It acts at their next request. */
export function ChangeRoleDialog({ organization, member, onClose }: ChangeRoleDialogProps) {
  const form = useForm({ initialValues: { role: member.role } });
  return (
    <FormDialog opened onClose={onClose} title={`Role of ${member.name}`} size="md">
      <DialogForm
        form={form}
        save={({ role }) =>
          asked(
            api.PATCH('/organizations/{id}/members/{member_id}', {
              params: { path: { id: organization.id, member_id: member.id } },
              body: { role },
            }),
          )
        }
        onSaved={({ role }) => saved(`${member.name} is now ${roleWord(role)}.`)}
        invalidates={['members', 'organization', 'organizations']}
        verb="Change role"
      >
        <RoleSelect roles={ORGANIZATION_ROLES} data-autofocus {...form.getInputProps('role')} />
        <Text fz="sm" c="dimmed">
          In <bdi>{organization.name}</bdi>. Nobody gives a role above their own, and the last owner stays.
        </Text>
      </DialogForm>
    </FormDialog>
  );
}
