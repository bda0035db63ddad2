import { Radio, Stack, Text, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { useSession } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { ORGANIZATION_ROLES, PLATFORM_ROLES, RoleSelect } from '../../components/fields/RoleSelect.tsx';
import { SentDialog } from './SentDialog.tsx';
import { type TeamRoleDraft, TeamRolesField } from './TeamRolesField.tsx';

interface InviteDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The organization to invite to. Without it, the dialog lets the person choose. */
  readonly organization?: Organization;
}

/** Invites a person by e-mail address to an organization, with a role and teams, or to the platform. Then shows the link. */
export function InviteDialog({ opened, onClose, organization }: InviteDialogProps) {
  const [sent, setSent] = useState<Schema<'SentInvitation'> | null>(null);
  return (
    <>
      <FormDialog
        opened={opened}
        onClose={onClose}
        title={organization === undefined ? 'Invite person' : `Invite a person to ${organization.name}`}
      >
        <InviteForm organization={organization} onSent={setSent} />
      </FormDialog>
      {sent !== null && <SentDialog of={sent} onClose={() => setSent(null)} />}
    </>
  );
}

interface Draft {
  readonly email: string;
  readonly place: 'organization' | 'platform';
  readonly organization_id: string | undefined;
  readonly role: (typeof ORGANIZATION_ROLES)[number];
  readonly platform_role: (typeof PLATFORM_ROLES)[number];
  readonly teams: readonly TeamRoleDraft[];
}

interface InviteFormProps {
  readonly organization: Organization | undefined;
  readonly onSent: (sent: Schema<'SentInvitation'>) => void;
}

function InviteForm({ organization, onSent }: InviteFormProps) {
  const session = useSession();
  const isPlatformAdmin = session.platform_role === 'platform_admin';
  const form = useInvitationForm(organization);
  return (
    <DialogForm
      form={form}
      verb="Invite person"
      invalidates={['invitations']}
      save={(draft, header) => asked(api.POST('/invitations', { params: { header }, body: bodyOf(draft) }))}
      onSaved={onSent}
    >
      <TextInput
        label="E-mail"
        description={
          session.mail_configured
            ? 'The link is sent there.'
            : 'You get a link to give to the person, because this gateway sends no e-mail.'
        }
        type="email"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={254}
        {...form.getInputProps('email')}
      />
      {isPlatformAdmin && organization === undefined && (
        <Radio.Group label="Invite to" {...form.getInputProps('place')}>
          <Stack gap={6} mt={4}>
            <Radio value="organization" label="An organization" />
            <Radio value="platform" label="The platform" description="A role in all organizations." />
          </Stack>
        </Radio.Group>
      )}
      {form.values.place === 'platform' ? (
        <RoleSelect roles={PLATFORM_ROLES} {...form.getInputProps('platform_role')} error={form.errors.role} />
      ) : (
        <MembershipFields form={form} choosesOrganization={organization === undefined} />
      )}
    </DialogForm>
  );
}

/** Returns the form of an invitation to this organization, or without one, to the organization that the person chooses. */
function useInvitationForm(organization: Organization | undefined): UseFormReturnType<Draft> {
  const session = useSession();
  return useForm<Draft>({
    initialValues: {
      email: '',
      place: 'organization',
      organization_id: organization?.id ?? onlyOrganization(session),
      // An organization without an owner needs one first.
      role: organization?.owners?.length === 0 ? 'org_owner' : 'org_member',
      platform_role: 'platform_auditor',
      teams: [],
    },
    validate: {
      email: (email) => (/^\S+@\S+$/.test(email.trim()) ? null : 'Enter a valid e-mail address.'),
      organization_id: (id, { place }) => (place === 'organization' && id === undefined ? 'Choose an organization.' : null),
    },
  });
}

interface MembershipFieldsProps {
  readonly form: UseFormReturnType<Draft>;
  readonly choosesOrganization: boolean;
}

/** Chooses the membership that an invitation gives: the organization, the role in it, and teams. */
function MembershipFields({ form, choosesOrganization }: MembershipFieldsProps) {
  const { values } = form;
  return (
    <>
      {choosesOrganization && (
        <div>
          <ObjectSelect
            kind="organization"
            label="Organization"
            value={values.organization_id}
            onChange={(id) => form.setValues({ organization_id: id, teams: [] })}
          />
          {form.errors.organization_id !== undefined && (
            <Text fz="xs" c="var(--mantine-color-error)" role="alert">
              {form.errors.organization_id}
            </Text>
          )}
        </div>
      )}
      <RoleSelect label="Role in the organization" roles={ORGANIZATION_ROLES} {...form.getInputProps('role')} />
      {values.organization_id !== undefined && (
        <TeamRolesField
          organizationId={values.organization_id}
          value={values.teams}
          onChange={(teams) => form.setFieldValue('teams', teams)}
        />
      )}
    </>
  );
}

function bodyOf({ email, place, organization_id, role, platform_role, teams }: Draft) {
  if (place === 'platform') return { email: email.trim(), organization_id: null, role: platform_role };
  return { email: email.trim(), organization_id: organization_id ?? null, role, teams: [...teams] };
}

/** Returns the person's organization if they have exactly one and no platform role. */
function onlyOrganization({ memberships, platform_role }: ReturnType<typeof useSession>): string | undefined {
  return platform_role === null && memberships.length === 1 ? memberships[0]?.organization_id : undefined;
}
