import type { Schema } from '../api/client.ts';
import { type BudgetDraft, budgetsBody, budgetsDraft } from './budget-draft.ts';
import { NO_LIMITS, newRow, type RateLimitsDraft, rateLimitsBody, rateLimitsDraft } from './limit-draft.ts';

/** Limits and budgets for the requests with one tag, or for those of each end user, in a form. */
export interface LabelLimitDraft {
  readonly row: string;
  readonly kind: 'tag' | 'end_user';
  /** Empty for end users. */
  readonly tag: string;
  readonly rate_limits: RateLimitsDraft;
  readonly budgets: readonly BudgetDraft[];
}

type LabelLimits = Schema<'Organization'>['label_limits'];

/** The fields that budgets by label lack. */
const NO_TARGET = { target: null, access_group: null, thresholds: [], clamp_output: false };

export function labelLimitsDraft(limits: LabelLimits): readonly LabelLimitDraft[] {
  return limits.map(({ tag, rate_limits, budgets }) => ({
    row: newRow(),
    kind: tag === null ? 'end_user' : 'tag',
    tag: tag ?? '',
    rate_limits: rateLimitsDraft(rate_limits),
    budgets: budgetsDraft(budgets.map((budget) => ({ ...budget, ...NO_TARGET }))),
  }));
}

export function labelLimitsBody(drafts: readonly LabelLimitDraft[]) {
  return drafts.map(({ kind, tag, rate_limits, budgets }) => ({
    ...(kind === 'tag' ? { tag: tag.trim() } : { end_user: '*' as const }),
    rate_limits: rateLimitsBody(rate_limits),
    budgets: budgetsBody(budgets).map(({ thresholds: _, clamp_output: __, ...budget }) => budget),
  }));
}

/** Returns the limits for another object: without the ids of budgets. */
export function labelLimitsWithoutIds(drafts: readonly LabelLimitDraft[]): readonly LabelLimitDraft[] {
  return drafts.map((limit) => ({ ...limit, budgets: limit.budgets.map((budget) => ({ ...budget, id: null })) }));
}

export function newLabelLimit(): LabelLimitDraft {
  return { row: newRow(), kind: 'tag', tag: '', rate_limits: NO_LIMITS, budgets: [] };
}
