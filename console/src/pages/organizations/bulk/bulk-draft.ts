import { api, asked, type Schema } from '../../../api/client.ts';
import { readVersion, saverAt } from '../../../api/objects.ts';
import type { Organization } from '../../../api/organizations.ts';
import { budgetWords, limitLines } from '../../../components/fields/policy-words.ts';
import { type BudgetDraft, budgetsBody } from '../../../forms/budget-draft.ts';
import { RATE_LIMIT_NAMES, type RateLimitName } from '../../../forms/limit-draft.ts';

export type BulkRow = Schema<'BulkLimits'>;

/** A change of one rate limit of every organization. */
export type LimitChange = { readonly do: 'keep' | 'clear' } | { readonly do: 'set'; readonly value: number | '' };

/** A change of the limits of many organizations as its form holds it. */
export interface BulkDraft {
  /** The selected organizations, or all that the search and the status of the list find. */
  readonly whom: 'selected' | 'found';
  readonly limits: Readonly<Record<RateLimitName, LimitChange>>;
  readonly budgets_are: 'kept' | 'replaced' | 'removed';
  readonly budgets: readonly BudgetDraft[];
}

export const NO_CHANGE: BulkDraft = {
  whom: 'selected',
  limits: Object.fromEntries(RATE_LIMIT_NAMES.map((name) => [name, { do: 'keep' }])) as unknown as BulkDraft['limits'],
  budgets_are: 'kept',
  budgets: [],
};

export interface Found {
  readonly search: string | undefined;
  readonly status: string | undefined;
}

/** Returns the limits to send. Null while nothing is changed, or something is not entered yet. */
export function limitsBody({ limits, budgets_are: are, budgets }: BulkDraft) {
  const changed = RATE_LIMIT_NAMES.filter((name) => limits[name].do !== 'keep');
  const values = changed.map((name) => {
    const change = limits[name];
    return change.do === 'set' ? change.value : null;
  });
  const isMissing = values.includes('') || (are === 'replaced' && budgets.some(({ amount }) => amount.trim() === ''));
  if (isMissing || (changed.length === 0 && are === 'kept') || (are === 'replaced' && budgets.length === 0)) return null;
  const rate_limits = Object.fromEntries(changed.map((name, index) => [name, values[index] as number | null]));
  return {
    ...(changed.length === 0 ? {} : { rate_limits }),
    ...(are === 'kept' ? {} : { budgets: are === 'removed' ? null : budgetsBody(budgets) }),
  };
}

/** Tries a change: returns what it would change in each organization. */
export async function previewOf(draft: BulkDraft, selected: readonly Organization[], found: Found): Promise<readonly BulkRow[]> {
  const whom =
    draft.whom === 'selected'
      ? { organizations: selected.map(({ id }) => ({ id })) }
      : { filter: { search: found.search, status: found.status as 'all' | undefined } };
  const body = { ...whom, ...limitsBody(draft) };
  return (await asked(api.PATCH('/organizations', { params: { query: { dry_run: true } }, body }))).data;
}

/** Makes the change that a preview showed. It fails as a whole if one of the organizations was changed since. */
export async function storeAll(draft: BulkDraft, preview: readonly BulkRow[]): Promise<readonly BulkRow[]> {
  const organizations = preview.map(({ id, version }) => ({ id, version }));
  return (await asked(api.PATCH('/organizations', { body: { organizations, ...limitsBody(draft) } }))).data;
}

/** Gives each organization its limits back, one after the other. Calls `onDone` with how many have them. */
export async function takeBack(rows: readonly BulkRow[], onDone: (count: number) => void): Promise<void> {
  for (const [index, { id, before }] of rows.filter(({ is_changed }) => is_changed).entries()) {
    const path = `/organizations/${id}`;
    const { etag } = await readVersion(path);
    const budgets = before.budgets.map(({ id: _, ...budget }) => budget);
    await saverAt(path)({ rate_limits: before.rate_limits, budgets }, etag);
    onDone(index + 1);
  }
}

/** Returns the limits and budgets of an organization in lines. */
export function linesOf({ rate_limits, budgets }: BulkRow['before']): readonly string[] {
  const money = budgets.map((budget) => budgetWords(budget, budget.target ?? budget.access_group));
  return [...limitLines(rate_limits), ...money];
}
