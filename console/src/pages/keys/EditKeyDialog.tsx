import { Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart, policyParts, tagParts } from '../../components/dialogs/edit-parts.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { PolicyFields } from '../../components/fields/PolicyFields.tsx';
import { keyTagsForm, type PolicyDraft, policyDraft, policyForm, tagsForm } from '../../components/fields/policy-draft.ts';
import { NameText } from '../../components/Named.tsx';
import { type KeyTagsDraft, tagsDraft } from '../../forms/tags-draft.ts';
import { instantText } from '../../numbers/times.ts';
import { useCapsAboveKey } from './caps.ts';
import { ExpiryField } from './ExpiryField.tsx';
import { type ExpiryDraft, expiresAtOf, expiryDraft } from './expiry.ts';
import { OwnerField, OwnerName, ownerBody, ownerErrorOf } from './OwnerField.tsx';
import { words } from './words.ts';

type Key = Schema<'Key'>;

interface KeyDraft extends PolicyDraft, KeyTagsDraft {
  readonly name: string;
  readonly team_id: string;
  readonly owner: string | null;
  readonly expires_at: ExpiryDraft;
}

const PARTS: readonly EditPart<KeyDraft>[] = [
  namePart(),
  {
    name: 'team_id',
    label: words.team,
    words: ({ team_id }) => <NameText id={team_id} />,
    hasEffect: true,
  },
  {
    name: 'owner',
    label: words.owner,
    hasEffect: true,
    body: ({ owner }) => ownerBody(owner),
    words: ({ owner, team_id }) => <OwnerName owner={owner} teamId={team_id} />,
  },
  {
    name: 'expires_at',
    label: words.expiry,
    body: ({ expires_at }) => ({ expires_at: expiresAtOf(expires_at) }),
    words: ({ expires_at }) => {
      const at = expiresAtOf(expires_at);
      return at === null ? words.never : instantText(new Date(at));
    },
  },
  ...policyParts<KeyDraft>(),
  ...tagParts<KeyDraft>(),
  {
    name: 'caller_tags',
    label: words.callerTags,
    words: ({ caller_tags }) => words.callerTagsAre[caller_tags],
  },
];

interface EditKeyDialogProps {
  readonly of: Key;
  readonly opened: boolean;
  /** The field at which the dialog opens. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
}

/**
 * Edits name, team, owner, expiry, limits, budgets and narrowing of a key. Nobody can change the limits of a key of their own.
 */
export function EditKeyDialog({ of: key, opened, at, onClose }: EditKeyDialogProps) {
  return (
    <EditDialog<Key, KeyDraft>
      opened={opened}
      onClose={onClose}
      at={at}
      title={words.editNamed(key.name)}
      what={words.thisKey}
      path={`/keys/${key.id}`}
      draftOf={draftOf}
      parts={PARTS}
      invalidates={['keys', 'access', 'teams']}
    >
      {(form, read) => <Fields form={form} of={read} />}
    </EditDialog>
  );
}

type Form = Parameters<Parameters<typeof EditDialog<Key, KeyDraft>>[0]['children']>[0];

function Fields({ form, of: key }: { form: Form; of: Key }) {
  const { team_id: teamId } = form.values;
  const team = useQuery({
    queryKey: ['teams', 'one', teamId],
    queryFn: () => asked(api.GET('/teams/{id}', { params: { path: { id: teamId } } })),
  });
  const caps = useCapsAboveKey(team.data);
  const manages = verdictOf('keys.manage', key).allowed;
  const limits = verdictOf('key_limits.change', key);
  return (
    <>
      <TextInput
        label={words.name}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        {...form.getInputProps('name')}
      />
      {manages && <TeamField form={form} of={key} />}
      {manages && (
        <OwnerField
          teamId={teamId}
          value={form.values.owner}
          onChange={(owner) => form.setFieldValue('owner', owner)}
          error={ownerErrorOf(form.errors)}
        />
      )}
      <ExpiryField
        value={form.values.expires_at}
        onChange={(expiry) => form.setFieldValue('expires_at', expiry)}
        error={form.errors.expires_at as string | undefined}
        daysMax={null}
      />
      <PolicyFields
        form={policyForm(form)}
        tags={tagsForm(form)}
        keyTags={keyTagsForm(form)}
        caps={caps}
        timeZone={team.data?.time_zone ?? 'UTC'}
        level={{
          is: 'key',
          organizationId: key.organization_id,
          teamId,
          memberId: key.owner.member_id ?? undefined,
        }}
        holder={words.thisKey}
        parentName={words.theTeam(team.data?.name ?? key.team_name)}
        mayLimit={limits.allowed ? limits : { ...limits, reason: words.ownLimitsAreFixed }}
      />
    </>
  );
}

/** Moves a key to another team. Service accounts belong to one team and do not move; a person who is in both stays the owner. */
function TeamField({ form, of: key }: { form: Form; of: Key }) {
  const { team_id: teamId, owner } = form.values;
  const move = (to: string) => {
    const stays = owner === null || owner.startsWith('svc_');
    form.setValues({ team_id: to, owner: to === key.team_id ? draftOf(key).owner : stays ? null : owner });
  };
  return (
    <div>
      <ObjectSelect
        kind="team"
        label={words.team}
        value={teamId}
        onChange={(id) => move(id ?? key.team_id)}
        organizationId={key.organization_id}
        error={form.errors.team_id}
      />
      {teamId !== key.team_id && (
        <Text fz="sm" c="dimmed" mt={4}>
          {words.moveMeans(key.team_name)}
        </Text>
      )}
    </div>
  );
}

function draftOf(key: Key): KeyDraft {
  return {
    name: key.name,
    team_id: key.team_id,
    owner: key.owner.account_id ?? key.owner.service_account_id,
    expires_at: expiryDraft(key.expires_at),
    ...policyDraft(key),
    ...tagsDraft(key),
    caller_tags: key.caller_tags,
  };
}
