import { TextInput } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { PolicyFields } from '../../components/fields/PolicyFields.tsx';
import { policyForm, tagsForm } from '../../components/fields/policy-draft.ts';
import { bind } from '../../forms/bind.ts';
import { useOrganizationCap } from '../keys/caps.ts';
import { SelfServiceFields } from './SelfServiceFields.tsx';
import { TEAM_PARTS, type TeamDraft, teamDraft } from './team-draft.ts';
import { words } from './words.ts';

type Team = Schema<'Team'>;

interface EditTeamDialogProps {
  readonly of: Team;
  readonly opened: boolean;
  /** The field at which the dialog opens. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
}

/** Edits a team. Each part needs its own permission: a team's admin can only narrow its access. */
export function EditTeamDialog({ of: team, opened, at, onClose }: EditTeamDialogProps) {
  return (
    <EditDialog<Team, TeamDraft>
      opened={opened}
      onClose={onClose}
      at={at}
      title={words.editNamed(team.name)}
      what={words.thisTeam}
      path={`/teams/${team.id}`}
      draftOf={teamDraft}
      parts={TEAM_PARTS}
      invalidates={['teams', 'access']}
    >
      {(form, read) => <Fields form={form} of={read} />}
    </EditDialog>
  );
}

type Form = Parameters<Parameters<typeof EditDialog<Team, TeamDraft>>[0]['children']>[0];

function Fields({ form, of: team }: { form: Form; of: Team }) {
  const caps = useOrganizationCap(team.organization_id);
  const manages = verdictOf('teams.manage', team);
  const limits = verdictOf('team_limits.change', team);
  const narrows = verdictOf('team_access.narrow', team);
  return (
    <>
      <TextInput
        label={words.name}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        disabled={!manages.allowed}
        {...form.getInputProps('name')}
      />
      <PolicyFields
        form={policyForm(form)}
        tags={tagsForm(form)}
        caps={caps}
        timeZone={team.time_zone}
        level={{ is: 'team', organizationId: team.organization_id }}
        holder={team.name}
        parentName={team.organization_name}
        mayLimit={limits}
        mayAccess={narrows}
      />
      <SelfServiceFields {...bind(form, 'self_service')} disabled={!manages.allowed} />
    </>
  );
}
