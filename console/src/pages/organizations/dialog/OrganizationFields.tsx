import type { UseFormReturnType } from '@mantine/form';
import type { Organization } from '../../../api/organizations.ts';
import { type Permission, type Verdict, verdictOf } from '../../../api/session.tsx';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { AssetAccessEditor } from '../../../forms/AssetAccessEditor.tsx';
import { AuditFields } from '../../../forms/AuditFields.tsx';
import { BudgetFields } from '../../../forms/BudgetFields.tsx';
import { bind } from '../../../forms/bind.ts';
import { ModelLimitFields } from '../../../forms/ModelLimitFields.tsx';
import { RateLimitFields } from '../../../forms/RateLimitFields.tsx';
import { TagFields } from '../../../forms/TagFields.tsx';
import { IdentityFields } from './IdentityFields.tsx';
import type { OrganizationDraft } from './organization-draft.ts';
import { StartFrom } from './StartFrom.tsx';

export const SECTIONS = ['Identity', 'Budgets', 'Rate limits', 'Asset access', 'Tags', 'Audit content'] as const;

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
      <FormSection title="Identity" verdict={mayProfile}>
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
      <FormSection title="Budgets" verdict={mayCap}>
        <BudgetFields {...bind(form, 'budgets')} {...organizationId} {...cap} />
      </FormSection>
      <FormSection
        title="Rate limits"
        verdict={mayCap}
        about="Shared limits: all teams and keys of the organization count against them."
      >
        <RateLimitFields {...bind(form, 'rate_limits')} {...cap} />
        <ModelLimitFields {...bind(form, 'model_limits')} {...organizationId} {...cap} />
      </FormSection>
      <FormSection
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
      </FormSection>
      <FormSection title="Tags" verdict={mayCap} about="Tags choose among the deployments of a model. They never give access.">
        <TagFields
          value={form.values}
          onChange={(name, tags) => bind(form, name).onChange(tags)}
          errors={form.errors}
          level="organization"
          disabled={!mayCap.allowed}
        />
      </FormSection>
      <FormSection title="Audit content" verdict={mayAudit}>
        <AuditFields {...bind(form, 'audit')} disabled={!mayAudit.allowed} />
      </FormSection>
    </>
  );
}
