import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { CopyIcon } from '../../components/CopyText.tsx';
import { DialogForm, FormDialog } from '../../components/FormDialog.tsx';
import { ORGANIZATION_ROLES, RoleSelect, TEAM_ROLES } from '../../components/RoleSelect.tsx';

interface InviteDialogProps {
  readonly opened: boolean;
  readonly organization: Organization;
  readonly onClose: () => void;
}

interface Made {
  readonly email: string;
  readonly link: string | null;
  readonly mailed: boolean;
}

/** Invites a person by their address; where no mail is set, its link is shown to pass on. */
export function InviteDialog({ opened, organization, onClose }: InviteDialogProps) {
  const [made, setMade] = useState<Made>();
  return (
    <>
      <FormDialog opened={opened} onClose={onClose} title={`Invite a person to ${organization.name}`} size="md">
        <InviteForm organization={organization} onMade={setMade} />
      </FormDialog>
      <FormDialog opened={made !== undefined} onClose={() => setMade(undefined)} title="The invitation is made" size="lg">
        {made !== undefined && <InvitationLink made={made} onDone={() => setMade(undefined)} />}
      </FormDialog>
    </>
  );
}

interface Values {
  readonly email: string;
  readonly role: Schema<'Member'>['role'];
  readonly team_id: string | null;
  readonly team_role: Schema<'TeamMember'>['role'];
}

function InviteForm({ organization, onMade }: { organization: Organization; onMade: (made: Made) => void }) {
  const form = useForm<Values>({
    initialValues: {
      email: '',
      role: organization.owners.length === 0 ? 'org_owner' : 'org_member',
      team_id: null,
      team_role: 'team_developer',
    },
    validate: { email: (email) => (email.includes('@') ? null : 'Give an e-mail address.') },
  });
  const teams = useQuery({
    queryKey: ['teams', organization.id, 'choose'],
    queryFn: () =>
      asked(
        api.GET('/organizations/{id}/teams', { params: { path: { id: organization.id }, query: { limit: 200, sort: 'name' } } }),
      ),
  });
  return (
    <DialogForm
      form={form}
      save={(values, header) => asked(api.POST('/invitations', { params: { header }, body: bodyOf(organization.id, values) }))}
      onSaved={({ email, link, mailed }) => onMade({ email, link, mailed })}
      invalidates={['invitations']}
      verb="Invite"
    >
      <TextInput
        {...form.getInputProps('email')}
        data-autofocus
        type="email"
        label="E-mail address"
        description="Only this address can accept. The invitation works once, for seven days."
        required
        maxLength={254}
      />
      <RoleSelect roles={ORGANIZATION_ROLES} {...form.getInputProps('role')} />
      <Group grow align="flex-start">
        <Select
          label="Team"
          placeholder="No team yet"
          clearable
          searchable
          data={(teams.data?.data ?? []).map((team) => ({ value: team.id, label: team.name }))}
          {...form.getInputProps('team_id')}
        />
        <RoleSelect
          label="Role in the team"
          roles={TEAM_ROLES}
          disabled={form.values.team_id === null}
          {...form.getInputProps('team_role')}
        />
      </Group>
    </DialogForm>
  );
}

function bodyOf(organizationId: string, { email, role, team_id, team_role }: Values) {
  const teams = team_id === null ? {} : { teams: [{ team_id, role: team_role }] };
  return { email: email.trim(), organization_id: organizationId, role, ...teams };
}

/** The link is shown this once to who made it. */
export function InvitationLink({ made, onDone }: { made: Made; onDone: () => void }) {
  return (
    <Stack gap="sm">
      <Text fz="sm">
        {made.mailed ? (
          <>
            A mail is on its way to <b>{made.email}</b>. The link below works as well, and is shown only now.
          </>
        ) : (
          <>
            No mail was sent. Pass this link on to <b>{made.email}</b>; it is shown only now.
          </>
        )}
      </Text>
      {made.link !== null && (
        <Alert color="gray" p="xs">
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Text fz="sm" className="mono" style={{ overflowWrap: 'anywhere' }} data-testid="invitation-link">
              {made.link}
            </Text>
            <CopyIcon text={made.link} label="the invitation’s link" />
          </Group>
        </Alert>
      )}
      <Group justify="flex-end">
        <Button onClick={onDone}>Done</Button>
      </Group>
    </Stack>
  );
}
