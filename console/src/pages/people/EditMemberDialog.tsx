import { Select } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { useTimeZone } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, policyParts } from '../../components/dialogs/edit-parts.ts';
import { PolicyFields } from '../../components/fields/PolicyFields.tsx';
import { type PolicyDraft, policyDraft, policyForm } from '../../components/fields/policy-draft.ts';
import { ORGANIZATION_ROLES, RoleSelect, roleWord } from '../../components/fields/RoleSelect.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { useOrganizationCap } from '../keys/caps.ts';
import { words } from './words.ts';

type Member = Schema<'Member'>;

interface MemberDraft extends PolicyDraft {
  readonly role: Member['role'];
  readonly status: Member['status'];
}

const PARTS: readonly EditPart<MemberDraft>[] = [
  { name: 'role', label: words.role, hasEffect: true, words: ({ role }) => roleWord(role) },
  { name: 'status', label: words.status, hasEffect: true, words: ({ status }) => wordOf(status) },
  ...policyParts<MemberDraft>(),
];

interface EditMemberDialogProps {
  readonly of: Member;
  readonly opened: boolean;
  /** The field at which the dialog opens. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
}

/** Edits a membership: the role, and the user scope with limits, budgets and narrowing for every key this person owns here. */
export function EditMemberDialog({ of: member, opened, at, onClose }: EditMemberDialogProps) {
  return (
    <EditDialog<Member, MemberDraft>
      opened={opened}
      onClose={onClose}
      at={at}
      title={words.editNamed(member.name)}
      what={words.thisMember}
      path={`/organizations/${member.organization_id}/members/${member.id}`}
      draftOf={(read) => ({ role: read.role, status: read.status, ...policyDraft(read) })}
      parts={PARTS}
      invalidates={['members', 'accounts', 'session', 'access', 'organization', 'organizations']}
    >
      {(form, read) => <Fields form={form} of={read} />}
    </EditDialog>
  );
}

type Form = Parameters<Parameters<typeof EditDialog<Member, MemberDraft>>[0]['children']>[0];

function Fields({ form, of: member }: { form: Form; of: Member }) {
  const timeZone = useTimeZone(member.organization_id);
  const caps = useOrganizationCap(member.organization_id);
  const limits = verdictOf('member_limits.change', member);
  return (
    <>
      <RoleSelect roles={ORGANIZATION_ROLES} {...form.getInputProps('role')} />
      <Select
        label={words.status}
        description={words.disabledMemberMeans}
        allowDeselect={false}
        data={[
          { value: 'active', label: words.activeOption },
          { value: 'disabled', label: words.disabledOption },
        ]}
        {...form.getInputProps('status')}
      />
      <PolicyFields
        form={policyForm(form)}
        caps={caps}
        timeZone={timeZone ?? 'UTC'}
        level={{ is: 'user', organizationId: member.organization_id, memberId: member.id }}
        holder={member.name}
        parentName={words.theOrganization}
        mayLimit={limits}
        mayAccess={limits}
      />
    </>
  );
}
