import type { Schema } from '../../../api/client.ts';
import type { Organization } from '../../../api/organizations.ts';
import { auditDraft } from '../../../forms/AuditFields.tsx';
import { accessDraft } from '../../../forms/access-draft.ts';
import { budgetsDraft } from '../../../forms/budget-draft.ts';
import { labelLimitsDraft, labelLimitsWithoutIds } from '../../../forms/label-limit-draft.ts';
import { modelLimitsDraft, rateLimitsDraft } from '../../../forms/limit-draft.ts';
import { NO_RESPONSES } from '../../../forms/ResponsesFields.tsx';
import { tagsDraft } from '../../../forms/tags-draft.ts';
import { draftOf, type OrganizationDraft, organizationBody } from './organization-draft.ts';

export type Template = Schema<'OrganizationTemplate'>;
/** The settings of an organization without its names. */
export type SettingsDraft = Omit<OrganizationDraft, 'name' | 'slug'>;

const NO_LIMITS = { rpm: null, tpm: null, rph: null, tph: null, rpd: null, tpd: null, max_parallel: null };
const NO_BUDGET = { anchor_day: null, anchor_month: null, hours: null, target: null, access_group: null };
const STANDARD = { thresholds: [50, 80, 100], action: 'block' as const, clamp_output: false };

/** Returns the settings of a template as a form has them. Absent ones have the defaults of the API. */
export function settingsDraft({ settings }: Template): SettingsDraft {
  // The server checked the settings against the schema of POST /organizations when it stored them.
  const given = settings as Partial<Schema<'OrganizationSettings'>>;
  const budgets = (given.budgets ?? []).map(({ days, hours, ...budget }) => ({
    ...{ ...NO_BUDGET, ...STANDARD, ...budget },
    ...{ hours: days == null ? (hours ?? null) : days * 24, id: '' },
  }));
  const modelLimits = (given.model_limits ?? []).map((one) => ({
    target: one.target ?? null,
    access_group: one.access_group ?? null,
    rate_limits: { ...NO_LIMITS, ...one.rate_limits },
  }));
  const labelLimits = (given.label_limits ?? []).map((one) => ({
    ...{ tag: one.tag ?? null, end_user: one.end_user ?? null, rate_limits: { ...NO_LIMITS, ...one.rate_limits } },
    budgets: (one.budgets ?? []).map(({ days, hours, ...budget }) => ({
      ...{ ...NO_BUDGET, ...STANDARD, ...budget },
      ...{ hours: days == null ? (hours ?? null) : days * 24, id: '' },
    })),
  })) as Organization['label_limits'];
  return {
    time_zone: given.time_zone ?? 'UTC',
    budgets: withoutIds(budgetsDraft(budgets as Organization['budgets'])),
    rate_limits: rateLimitsDraft({ ...NO_LIMITS, ...given.rate_limits }),
    model_limits: modelLimitsDraft(modelLimits),
    asset_access: accessDraft({ mode: 'selected', targets: [], access_groups: [], ...given.asset_access }),
    ...tagsDraft({
      ...{ default_tags: given.default_tags ?? [], required_tags: given.required_tags ?? [] },
      ...{ require_end_user: given.require_end_user ?? false, label_limits: [] },
    }),
    label_limits: labelLimitsWithoutIds(labelLimitsDraft(labelLimits)),
    audit: auditDraft({ content: 'off', content_retention_days: null, event_retention_days: null, ...given.audit }),
    responses_storage: given.responses_storage ?? NO_RESPONSES.responses_storage,
    responses_scope: given.responses_scope ?? NO_RESPONSES.responses_scope,
    batches: given.batches ?? 'on',
    files_scope: given.files_scope ?? 'team',
    cache_scope: given.cache_scope ?? 'off',
    end_users: given.end_users ?? 'hashed',
    mirroring: given.mirroring ?? 'refuse',
  };
}

/** Returns the settings of an organization for another one: without ids of budgets, and without models that are gone. */
export function likeDraft(organization: Organization): SettingsDraft {
  const { name: _, slug: __, ...settings } = draftOf(organization);
  const gone = new Set(organization.asset_access.ineffective?.targets ?? []);
  const { asset_access: access } = settings;
  return {
    ...settings,
    budgets: withoutIds(settings.budgets),
    label_limits: labelLimitsWithoutIds(settings.label_limits),
    asset_access: { ...access, targets: access.targets.filter((target) => !gone.has(target)) },
  };
}

function withoutIds(budgets: OrganizationDraft['budgets']): OrganizationDraft['budgets'] {
  return budgets.map((budget) => ({ ...budget, id: null }));
}

/** Returns settings as the API takes them. */
export function settingsBody(draft: OrganizationDraft) {
  const {
    name: _,
    slug: __,
    ...settings
  } = organizationBody({
    ...draft,
    budgets: withoutIds(draft.budgets),
    label_limits: labelLimitsWithoutIds(draft.label_limits),
  });
  return settings;
}
