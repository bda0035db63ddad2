import { Alert, Checkbox, MultiSelect, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { type SignInPolicy, savePolicy } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { useSession } from '../../../api/session.tsx';
import { EditDialog } from '../../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../../components/dialogs/edit-parts.ts';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { WholeNumberInput } from '../../../components/fields/WholeNumberInput.tsx';
import { RadioChoices } from '../../../forms/RadioChoices.tsx';
import { words } from '../words.ts';
import { PolicyEffect } from './PolicyEffect.tsx';
import { bodyOf, type PolicyDraft } from './policy-draft.ts';

const PARTS: readonly EditPart<PolicyDraft>[] = [
  { name: 'sign_in', label: words.waysToSignIn, words: ({ sign_in }) => words.signInMode[sign_in] },
  {
    name: 'second_factor',
    label: words.secondFactor,
    words: ({ second_factor }) => words.secondFactorMode[second_factor],
  },
  {
    name: 'evidence_hours',
    label: words.hours,
    words: ({ evidence_hours }) => words.countHours(Number(evidence_hours)),
  },
  {
    name: 'idle_minutes',
    label: words.idle,
    body: ({ idle_minutes: minutes }) => ({ idle_minutes: minutes === '' ? null : minutes }),
    words: ({ idle_minutes: minutes }) => (minutes === '' ? words.noIdleLimit : words.countMinutes(minutes)),
  },
  {
    name: 'break_glass',
    label: words.breakGlass,
    body: ({ break_glass }) => ({ break_glass: [...break_glass].sort() }),
    words: ({ break_glass }) => words.countOwners(break_glass.length),
  },
  { name: 'asks_again', label: words.askAgain, words: ({ asks_again }) => (asks_again ? words.yes : words.no) },
];

const OWNERS_MAX = 3;

interface PolicyDialogProps {
  readonly opened: boolean;
  readonly organization: Organization;
  readonly onClose: () => void;
}

/** Changes what a sign-in must show. Shows before saving who would be asked to sign in again. */
export function PolicyDialog({ opened, organization, onClose }: PolicyDialogProps) {
  const [isWaiting, setWaiting] = useState(false);
  return (
    <EditDialog<SignInPolicy, PolicyDraft>
      opened={opened}
      onClose={onClose}
      title={words.changePolicy}
      size="lg"
      what={words.thePolicy}
      path={`/organizations/${organization.id}/sign-in-policy`}
      draftOf={({ sign_in, second_factor, evidence_hours, idle_minutes, break_glass, asks_again }) => ({
        ...{ sign_in, second_factor, evidence_hours, asks_again },
        break_glass: break_glass.map(({ account_id }) => account_id),
        idle_minutes: idle_minutes ?? '',
      })}
      parts={PARTS}
      validate={{
        evidence_hours: (hours: number | '') => (hours === '' ? words.enterHours : null),
        break_glass: (ids: readonly string[], { sign_in }: PolicyDraft) =>
          sign_in === 'sso' && (ids.length === 0 || ids.length > OWNERS_MAX) ? words.chooseOwners : null,
      }}
      save={(_, etag, draft) => savePolicy(organization.id, bodyOf(draft), etag)}
      invalidates={['sign-in-policy', 'session']}
      isWaiting={isWaiting}
    >
      {(form, policy) => <PolicyFields form={form} organization={organization} policy={policy} onWaiting={setWaiting} />}
    </EditDialog>
  );
}

interface FieldsProps extends Pick<PolicyDialogProps, 'organization'> {
  readonly form: UseFormReturnType<PolicyDraft>;
  readonly policy: SignInPolicy;
  readonly onWaiting: (isWaiting: boolean) => void;
}

function PolicyFields({ form, organization, policy, onWaiting }: FieldsProps) {
  const { sign_in: mode, second_factor: factor } = form.values;
  const isEnforced = mode === 'sso';
  const hasActiveProvider = policy.active_providers > 0;
  return (
    <Stack gap="xl">
      <Stack gap="md">
        <RadioChoices
          of={{ value: mode, onChange: (value) => form.setFieldValue('sign_in', value), errors: form.errors, at: 'sign_in' }}
          label={words.waysToSignIn}
          choices={[
            { value: 'any', label: words.signInMode.any, about: words.signInModeMeans.any },
            { value: 'sso', label: words.signInMode.sso, about: words.signInModeMeans.sso },
          ]}
          disabled={!hasActiveProvider && !isEnforced}
        />
        {!hasActiveProvider && (
          <Alert color="gray" py="xs">
            {words.needsActiveProvider}
          </Alert>
        )}
        {isEnforced && (
          <>
            {policy.sign_in !== 'sso' && policy.owner_signed_in_at === null && (
              <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title={words.beforeEnforcing}>
                {words.beforeEnforcingMeans}
              </Alert>
            )}
            <BreakGlassOwners form={form} policy={policy} />
          </>
        )}
        <PolicyEffect
          organizationId={organization.id}
          draft={form.values}
          onWaiting={onWaiting}
          isAsked={form.isDirty() && (!isEnforced || policy.sign_in === 'sso' || policy.owner_signed_in_at !== null)}
        />
      </Stack>
      <RadioChoices
        of={{
          value: factor,
          onChange: (value) => form.setFieldValue('second_factor', value),
          errors: form.errors,
          at: 'second_factor',
        }}
        label={words.secondFactor}
        choices={(['off', 'idp_or_own', 'own'] as const).map((value) => ({
          value,
          label: words.secondFactorMode[value],
          about: words.secondFactorModeMeans[value],
        }))}
        disabled={false}
      />
      <FormSection title={words.howLong}>
        <WholeNumberInput
          label={words.hours}
          description={words.hoursMean}
          min={1}
          max={720}
          {...form.getInputProps('evidence_hours')}
        />
        <WholeNumberInput
          label={words.idle}
          description={words.idleMeans}
          min={5}
          max={10_080}
          {...form.getInputProps('idle_minutes')}
        />
        <Checkbox
          label={words.askAgain}
          description={words.askAgainMeans}
          {...form.getInputProps('asks_again', { type: 'checkbox' })}
        />
      </FormSection>
    </Stack>
  );
}

/** The owners who may come in with a passkey. Those without one are shown, and cannot be chosen. */
function BreakGlassOwners({ form, policy }: Pick<FieldsProps, 'form' | 'policy'>) {
  const { mail_configured: hasMail } = useSession();
  const gone = policy.break_glass.filter(({ is_owner: isOwner }) => !isOwner);
  return (
    <MultiSelect
      label={words.breakGlass}
      description={hasMail ? words.breakGlassMeans : `${words.breakGlassMeans} ${words.nobodyIsMailed}`}
      data={[
        ...policy.owners.map(({ account_id, name, email, passkeys }) => ({
          value: account_id,
          label: passkeys === 0 ? words.ownerWithoutPasskey(`${name} (${email})`) : `${name} (${email})`,
          disabled: passkeys === 0,
        })),
        ...gone.map(({ account_id }) => ({ value: account_id, label: words.noOwner(account_id), disabled: true })),
      ]}
      maxValues={OWNERS_MAX}
      value={[...form.values.break_glass]}
      onChange={(ids) => form.setFieldValue('break_glass', ids)}
      error={form.errors.break_glass}
    />
  );
}
