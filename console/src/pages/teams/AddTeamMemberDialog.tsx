import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { RoleSelect, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';

interface AddTeamMemberDialogProps {
  readonly team: Schema<'Team'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Adds a member of the organization to a team. A person who is not in the organization must be invited to it first. */
export function AddTeamMemberDialog({ team, opened, onClose }: AddTeamMemberDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Add to ${team.name}`} size="md">
      <Fields team={team} />
    </FormDialog>
  );
}

interface Draft {
  readonly account_id: string | undefined;
  readonly email: string;
  readonly role: Schema<'TeamMember'>['role'];
}

function Fields({ team }: { team: Schema<'Team'> }) {
  // Without a role in the whole organization a person cannot list its members, and types an address instead.
  const seesMembers = useCan('teams.read', team.organization_id).allowed;
  const form = useForm<Draft>({
    initialValues: { account_id: undefined, email: '', role: 'team_developer' },
    validate: {
      account_id: (id) => (seesMembers && id === undefined ? 'Choose a member of the organization.' : null),
      email: (email) => (seesMembers || /^\S+@\S+$/.test(email.trim()) ? null : 'Enter the e-mail address of a member.'),
    },
  });
  return (
    <DialogForm
      form={form}
      verb="Add member"
      invalidates={['team-members', 'teams', 'members']}
      save={({ account_id = '', email, role }, header) => {
        const body = seesMembers ? { account_id, role } : { email: email.trim(), role };
        return asked(api.POST('/teams/{id}/members', { params: { path: { id: team.id }, header }, body }));
      }}
      onSaved={({ name }) => saved(`${name} was added to ${team.name}.`)}
    >
      {seesMembers ? (
        <ObjectSelect
          kind="account"
          label={`Member of ${team.organization_name}`}
          value={form.values.account_id}
          onChange={(id) => form.setFieldValue('account_id', id)}
          organizationId={team.organization_id}
        />
      ) : (
        <TextInput
          type="email"
          label={`E-mail address of a member of ${team.organization_name}`}
          data-autofocus
          {...form.getInputProps('email')}
        />
      )}
      {form.errors.account_id !== undefined && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert">
          {form.errors.account_id}
        </Text>
      )}
      <RoleSelect label="Role in the team" roles={TEAM_ROLES} {...form.getInputProps('role')} />
      <Text fz="xs" c="dimmed">
        To add someone who is not in the organization yet, invite them under People & Access and choose this team.
      </Text>
    </DialogForm>
  );
}
