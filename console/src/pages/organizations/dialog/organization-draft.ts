import type { Organization } from '../../../api/organizations.ts';
import {
  accessLines,
  belowEachOther,
  budgetLines,
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
import { NO_TAGS, type TagsDraft, tagListWords, tagsBody, tagsDraft } from '../../../forms/tags-draft.ts';

/** An organization as the dialog edits it. */
export interface OrganizationDraft extends TagsDraft {
  readonly name: string;
  readonly slug: string;
  readonly time_zone: string;
  readonly budgets: readonly BudgetDraft[];
  readonly rate_limits: RateLimitsDraft;
  readonly model_limits: readonly ModelLimitDraft[];
  readonly asset_access: AccessDraft;
  readonly audit: AuditDraft;
}

export type Section = keyof OrganizationDraft;
export const SECTION_LABELS: Readonly<Record<Section, string>> = {
  name: 'Name',
  slug: 'Slug',
  time_zone: 'Time zone',
  budgets: 'Budgets',
  rate_limits: 'Rate limits',
  model_limits: 'Model limits',
  asset_access: 'Asset access',
  default_tags: 'Default tags',
  required_tags: 'Required tags',
  audit: 'Audit content',
};
const SECTIONS = Object.keys(SECTION_LABELS) as readonly Section[];

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
  };
}

export type OrganizationBody = ReturnType<typeof bodyOf>;

export function bodyOf(draft: OrganizationDraft) {
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
  };
}

/** Returns only the sections that differ from the base. So nobody needs a permission for what they did not change. */
export function changesOf(base: OrganizationDraft, draft: OrganizationDraft): Partial<OrganizationBody> {
  const body = bodyOf(draft);
  return Object.fromEntries(changedSections(base, draft).map((section) => [section, body[section]]));
}

export function changedSections(base: OrganizationDraft, draft: OrganizationDraft): readonly Section[] {
  const [before, after] = [bodyOf(base), bodyOf(draft)];
  return SECTIONS.filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]));
}

/** Describes one section in words, for both versions of a conflict. */
export function sectionWords(section: Section, draft: OrganizationDraft): string {
  switch (section) {
    case 'name':
    case 'slug':
    case 'time_zone':
      return draft[section];
    case 'rate_limits':
      return belowEachOther(limitLines(draft.rate_limits));
    case 'model_limits':
      return belowEachOther(modelLimitLines(draft.model_limits));
    case 'budgets':
      return belowEachOther(budgetLines(draft.budgets));
    case 'asset_access':
      return belowEachOther(accessLines(draft.asset_access));
    case 'default_tags':
    case 'required_tags':
      return tagListWords(draft[section]);
    case 'audit':
      return `Content: ${draft.audit.content}, ${keptWords(draft.audit.content_retention_days)}\nRequest log: ${keptWords(draft.audit.event_retention_days)}`;
  }
}

function keptWords(days: number | ''): string {
  return days === '' ? 'kept forever' : `kept for ${days} ${days === 1 ? 'day' : 'days'}`;
}
