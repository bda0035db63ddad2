import { useForm } from '@mantine/form';
import { IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schema } from '../../api/client.ts';
import type { Verdict } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { addAccount, type MembershipDraft } from './add-person.ts';
import { MembershipFields } from './MembershipFields.tsx';
import { STALE_PEOPLE, useAdded } from './useAdded.ts';
import { words } from './words.ts';

type Membership = Schema<'Account'>['memberships'][number];

interface Assignable {
  readonly id: string;
  readonly name: string;
  /** The organizations that it belongs to, as far as the reader sees them. */
  readonly memberships: readonly Pick<Membership, 'organization_id' | 'organization_name' | 'role'>[];
}

/** A button that opens the dialog which adds an account to an organization. */
export function AddToOrganization({ of: account, verdict }: { of: Assignable; verdict: Verdict }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <GuardedButton variant="default" verdict={verdict} leftSection={<IconUserPlus size={16} />} onClick={() => setOpen(true)}>
        {words.addToAnOrganization}
      </GuardedButton>
      {isOpen && <AddToOrganizationDialog of={account} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Adds an account to an organization that the person chooses, with a role and teams. */
function AddToOrganizationDialog({ of: account, onClose }: { of: Assignable; onClose: () => void }) {
  const onAdded = useAdded(() => {});
  return (
    <FormDialog opened onClose={onClose} title={words.addNamedToOrganization(account.name)}>
      <Fields of={account} onAdded={onAdded} />
    </FormDialog>
  );
}

function Fields({ of: { id, name, memberships }, onAdded }: { of: Assignable; onAdded: ReturnType<typeof useAdded> }) {
  const form = useForm<MembershipDraft>({
    initialValues: { organization_id: undefined, role: 'org_member', teams: [] },
    validate: {
      organization_id: (chosen) => {
        if (chosen === undefined) return words.chooseAnOrganization;
        const present = memberships.find(({ organization_id }) => organization_id === chosen);
        if (present === undefined) return null;
        return words.alreadyMemberOf(name, present.organization_name, roleWord(present.role));
      },
    },
  });
  return (
    <DialogForm
      form={form}
      verb={words.addToOrganization}
      invalidates={STALE_PEOPLE}
      save={(draft, header) => addAccount(draft, { account_id: id, name, member: null }, header)}
      onSaved={(added) => onAdded(added, words.theOrganization)}
    >
      <MembershipFields form={form} choosesOrganization isFirst />
    </DialogForm>
  );
}
