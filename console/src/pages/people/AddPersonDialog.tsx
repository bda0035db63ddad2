import { Radio, Stack, Text } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useState } from 'react';
import type { Schema } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { useSession } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { PLATFORM_ROLES, RoleSelect } from '../../components/fields/RoleSelect.tsx';
import { useScope } from '../../components/shell/scope.ts';
import { type AddPersonDraft, addPerson, isAddress } from './add-person.ts';
import { MembershipFields } from './MembershipFields.tsx';
import { PersonField, usePeople } from './PersonField.tsx';
import { SentDialog } from './SentDialog.tsx';
import { STALE_PEOPLE, useAdded } from './useAdded.ts';
import { words } from './words.ts';

interface AddPersonDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The organization to add to. Without it, the dialog lets the person choose. */
  readonly organization?: Organization;
}

/**
 * Adds a person to an organization, with a role and teams, or to the platform. An account that is in reach joins at once; any
 * other address gets an invitation, whose link is shown.
 */
export function AddPersonDialog({ opened, onClose, organization }: AddPersonDialogProps) {
  const [sent, setSent] = useState<Schema<'SentInvitation'> | null>(null);
  const onAdded = useAdded(setSent);
  return (
    <>
      <FormDialog
        opened={opened}
        onClose={onClose}
        title={organization === undefined ? words.addPerson : words.addPersonTo(organization.name)}
      >
        <Fields organization={organization} onAdded={onAdded} />
      </FormDialog>
      {sent !== null && <SentDialog of={sent} onClose={() => setSent(null)} />}
    </>
  );
}

interface FieldsProps {
  readonly organization: Organization | undefined;
  readonly onAdded: ReturnType<typeof useAdded>;
}

function Fields({ organization, onAdded }: FieldsProps) {
  const isPlatformAdmin = useSession().platform_role === 'platform_admin';
  const form = usePersonForm(organization);
  const { email, place, organization_id } = form.values;
  const people = usePeople(email, place === 'platform' ? undefined : organization_id);
  return (
    <DialogForm
      form={form}
      verb={verbOf(email, people.chosen !== null)}
      invalidates={STALE_PEOPLE}
      save={async (draft, header) => addPerson(draft, await people.find(draft.email), header)}
      onSaved={(added) => onAdded(added, organization?.name)}
    >
      <PersonField people={people} {...form.getInputProps('email')} />
      {isPlatformAdmin && organization === undefined && (
        <Radio.Group label={words.addTo} {...form.getInputProps('place')}>
          <Stack gap={6} mt={4}>
            <Radio value="organization" label={words.anOrganization} />
            <Radio value="platform" label={words.thePlatform} description={words.aRoleEverywhere} />
          </Stack>
        </Radio.Group>
      )}
      {place === 'platform' ? (
        <RoleSelect roles={PLATFORM_ROLES} {...form.getInputProps('platform_role')} error={form.errors.role} />
      ) : (
        <MembershipFields form={form} choosesOrganization={organization === undefined} />
      )}
      {!isPlatformAdmin && (
        <Text fz="xs" c="dimmed">
          {words.whomYouCanFind}
        </Text>
      )}
    </DialogForm>
  );
}

/** Returns the verb of the button: a whole address without a known account is invited. */
export function verbOf(email: string, isKnown: boolean): string {
  return isAddress(email) && !isKnown ? words.invitePerson : words.addPerson;
}

/**
 * Returns the form for this organization, or without one, for the one that the person chooses. It begins with the one that the pages
 * are narrowed to.
 */
function usePersonForm(organization: Organization | undefined): UseFormReturnType<AddPersonDraft> {
  const session = useSession();
  const [scope] = useScope();
  return useForm<AddPersonDraft>({
    initialValues: {
      email: '',
      place: 'organization',
      organization_id: organization?.id ?? scope ?? onlyOrganization(session),
      // An organization without an owner needs one first.
      role: organization?.owners?.length === 0 ? 'org_owner' : 'org_member',
      platform_role: 'platform_auditor',
      teams: [],
    },
    validate: {
      email: (email) => (isAddress(email) ? null : words.choosePersonOrAddress),
      organization_id: (id, { place }) => (place === 'organization' && id === undefined ? words.chooseAnOrganization : null),
    },
  });
}

/** Returns the person's organization if they have exactly one and no platform role. */
function onlyOrganization({ memberships, platform_role }: ReturnType<typeof useSession>): string | undefined {
  return platform_role === null && memberships.length === 1 ? memberships[0]?.organization_id : undefined;
}
