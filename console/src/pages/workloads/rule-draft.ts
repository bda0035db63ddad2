import type { Schema } from '../../api/client.ts';
import { type AccessDraft, accessDraft, INHERITED } from '../../forms/access-draft.ts';
import { type BudgetDraft, budgetsDraft } from '../../forms/budget-draft.ts';
import { NO_LIMITS, type RateLimitsDraft, rateLimitsDraft } from '../../forms/limit-draft.ts';
import { type ConditionDraft, conditionDrafts, newCondition } from './condition-draft.ts';
import { words } from './words.ts';

export type Rule = Schema<'TrustRule'>;

export interface RuleDraft {
  readonly name: string;
  readonly issuer_id: string;
  readonly team_id: string;
  /** Null: the team's default service account. */
  readonly service_account_id: string | null;
  /** Instead of a service account: the identity provider where members are linked to the tokens. */
  readonly identity_provider_id: string | null;
  readonly conditions: readonly ConditionDraft[];
  /** Claims, one per line. */
  readonly key_by: string;
  readonly once: boolean;
  readonly rate_limits: RateLimitsDraft;
  readonly budgets: readonly BudgetDraft[];
  readonly asset_access: AccessDraft;
}

export function newRule(): RuleDraft {
  return {
    name: '',
    issuer_id: '',
    team_id: '',
    service_account_id: null,
    identity_provider_id: null,
    conditions: [newCondition()],
    key_by: '',
    once: false,
    rate_limits: NO_LIMITS,
    budgets: [],
    asset_access: INHERITED,
  };
}

export function ruleDraft(rule: Rule): RuleDraft {
  return {
    name: rule.name,
    issuer_id: rule.issuer_id,
    team_id: rule.team_id,
    service_account_id: rule.service_account_id,
    identity_provider_id: rule.identity_provider_id,
    conditions: conditionDrafts(rule.conditions),
    key_by: rule.key_by.join('\n'),
    once: rule.once,
    rate_limits: rateLimitsDraft(rule.rate_limits),
    budgets: budgetsDraft(rule.budgets),
    asset_access: accessDraft(rule.asset_access),
  };
}

export const RULES = {
  name: (name: string) => (name.trim() === '' ? words.enterAName : null),
  issuer_id: (id: string) => (id === '' ? words.chooseIssuer : null),
  team_id: (id: string) => (id === '' ? words.chooseTeam : null),
  conditions: (conditions: readonly ConditionDraft[]) =>
    conditions.length === 0 || conditions.some(({ claim, values }) => claim.trim() === '' || values.trim() === '')
      ? words.completeConditions
      : null,
};
