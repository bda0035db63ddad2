import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { ORGANIZATION_ROLES, RoleSelect, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';
import { verbOf } from '../people/AddPersonDialog.tsx';
import { type AddPersonDraft, addPerson, addToTeam, isAddress } from '../people/add-person.ts';
import { PersonField, usePeople } from '../people/PersonField.tsx';
import { SentDialog } from '../people/SentDialog.tsx';
import { STALE_PEOPLE, useAdded } from '../people/useAdded.ts';
import { words } from './words.ts';

interface AddTeamMemberDialogProps {
  readonly team: Schema<'Team'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/**
 * Adds a person to a team. Who manages the members of the organization chooses any account in reach, which then joins the
 * organization too, or invites an address. A team's admin enters the address of a member.
 */
export function AddTeamMemberDialog({ team, opened, onClose }: AddTeamMemberDialogProps) {
  const [sent, setSent] = useState<Schema<'SentInvitation'> | null>(null);
  const onAdded = useAdded(setSent);
  const managesMembers = useCan('members.manage', team.organization_id).allowed;
  const FormFields = managesMembers ? AnyPerson : MemberByAddress;
  return (
    <>
      <FormDialog opened={opened} onClose={onClose} title={words.addPersonTo(team.name)} size="md">
        <FormFields team={team} onAdded={onAdded} />
      </FormDialog>
      {sent !== null && <SentDialog of={sent} onClose={() => setSent(null)} />}
    </>
  );
}

interface FormProps {
  readonly team: Schema<'Team'>;
  readonly onAdded: ReturnType<typeof useAdded>;
}

interface Draft {
  readonly email: string;
  /** The role in the organization of somebody who is not in it yet. */
  readonly role: AddPersonDraft['role'];
  readonly team_role: Schema<'TeamMember'>['role'];
}

function AnyPerson({ team, onAdded }: FormProps) {
  const form = useForm<Draft>({
    initialValues: { email: '', role: 'org_member', team_role: 'team_developer' },
    validate: {
      email: (email) => (isAddress(email) ? null : words.choosePersonOrAddress),
    },
  });
  const { email } = form.values;
  const people = usePeople(email, team.organization_id);
  const joins = isAddress(email) && !people.isLooking && (people.chosen?.member ?? null) === null;
  return (
    <DialogForm
      form={form}
      verb={verbOf(email, people.chosen !== null)}
      invalidates={STALE_PEOPLE}
      save={async ({ role, team_role, ...draft }, header) => {
        const person = await people.find(draft.email);
        const inTeam = { team_id: team.id, role: team_role };
        if (person !== null && person.member !== null) return addToTeam(inTeam, { account_id: person.account_id }, header);
        const membership = { organization_id: team.organization_id, role, teams: [inTeam] };
        return addPerson({ ...draft, ...membership, place: 'organization', platform_role: 'platform_auditor' }, person, header);
      }}
      onSaved={(added) => onAdded(added, team.name)}
    >
      <PersonField people={people} takesMembers {...form.getInputProps('email')} />
      <RoleSelect label={words.roleInTheTeam} roles={TEAM_ROLES} {...form.getInputProps('team_role')} />
      {joins && (
        <RoleSelect
          label={words.roleInOrganization(team.organization_name)}
          description={words.joinsWithRole(team.organization_name)}
          roles={ORGANIZATION_ROLES}
          {...form.getInputProps('role')}
        />
      )}
    </DialogForm>
  );
}

/** Without a role in the whole organization a person cannot list its members, and enters an address instead. */
function MemberByAddress({ team, onAdded }: FormProps) {
  const form = useForm<Pick<Draft, 'email' | 'team_role'>>({
    initialValues: { email: '', team_role: 'team_developer' },
    validate: { email: (email) => (isAddress(email) ? null : words.enterMemberAddress) },
  });
  return (
    <DialogForm
      form={form}
      verb={words.addPerson}
      invalidates={STALE_PEOPLE}
      save={({ email, team_role: role }, header) => addToTeam({ team_id: team.id, role }, { email: email.trim() }, header)}
      onSaved={(added) => onAdded(added, team.name)}
    >
      <TextInput
        type="email"
        label={words.memberAddress(team.organization_name)}
        description={words.whoInvites(team.organization_name)}
        data-autofocus
        {...form.getInputProps('email')}
      />
      <RoleSelect label={words.roleInTheTeam} roles={TEAM_ROLES} {...form.getInputProps('team_role')} />
    </DialogForm>
  );
}
