import type { Organization } from '../../../api/organizations.ts';
import type { EditPart } from '../../../components/dialogs/edit-parts.ts';
import {
  accessLines,
  belowEachOther,
  budgetLines,
  labelLimitLines,
  limitLines,
  modelLimitLines,
} from '../../../components/fields/policy-words.ts';
import { type AuditDraft, auditBody, auditDraft, NO_CONTENT } from '../../../forms/AuditFields.tsx';
import { type AccessDraft, accessDraft, grantsBody, NOTHING_GRANTED } from '../../../forms/access-draft.ts';
import { type BudgetDraft, budgetsBody, budgetsDraft } from '../../../forms/budget-draft.ts';
import {
  type ModelLimitDraft,
  modelLimitsBody,
  modelLimitsDraft,
  NO_LIMITS,
  type RateLimitsDraft,
  rateLimitsBody,
  rateLimitsDraft,
} from '../../../forms/limit-draft.ts';
import { type FilesDraft, NO_RESPONSES, type ResponsesDraft } from '../../../forms/ResponsesFields.tsx';
import { NO_TAGS, type TagsDraft, tagListWords, tagsBody, tagsDraft } from '../../../forms/tags-draft.ts';
import { words } from '../words.ts';

/** An organization as the dialog edits it. */
export interface OrganizationDraft extends TagsDraft, ResponsesDraft, FilesDraft, Pick<Organization, 'cache_scope'> {
  /** Of a template only. */
  readonly description?: string;
  readonly name: string;
  readonly slug: string;
  readonly time_zone: string;
  readonly budgets: readonly BudgetDraft[];
  readonly rate_limits: RateLimitsDraft;
  readonly model_limits: readonly ModelLimitDraft[];
  readonly asset_access: AccessDraft;
  readonly audit: AuditDraft;
  readonly end_users: Organization['end_users'];
  readonly mirroring: Organization['mirroring'];
}

export const NEW_ORGANIZATION: OrganizationDraft = {
  name: '',
  slug: '',
  time_zone: 'UTC',
  budgets: [],
  rate_limits: NO_LIMITS,
  model_limits: [],
  asset_access: NOTHING_GRANTED,
  ...NO_TAGS,
  audit: NO_CONTENT,
  ...NO_RESPONSES,
  batches: 'on',
  files_scope: 'team',
  cache_scope: 'off',
  end_users: 'hashed',
  mirroring: 'refuse',
};

export function draftOf(organization: Organization): OrganizationDraft {
  return {
    name: organization.name,
    slug: organization.slug,
    time_zone: organization.time_zone,
    budgets: budgetsDraft(organization.budgets),
    rate_limits: rateLimitsDraft(organization.rate_limits),
    model_limits: modelLimitsDraft(organization.model_limits),
    asset_access: accessDraft(organization.asset_access),
    ...tagsDraft(organization),
    audit: auditDraft(organization.audit),
    responses_storage: organization.responses_storage,
    responses_scope: organization.responses_scope,
    batches: organization.batches,
    files_scope: organization.files_scope,
    cache_scope: organization.cache_scope,
    end_users: organization.end_users,
    mirroring: organization.mirroring,
  };
}

export function organizationBody(draft: OrganizationDraft) {
  return {
    name: draft.name.trim(),
    slug: draft.slug.trim(),
    time_zone: draft.time_zone,
    budgets: budgetsBody(draft.budgets),
    rate_limits: rateLimitsBody(draft.rate_limits),
    model_limits: modelLimitsBody(draft.model_limits),
    asset_access: grantsBody(draft.asset_access),
    ...tagsBody(draft),
    audit: auditBody(draft.audit),
    responses_storage: draft.responses_storage,
    responses_scope: draft.responses_scope,
    batches: draft.batches,
    files_scope: draft.files_scope,
    cache_scope: draft.cache_scope,
    end_users: draft.end_users,
    mirroring: draft.mirroring,
  };
}

/** Each part of an organization, so that only those that differ are sent. */
export const ORGANIZATION_PARTS: readonly EditPart<OrganizationDraft>[] = [
  part('name', words.name, ({ name }) => name),
  part('slug', words.slug, ({ slug }) => slug),
  part('time_zone', words.timeZone, ({ time_zone }) => time_zone),
  { ...part('budgets', words.budgets, ({ budgets }) => belowEachOther(budgetLines(budgets))), hasEffect: true },
  { ...part('rate_limits', words.rateLimits, (draft) => belowEachOther(limitLines(draft.rate_limits))), hasEffect: true },
  { ...part('model_limits', words.modelLimits, (draft) => belowEachOther(modelLimitLines(draft.model_limits))), hasEffect: true },
  { ...part('asset_access', words.assetAccess, (draft) => belowEachOther(accessLines(draft.asset_access))), hasEffect: true },
  part('default_tags', words.defaultTags, (draft) => tagListWords(draft.default_tags)),
  part('required_tags', words.requiredTags, (draft) => tagListWords(draft.required_tags)),
  part('require_end_user', words.requireEndUser, (draft) => (draft.require_end_user ? words.yes : words.no)),
  { ...part('label_limits', words.labelLimits, (draft) => belowEachOther(labelLimitLines(draft.label_limits))), hasEffect: true },
  part('audit', words.auditContent, ({ audit }) => auditWords(audit)),
  part('responses_storage', words.storedResponses, (draft) => words.storageOfResponses[draft.responses_storage]),
  part('responses_scope', words.whoFindsResponses, (draft) => words.scopeOfResponses[draft.responses_scope]),
  part('batches', words.filesAndBatches, (draft) => words.allowanceOfBatches[draft.batches]),
  part('files_scope', words.whoFindsFiles, (draft) => words.scopeOfResponses[draft.files_scope]),
  part('cache_scope', words.exactCache, (draft) => words.scopeOfCache[draft.cache_scope]),
  part('end_users', words.endUsers, ({ end_users }) => words.storageOfEndUsers[end_users]),
  part('mirroring', words.mirroring, ({ mirroring }) => words.choiceOfMirroring[mirroring]),
];

function part(
  name: Exclude<keyof OrganizationDraft, 'description'>,
  label: string,
  words: (draft: OrganizationDraft) => string,
): EditPart<OrganizationDraft> {
  return { name, label, words, body: (draft) => ({ [name]: organizationBody(draft)[name] }) };
}

function auditWords({ content, content_retention_days, event_retention_days }: AuditDraft): string {
  return words.auditSettings(content, keptWords(content_retention_days), keptWords(event_retention_days));
}

function keptWords(days: number | ''): string {
  return days === '' ? words.keptForever : words.keptFor(days);
}

/** Returns what can be seen to be wrong before the server is asked, by the field's path. */
export function faultsOf(draft: OrganizationDraft): Record<string, string> {
  const errors: Record<string, string> = {};
  if (draft.name.trim() === '') errors.name = words.enterAName;
  if (draft.slug.trim() === '') errors.slug = words.enterASlug;
  for (const [index, budget] of draft.budgets.entries()) {
    if (budget.amount.trim() === '') errors[`budgets.${index}.amount`] = words.enterAnAmount;
    if (budget.period === 'rolling' && budget.rolling_length === '')
      errors[`budgets.${index}.${budget.rolling_unit}`] = words.enterALength;
    if (budget.kind !== 'everything' && budget.name.trim() === '') errors[`budgets.${index}.${budget.kind}`] = words.enterATarget;
  }
  for (const [index, limit] of draft.model_limits.entries()) {
    if (limit.name.trim() === '') errors[`model_limits.${index}.${limit.kind}`] = words.enterATarget;
  }
  return errors;
}
