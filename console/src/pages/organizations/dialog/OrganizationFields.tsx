import type { UseFormReturnType } from '@mantine/form';
import type { Organization } from '../../../api/organizations.ts';
import { type Permission, type Verdict, verdictOf } from '../../../api/session.tsx';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { AssetAccessEditor } from '../../../forms/AssetAccessEditor.tsx';
import { AuditFields } from '../../../forms/AuditFields.tsx';
import { BudgetFields } from '../../../forms/BudgetFields.tsx';
import { bind } from '../../../forms/bind.ts';
import { CacheFields } from '../../../forms/CacheFields.tsx';
import { LabelLimitFields } from '../../../forms/LabelLimitFields.tsx';
import { MirroringFields } from '../../../forms/MirroringFields.tsx';
import { ModelLimitFields } from '../../../forms/ModelLimitFields.tsx';
import { RateLimitFields } from '../../../forms/RateLimitFields.tsx';
import { EndUsersFields, FilesFields, ResponsesFields } from '../../../forms/ResponsesFields.tsx';
import { TagFields } from '../../../forms/TagFields.tsx';
import { words } from '../words.ts';
import { IdentityFields } from './IdentityFields.tsx';
import type { OrganizationDraft } from './organization-draft.ts';
import { StartFrom } from './StartFrom.tsx';

export const SECTIONS = [
  ...[words.identity, words.budgets, words.rateLimits, words.labelLimits, words.assetAccess, words.tags, words.auditContent],
  ...[words.storedResponses, words.filesAndBatches, words.exactCache, words.endUsers, words.mirroring],
];

interface OrganizationFieldsProps {
  readonly form: UseFormReturnType<OrganizationDraft>;
  /** The organization that is edited. Null while one is created. */
  readonly of: Organization | null;
}

/** Every field of an organization, in sections. */
export function OrganizationFields({ form, of }: OrganizationFieldsProps) {
  const [mayProfile, mayCap] = [mayOf(of, 'organization.profile'), mayOf(of, 'organizations.cap')];
  return (
    <>
      {of === null && <StartFrom form={form} />}
      <FormSection title={words.identity} verdict={mayProfile}>
        <IdentityFields form={form} isNew={of === null} mayProfile={mayProfile.allowed} mayCap={mayCap.allowed} />
      </FormSection>
      <SettingsSections form={form} of={of} />
    </>
  );
}

function mayOf(of: Organization | null, permission: Permission): Verdict {
  return of === null ? { allowed: true, reason: null } : verdictOf(permission, of);
}

/** The fields of an organization without its names and time zone, in sections. Templates have them too. */
export function SettingsSections({ form, of }: OrganizationFieldsProps) {
  const [mayCap, mayAudit] = [mayOf(of, 'organizations.cap'), mayOf(of, 'audit_policy.change')];
  const organizationId = of === null ? {} : { organizationId: of.id };
  const cap = { timeZone: form.values.time_zone, disabled: !mayCap.allowed };
  return (
    <>
      <FormSection title={words.budgets} verdict={mayCap}>
        <BudgetFields {...bind(form, 'budgets')} {...organizationId} {...cap} />
      </FormSection>
      <FormSection title={words.rateLimits} verdict={mayCap} about={words.sharedLimitsMean}>
        <RateLimitFields {...bind(form, 'rate_limits')} {...cap} />
        <ModelLimitFields {...bind(form, 'model_limits')} {...organizationId} {...cap} />
      </FormSection>
      <FormSection title={words.labelLimits} verdict={mayCap}>
        <LabelLimitFields {...bind(form, 'label_limits')} {...cap} />
      </FormSection>
      <FormSection title={words.assetAccess} verdict={mayCap} about={words.accessMeans}>
        <AssetAccessEditor
          {...bind(form, 'asset_access')}
          level={{ is: 'organization', ...organizationId }}
          holder={words.thisOrganization}
          disabled={!mayCap.allowed}
        />
      </FormSection>
      <FormSection title={words.tags} verdict={mayCap} about={words.tagsMean}>
        <TagFields
          value={form.values}
          onChange={(name, tags) => bind(form, name).onChange(tags)}
          onRequireEndUser={bind(form, 'require_end_user').onChange}
          errors={form.errors}
          level="organization"
          disabled={!mayCap.allowed}
        />
      </FormSection>
      <FormSection title={words.auditContent} verdict={mayAudit}>
        <AuditFields {...bind(form, 'audit')} disabled={!mayAudit.allowed} />
      </FormSection>
      <FormSection title={words.storedResponses} verdict={mayAudit}>
        <ResponsesFields
          storage={bind(form, 'responses_storage')}
          scope={bind(form, 'responses_scope')}
          disabled={!mayAudit.allowed}
        />
      </FormSection>
      <FormSection title={words.filesAndBatches} verdict={mayAudit}>
        <FilesFields batches={bind(form, 'batches')} scope={bind(form, 'files_scope')} disabled={!mayAudit.allowed} />
      </FormSection>
      <FormSection title={words.exactCache} verdict={mayAudit}>
        <CacheFields scope={bind(form, 'cache_scope')} disabled={!mayAudit.allowed} />
      </FormSection>
      <FormSection title={words.endUsers} verdict={mayAudit}>
        <EndUsersFields of={bind(form, 'end_users')} disabled={!mayAudit.allowed} />
      </FormSection>
      <FormSection title={words.mirroring} verdict={mayAudit}>
        <MirroringFields of={bind(form, 'mirroring')} disabled={!mayAudit.allowed} />
      </FormSection>
    </>
  );
}
