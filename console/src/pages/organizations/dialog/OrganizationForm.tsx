import { Alert, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import type { Organization } from '../../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../../api/session.tsx';
import { ConflictDialog } from '../../../components/dialogs/ConflictDialog.tsx';
import { AssetAccessEditor } from '../../../forms/AssetAccessEditor.tsx';
import { AuditFields } from '../../../forms/AuditFields.tsx';
import { BudgetFields } from '../../../forms/BudgetFields.tsx';
import { bind } from '../../../forms/bind.ts';
import { ModelLimitFields } from '../../../forms/ModelLimitFields.tsx';
import { RateLimitFields } from '../../../forms/RateLimitFields.tsx';
import { TagFields } from '../../../forms/TagFields.tsx';
import { IdentityFields } from './IdentityFields.tsx';
import { OrganizationFormFoot } from './OrganizationFormFoot.tsx';
import { SECTION_LABELS, sectionWords } from './organization-draft.ts';
import { type OrganizationFormState, type ReadVersion, useOrganizationForm } from './useOrganizationForm.ts';

interface OrganizationFormProps {
  readonly read: ReadVersion | null;
  readonly onCancel: () => void;
  readonly onSaved: (organization: Organization) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
}

/** Every field of an organization, and before saving the effect of the change. */
export function OrganizationForm({ read, onCancel, onSaved, onUnsaved }: OrganizationFormProps) {
  const state = useOrganizationForm({ read, onSaved });
  const { form, changed, saving } = state;
  const isUnsaved = changed.length > 0 && !saving.isSuccess;
  useEffect(() => onUnsaved(isUnsaved), [onUnsaved, isUnsaved]);
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
      <Parts read={read} form={form} />
      <OrganizationFormFoot read={read} state={state} onCancel={onCancel} />
      <Conflict state={state} />
    </form>
  );
}

const ALLOWED: Verdict = { allowed: true, reason: null };

function Parts({ read, form }: Pick<OrganizationFormProps, 'read'> & Pick<OrganizationFormState, 'form'>) {
  const capabilities = read?.data.capabilities;
  const mayProfile = capabilities === undefined ? ALLOWED : verdictOf('organization.profile', capabilities);
  const mayCap = capabilities === undefined ? ALLOWED : verdictOf('organizations.cap', capabilities);
  const mayAudit = capabilities === undefined ? ALLOWED : verdictOf('audit_policy.change', capabilities);
  const organizationId = read === null ? {} : { organizationId: read.data.id };
  const cap = { timeZone: form.values.time_zone, disabled: !mayCap.allowed };
  return (
    <Stack gap="xl" pb="md">
      <Part title="Identity" verdict={mayProfile}>
        <IdentityFields form={form} isNew={read === null} mayProfile={mayProfile.allowed} mayCap={mayCap.allowed} />
      </Part>
      <Part title="Budgets" verdict={mayCap}>
        <BudgetFields {...bind(form, 'budgets')} {...organizationId} {...cap} />
      </Part>
      <Part
        title="Rate limits"
        verdict={mayCap}
        about="Shared limits: all teams and keys of the organization count against them."
      >
        <RateLimitFields {...bind(form, 'rate_limits')} {...cap} />
        <ModelLimitFields {...bind(form, 'model_limits')} {...organizationId} {...cap} />
      </Part>
      <Part
        title="Asset access"
        verdict={mayCap}
        about="The models and route groups that it can call. Its teams, members and keys can only narrow this."
      >
        <AssetAccessEditor
          {...bind(form, 'asset_access')}
          level={{ is: 'organization', ...organizationId }}
          holder="This organization"
          disabled={!mayCap.allowed}
        />
      </Part>
      <Part title="Tags" verdict={mayCap} about="Tags choose among the deployments of a model. They never give access.">
        <TagFields
          value={form.values}
          onChange={(name, tags) => bind(form, name).onChange(tags)}
          errors={form.errors}
          level="organization"
          disabled={!mayCap.allowed}
        />
      </Part>
      <Part title="Audit content" verdict={mayAudit}>
        <AuditFields {...bind(form, 'audit')} disabled={!mayAudit.allowed} />
      </Part>
    </Stack>
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

function Conflict({ state: { conflict, form, resolve, dismissConflict } }: { state: OrganizationFormState }) {
  if (conflict === null) return null;
  return (
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
      onResolve={resolve}
      onCancel={dismissConflict}
    />
  );
}

/** Moves the focus to the first invalid field, which may be out of view in a long dialog. */
function showFirstError(): void {
  const field = document.querySelector<HTMLElement>('form [aria-invalid="true"], form [data-error="true"]');
  field?.focus();
  field?.scrollIntoView({ block: 'center' });
}
