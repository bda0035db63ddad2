import { Alert, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CreateForm } from '../../components/dialogs/CreateDialog.tsx';
import { PolicyFields } from '../../components/fields/PolicyFields.tsx';
import {
  keyTagsForm,
  NO_POLICY,
  type PolicyDraft,
  policyBody,
  policyForm,
  tagsForm,
} from '../../components/fields/policy-draft.ts';
import { newBudget } from '../../forms/budget-draft.ts';
import { type KeyTagsDraft, NO_KEY_TAGS, tagsBody } from '../../forms/tags-draft.ts';
import { PER } from '../teams/team-draft.ts';
import { useCapsAboveKey } from './caps.ts';
import { ExpiryField } from './ExpiryField.tsx';
import { type ExpiryDraft, expiresAtOf, NEVER } from './expiry.ts';
import { OwnerField, ownerBody, ownerErrorOf } from './OwnerField.tsx';
import { words } from './words.ts';

interface KeyDraft extends PolicyDraft, KeyTagsDraft {
  readonly name: string;
  readonly owner: string | null;
  readonly expires_at: ExpiryDraft;
}

interface CreateKeyFormProps {
  readonly team: Schema<'Team'>;
  /** True if the key is made under the team's self-service, so that it belongs to the person. */
  readonly isOwn: boolean;
  readonly onCreated: (key: Schema<'NewKey'>) => void;
}

export function CreateKeyForm(props: CreateKeyFormProps) {
  const { id } = props.team;
  const bounds = useQuery({
    queryKey: ['keys', 'self-service', id],
    queryFn: () => asked(api.GET('/teams/{id}/self-service', { params: { path: { id } } })),
    enabled: props.isOwn,
    // A login made elsewhere changes what is left, and no cache here learns of it.
    gcTime: 0,
  });
  if (!props.isOwn) return <Fields {...props} bounds={null} />;
  return <Asked query={bounds}>{(read) => <Fields {...props} bounds={read} />}</Asked>;
}

interface FieldsProps extends CreateKeyFormProps {
  /** The bounds for a person's own keys; null for a key that they do not bind. */
  readonly bounds: Schema<'OwnKeys'> | null;
}

function Fields({ team, bounds, onCreated }: FieldsProps) {
  const { account } = useSession();
  const isOwn = bounds !== null;
  const caps = useCapsAboveKey(team);
  const { max_expiry_days: daysMax } = team.self_service;
  return (
    <CreateForm<KeyDraft, Schema<'NewKey'>>
      initial={
        isOwn ? ownKey(team, account.id, bounds) : { name: '', owner: null, expires_at: NEVER, ...NO_POLICY, ...NO_KEY_TAGS }
      }
      validate={{
        name: (name) => (name.trim() === '' ? words.enterAName : null),
      }}
      verb={words.createKey}
      invalidates={['keys', 'teams']}
      save={({ name, owner, expires_at, ...policy }, header) =>
        asked(
          api.POST('/keys', {
            params: { header },
            body: {
              team_id: team.id,
              name: name.trim(),
              ...ownerBody(owner),
              expires_at: expiresAtOf(expires_at),
              ...policyBody(policy),
              ...tagsBody(policy),
              caller_tags: policy.caller_tags,
            },
          }),
        )
      }
      onSaved={onCreated}
    >
      {(form) => (
        <>
          {isOwn && <SelfServiceNote team={team} bounds={bounds} />}
          <TextInput
            label={words.name}
            description={words.nameMeans}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={200}
            {...form.getInputProps('name')}
          />
          {!isOwn && (
            <OwnerField
              teamId={team.id}
              value={form.values.owner}
              onChange={(owner) => form.setFieldValue('owner', owner)}
              error={ownerErrorOf(form.errors)}
            />
          )}
          <ExpiryField
            value={form.values.expires_at}
            onChange={(expiry) => form.setFieldValue('expires_at', expiry)}
            error={form.errors.expires_at as string | undefined}
            daysMax={isOwn ? daysMax : null}
          />
          <PolicyFields
            form={policyForm(form)}
            tags={tagsForm(form)}
            keyTags={keyTagsForm(form)}
            caps={caps}
            timeZone={team.time_zone}
            level={{ is: 'key', organizationId: team.organization_id, teamId: team.id, memberId: undefined }}
            holder={words.thisKey}
            parentName={words.theTeam(team.name)}
            initiallyOpen={isOwn && team.self_service.max_budget !== null ? ['budgets'] : []}
          />
        </>
      )}
    </CreateForm>
  );
}

interface SelfServiceNoteProps {
  readonly team: Schema<'Team'>;
  readonly bounds: Schema<'OwnKeys'>;
}

function SelfServiceNote({ team: { self_service: policy, name }, bounds }: SelfServiceNoteProps) {
  const { keys_left: left, budget_left: budgetLeft, reason } = bounds;
  const rules = [
    policy.max_keys_per_member === null ? '' : words.keysPerPerson(policy.max_keys_per_member),
    policy.max_expiry_days === null ? '' : words.eachExpires(policy.max_expiry_days),
    policy.max_budget === null ? '' : words.spendAtMost(policy.max_budget.amount, PER[policy.max_budget.period]),
  ].filter((rule) => rule !== '');
  return (
    <Alert color="blue" p="xs" role="note">
      {words.ownKeyIn(name, rules.join('; '))}
      {left !== null && words.keysLeft(left)}
      {budgetLeft !== null && words.budgetLeft(budgetLeft)}
      {reason === null ? policy.max_budget !== null && words.shared : ` ${reason}`}
    </Alert>
  );
}

/** Returns the initial values. They fulfil what the team demands, so that the first try is not refused. */
function ownKey(team: Schema<'Team'>, accountId: string, { budget_left: left, reason }: Schema<'OwnKeys'>): KeyDraft {
  const { max_expiry_days: days, max_budget: budget } = team.self_service;
  return {
    name: '',
    owner: accountId,
    expires_at: days === null ? NEVER : { after: String(days), at: '' },
    ...NO_POLICY,
    ...NO_KEY_TAGS,
    ...(budget !== null && {
      budgets: [{ ...newBudget(), ...budget, ...(left !== null && reason === null && { amount: left }) }],
    }),
  };
}
