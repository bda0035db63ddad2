import { Alert, Box, Button, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Problem } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConflictDialog } from '../../components/ConflictDialog.tsx';
import { EffectPreview, takesAway, useEffectOf } from '../../components/EffectPreview.tsx';
import { AssetAccessEditor } from '../../forms/AssetAccessEditor.tsx';
import { AuditFields } from '../../forms/AuditFields.tsx';
import { BudgetFields } from '../../forms/BudgetFields.tsx';
import { bind } from '../../forms/bind.ts';
import { ModelLimitFields } from '../../forms/ModelLimitFields.tsx';
import { RateLimitFields } from '../../forms/RateLimitFields.tsx';
import { IdentityFields } from './IdentityFields.tsx';
import { changesOf, SECTION_LABELS } from './organization-draft.ts';
import { sectionWords } from './section-words.ts';
import { type ReadVersion, useOrganizationForm } from './useOrganizationForm.ts';

interface OrganizationFormProps {
  readonly read: ReadVersion | null;
  readonly onCancel: () => void;
  readonly onSaved: (organization: Organization) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
}

/** What could take something from somebody; a new name cannot. */
const WITH_EFFECT = ['budgets', 'rate_limits', 'model_limits', 'asset_access'] as const;
const ALLOWED: Verdict = { allowed: true, reason: null };

/** Every field of an organization, in the order in which one thinks of them, and before saving what the change would do. */
export function OrganizationForm({ read, onCancel, onSaved, onUnsaved }: OrganizationFormProps) {
  const state = useOrganizationForm({ read, onSaved });
  const { form, base, changed, saving, conflict } = state;
  const isUnsaved = changed.length > 0 && !saving.isSuccess;
  useEffect(() => onUnsaved(isUnsaved), [onUnsaved, isUnsaved]);
  const capabilities = read?.data.capabilities;
  const mayProfile = capabilities === undefined ? ALLOWED : verdictOf('organization.profile', capabilities);
  const mayCap = capabilities === undefined ? ALLOWED : verdictOf('organizations.cap', capabilities);
  const mayAudit = capabilities === undefined ? ALLOWED : verdictOf('audit_policy.change', capabilities);
  const hasEffect = read !== null && changed.some((section) => WITH_EFFECT.some((one) => one === section));
  const effect = useEffectOf(`/organizations/${read?.data.id ?? ''}`, hasEffect ? changesOf(base, form.values) : null);
  const timeZone = form.values.time_zone;
  const organizationId = read === null ? {} : { organizationId: read.data.id };
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (draft) => {
          if (!saving.isPending) saving.mutate(draft);
        },
        () => setTimeout(showFirstError, 0),
      )}
    >
      <Stack gap="xl" pb="md">
        <Part title="Identity" verdict={mayProfile}>
          <IdentityFields form={form} isNew={read === null} mayProfile={mayProfile.allowed} mayCap={mayCap.allowed} />
        </Part>
        <Part title="Budgets" verdict={mayCap}>
          <BudgetFields {...bind(form, 'budgets')} {...organizationId} timeZone={timeZone} disabled={!mayCap.allowed} />
        </Part>
        <Part
          title="Rate limits"
          verdict={mayCap}
          about="One shared cap: all teams and keys of the organization count against it."
        >
          <RateLimitFields {...bind(form, 'rate_limits')} timeZone={timeZone} disabled={!mayCap.allowed} />
          <ModelLimitFields {...bind(form, 'model_limits')} {...organizationId} timeZone={timeZone} disabled={!mayCap.allowed} />
        </Part>
        <Part
          title="Asset access"
          verdict={mayCap}
          about="Which models and route groups it may call. Its teams, members and keys can only narrow this."
        >
          <AssetAccessEditor
            {...bind(form, 'asset_access')}
            level={{ is: 'organization', ...organizationId }}
            holder="This organization"
            disabled={!mayCap.allowed}
          />
        </Part>
        <Part title="Audit content" verdict={mayAudit}>
          <AuditFields {...bind(form, 'audit')} disabled={!mayAudit.allowed} />
        </Part>
      </Stack>
      <Box
        pos="sticky"
        bottom={0}
        py="sm"
        bg="var(--mantine-color-body)"
        style={{ borderTop: '1px solid var(--mantine-color-default-border)', zIndex: 2 }}
      >
        <Stack gap="xs">
          {hasEffect && <EffectPreview query={effect} />}
          {saving.isError && !isAllAtFields(saving.error, form.errors) && <ProblemNote error={saving.error} />}
          {Object.keys(form.errors).length > 0 && (
            <Text fz="sm" role="alert" style={{ color: 'light-dark(#b02525, #ff8787)' }}>
              {Object.keys(form.errors).length === 1 ? 'One field needs' : 'Some fields need'} another look.
            </Text>
          )}
          <Group justify="space-between" gap="xs">
            <Text fz="sm" c="dimmed" aria-live="polite">
              {read !== null && changed.length > 0 && `Changed: ${changed.map((one) => SECTION_LABELS[one]).join(', ')}`}
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={onCancel}>
                Cancel
              </Button>
              <Button type="submit" loading={saving.isPending} disabled={read !== null && changed.length === 0}>
                {read === null ? 'Create organization' : hasEffect && takesAway(effect.data) ? 'Save and apply this' : 'Save'}
              </Button>
            </Group>
          </Group>
        </Stack>
      </Box>
      {conflict !== null && (
        <ConflictDialog
          opened
          what={conflict.version.data.name}
          fields={conflict.both.map((section) => ({
            name: section,
            label: SECTION_LABELS[section],
            yours: sectionWords(section, form.values),
            theirs: sectionWords(section, conflict.theirs),
          }))}
          taken={conflict.onlyTheirs.map((section) => SECTION_LABELS[section])}
          onResolve={state.resolve}
          onCancel={state.dismissConflict}
        />
      )}
    </form>
  );
}

interface PartProps {
  readonly title: string;
  readonly about?: string;
  readonly verdict: Verdict;
  readonly children: ReactNode;
}

function Part({ title, about, verdict, children }: PartProps) {
  return (
    <section aria-label={title}>
      <Title order={3} mb={4}>
        {title}
      </Title>
      {about !== undefined && (
        <Text fz="sm" c="dimmed" mb="xs">
          {about}
        </Text>
      )}
      {!verdict.allowed && (
        <Alert color="gray" py="xs" mb="xs">
          <Text fz="sm">{verdict.reason}</Text>
        </Alert>
      )}
      <Stack gap="md">{children}</Stack>
    </section>
  );
}

/** A note beside the button would only repeat what stands at the fields. */
function isAllAtFields(error: unknown, errors: Readonly<Record<string, unknown>>): boolean {
  return error instanceof Problem && (error.status === 400 || error.status === 422) && Object.keys(errors).length > 0;
}

/** The first field that is wrong gets the focus: in a long dialog it may be out of sight. */
function showFirstError(): void {
  const field = document.querySelector<HTMLElement>('form [aria-invalid="true"], form [data-error="true"]');
  field?.focus();
  field?.scrollIntoView({ block: 'center' });
}
