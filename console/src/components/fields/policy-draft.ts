import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { type AccessDraft, accessDraft, choiceBody, INHERITED } from '../../forms/access-draft.ts';
import { type BudgetDraft, budgetsBody, budgetsDraft } from '../../forms/budget-draft.ts';
import {
  type ModelLimitDraft,
  modelLimitsBody,
  modelLimitsDraft,
  NO_LIMITS,
  type RateLimitsDraft,
  rateLimitsBody,
  rateLimitsDraft,
} from '../../forms/limit-draft.ts';
import type { KeyTagsDraft, TagsDraft } from '../../forms/tags-draft.ts';

/** The part of a form that teams, members and keys share: limits, budgets, and how they narrow their parent's access. */
export interface PolicyDraft {
  readonly rate_limits: RateLimitsDraft;
  readonly model_limits: readonly ModelLimitDraft[];
  readonly budgets: readonly BudgetDraft[];
  readonly asset_access: AccessDraft;
}

export const NO_POLICY: PolicyDraft = { rate_limits: NO_LIMITS, model_limits: [], budgets: [], asset_access: INHERITED };

type Holder = Pick<Schema<'Team'>, 'rate_limits' | 'model_limits' | 'budgets' | 'asset_access'>;

export function policyDraft(holder: Holder): PolicyDraft {
  return {
    rate_limits: rateLimitsDraft(holder.rate_limits),
    model_limits: modelLimitsDraft(holder.model_limits),
    budgets: budgetsDraft(holder.budgets),
    asset_access: accessDraft(holder.asset_access),
  };
}

export function policyBody(draft: PolicyDraft) {
  return {
    rate_limits: rateLimitsBody(draft.rate_limits),
    model_limits: modelLimitsBody(draft.model_limits),
    budgets: budgetsBody(draft.budgets),
    asset_access: choiceBody(draft.asset_access),
  };
}

/** Returns the part of a form that holds tags. */
export function tagsForm<V extends TagsDraft>(form: UseFormReturnType<V>): UseFormReturnType<TagsDraft> {
  return form as unknown as UseFormReturnType<TagsDraft>;
}

/** Returns the part of a form that holds the tags of a key. */
export function keyTagsForm<V extends KeyTagsDraft>(form: UseFormReturnType<V>): UseFormReturnType<KeyTagsDraft> {
  return form as unknown as UseFormReturnType<KeyTagsDraft>;
}

/** Returns the part of a form that PolicyFields edits. */
export function policyForm<V extends PolicyDraft>(form: UseFormReturnType<V>): UseFormReturnType<PolicyDraft> {
  return form as unknown as UseFormReturnType<PolicyDraft>;
}
