import { useForm } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { RoleSelect, roleWord, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';
import { addToTeam } from './add-person.ts';
import type { TeamRoleDraft } from './TeamRolesField.tsx';
import { STALE_PEOPLE, useAdded } from './useAdded.ts';
import { words } from './words.ts';

interface AddToTeamDialogProps {
  readonly of: Schema<'Member'>;
  readonly onClose: () => void;
}

/** Adds a member of an organization to one of its teams, with a role. */
export function AddToTeamDialog({ of: member, onClose }: AddToTeamDialogProps) {
  const onAdded = useAdded(() => {});
  return (
    <FormDialog opened onClose={onClose} title={words.addNamedToTeam(member.name)} size="md">
      <Fields of={member} onAdded={onAdded} />
    </FormDialog>
  );
}

interface Draft {
  readonly team_id: string | undefined;
  readonly team_role: TeamRoleDraft['role'];
}

function Fields({ of: member, onAdded }: { of: Schema<'Member'>; onAdded: ReturnType<typeof useAdded> }) {
  const form = useForm<Draft>({
    initialValues: { team_id: undefined, team_role: 'team_developer' },
    validate: {
      team_id: (chosen) => {
        if (chosen === undefined) return words.chooseATeam;
        const present = member.teams.find(({ team_id }) => team_id === chosen);
        return present === undefined ? null : words.alreadyInTeam(member.name, present.name, roleWord(present.role));
      },
    },
  });
  return (
    <DialogForm
      form={form}
      verb={words.addToTeam}
      invalidates={STALE_PEOPLE}
      save={({ team_id = '', team_role: role }, header) =>
        addToTeam({ team_id, role }, { account_id: member.account_id }, header)
      }
      onSaved={(added) => onAdded(added, words.theTeam)}
    >
      <ObjectSelect
        kind="team"
        label={words.team}
        value={form.values.team_id}
        onChange={(id) => form.setFieldValue('team_id', id)}
        organizationId={member.organization_id}
        error={form.errors.team_id}
        isFirst
      />
      <RoleSelect label={words.roleInTheTeam} roles={TEAM_ROLES} {...form.getInputProps('team_role')} />
    </DialogForm>
  );
}
