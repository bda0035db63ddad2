import { z } from 'zod';
import type { Scope, ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import {
  labelLimitsFrom,
  modelLimitsFrom,
  type PolicyColumns,
  policyToColumns,
  rateLimitsFrom,
} from '../../store/configuration/policy-columns.ts';
import type { Database } from '../../store/database.ts';
import * as budgetsStore from '../../store/tenancy/budgets.ts';
import { type BudgetBody, budgetOut, budgets, renderBudget, replacedBudgets } from '../limits/budget-fields.ts';
import {
  type ModelLimitsBody,
  mergedRateLimits,
  modelLimits,
  modelLimitsOut,
  type RateLimitsBody,
  rateLimits,
  rateLimitsOut,
  renderModelLimits,
  renderRateLimits,
  replacedModelLimits,
} from '../limits/rate-limit-fields.ts';

/** Limits and budgets of any scope: the fields that an organization, a team, a member and a key share. */

export const policyFields = {
  rate_limits: rateLimits.nullish(),
  model_limits: modelLimits.nullish(),
  budgets: budgets.nullish(),
};

export const policyOut = { rate_limits: rateLimitsOut, model_limits: modelLimitsOut, budgets: z.array(budgetOut) };

export interface PolicyBody {
  readonly rate_limits?: RateLimitsBody | null | undefined;
  readonly model_limits?: ModelLimitsBody | null | undefined;
  readonly budgets?: readonly BudgetBody[] | null | undefined;
}

export const NO_POLICY: ScopePolicy = { rateLimits: {}, modelLimits: [], budgets: [] };

/** Reports whether a body names limits or budgets. */
export function namesPolicy(body: PolicyBody): boolean {
  return body.rate_limits !== undefined || body.model_limits !== undefined || body.budgets !== undefined;
}

/** Returns the policy after a PATCH. Throws 400 for the id of a budget that is not stored here. */
export function patchedPolicy(stored: ScopePolicy, body: PolicyBody): ScopePolicy {
  return {
    rateLimits: mergedRateLimits(stored.rateLimits, body.rate_limits),
    modelLimits: replacedModelLimits(stored.modelLimits, body.model_limits),
    budgets: replacedBudgets(stored.budgets, body.budgets),
  };
}

export function renderPolicy(policy: ScopePolicy) {
  return {
    rate_limits: renderRateLimits(policy.rateLimits),
    model_limits: renderModelLimits(policy.modelLimits),
    budgets: policy.budgets.map(renderBudget),
  };
}

/** The columns of a scope's row that hold its policy. */
interface PolicyRow extends PolicyColumns {
  readonly organizationId: string;
  readonly id: string;
}

export async function loadPolicy(db: Database, scope: Scope, row: PolicyRow): Promise<ScopePolicy> {
  const [policy] = await loadPolicies(db, scope, [row]);
  return policy ?? NO_POLICY;
}

/** Loads the policies of many rows of one kind, in their order, with one query. */
export async function loadPolicies(db: Database, scope: Scope, rows: readonly PolicyRow[]): Promise<readonly ScopePolicy[]> {
  const organizationIds = [...new Set(rows.map((row) => row.organizationId))];
  const byScope = await budgetsStore.listMany(
    db,
    organizationIds,
    scope,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    rateLimits: rateLimitsFrom(row.rateLimits),
    modelLimits: modelLimitsFrom(row.modelLimits),
    labelLimits: labelLimitsFrom(row.labelLimits ?? []),
    budgets: byScope.get(row.id) ?? [],
  }));
}

/** Returns the columns of a policy. Its budgets are stored separately with budgetsStore.replace. */
export function policyColumns(policy: ScopePolicy) {
  const columns = policyToColumns(policy);
  return { rateLimits: columns.rateLimits, modelLimits: columns.modelLimits };
}

/** Stores the budgets if a body names them. */
export async function storeBudgets(
  tx: Database,
  of: budgetsStore.BudgetsOf,
  policy: ScopePolicy,
  body: PolicyBody,
  at: Date,
): Promise<void> {
  if (body.budgets !== undefined) await budgetsStore.replace(tx, of, policy.budgets, at);
}
