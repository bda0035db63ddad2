import { Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/FormDialog.tsx';
import { ObjectSelect } from '../../components/ObjectSelect.tsx';
import { RoleSelect, TEAM_ROLES } from '../../components/RoleSelect.tsx';
import { saved } from '../../components/saved.ts';

interface AddTeamMemberDialogProps {
  readonly team: Schema<'Team'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Takes a member of the organization into a team. Whoever is not in the organization is invited to it first. */
export function AddTeamMemberDialog({ team, opened, onClose }: AddTeamMemberDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Add to ${team.name}`} size="md">
      <Fields team={team} />
    </FormDialog>
  );
}

interface Draft {
  readonly account_id: string | undefined;
  readonly role: Schema<'TeamMember'>['role'];
}

function Fields({ team }: { team: Schema<'Team'> }) {
  const form = useForm<Draft>({
    initialValues: { account_id: undefined, role: 'team_developer' },
    validate: { account_id: (id) => (id === undefined ? 'Choose a member of the organization.' : null) },
  });
  return (
    <DialogForm
      form={form}
      verb="Add"
      invalidates={['team-members', 'teams', 'members']}
      save={({ account_id = '', role }, header) =>
        asked(api.POST('/teams/{id}/members', { params: { path: { id: team.id }, header }, body: { account_id, role } }))
      }
      onSaved={({ name }) => saved(`${name} is in ${team.name} now.`)}
    >
      <ObjectSelect
        kind="account"
        label={`Member of ${team.organization_name}`}
        value={form.values.account_id}
        onChange={(id) => form.setFieldValue('account_id', id)}
        organizationId={team.organization_id}
      />
      {form.errors.account_id !== undefined && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert">
          {form.errors.account_id}
        </Text>
      )}
      <RoleSelect label="Role in the team" roles={TEAM_ROLES} {...form.getInputProps('role')} />
      <Text fz="xs" c="dimmed">
        Somebody who is not in the organization yet is invited under People & Access, with this team.
      </Text>
    </DialogForm>
  );
}
