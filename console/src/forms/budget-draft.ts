import type { Schema } from '../api/client.ts';
import { decimalOf } from './decimal.ts';
import { type MatchKind, newRow } from './limit-draft.ts';
import { words } from './words.ts';

/** A budget in a form. */

export type Period = Schema<'Budget'>['period'];
export const PERIODS: readonly { readonly value: Period; readonly label: string }[] = [
  { value: 'day', label: words.day },
  { value: 'week', label: words.week },
  { value: 'month', label: words.month },
  { value: 'quarter', label: words.quarter },
  { value: 'year', label: words.year },
  { value: 'total', label: words.total },
  { value: 'rolling', label: words.rolling },
];

export interface BudgetDraft {
  readonly row: string;
  /** The id of a stored budget, so that it keeps what it has counted; null for a new one. */
  readonly id: string | null;
  readonly amount: string;
  readonly period: Period;
  readonly anchor_day: number;
  readonly anchor_month: number;
  readonly rolling_unit: 'hours' | 'days';
  readonly rolling_length: number | '';
  readonly kind: MatchKind | 'everything';
  readonly name: string;
  readonly thresholds: readonly number[];
  readonly action: 'block' | 'alert';
  readonly clamp_output: boolean;
}

export function newBudget(): BudgetDraft {
  return {
    row: newRow(),
    id: null,
    amount: '',
    period: 'month',
    anchor_day: 1,
    anchor_month: 1,
    rolling_unit: 'days',
    rolling_length: 30,
    kind: 'everything',
    name: '',
    thresholds: [50, 80, 100],
    action: 'block',
    clamp_output: false,
  };
}

export function budgetsDraft(budgets: readonly Schema<'Budget'>[]): readonly BudgetDraft[] {
  return budgets.map((budget) => {
    const inDays = budget.hours !== null && budget.hours % 24 === 0;
    return {
      row: newRow(),
      id: budget.id,
      amount: budget.amount,
      period: budget.period,
      anchor_day: budget.anchor_day ?? 1,
      anchor_month: budget.anchor_month ?? 1,
      rolling_unit: inDays || budget.hours === null ? 'days' : 'hours',
      rolling_length: budget.hours === null ? 30 : inDays ? budget.hours / 24 : budget.hours,
      ...matchOf(budget),
      thresholds: budget.thresholds,
      action: budget.action,
      clamp_output: budget.clamp_output,
    };
  });
}

function matchOf({ target, access_group }: Schema<'Budget'>): Pick<BudgetDraft, 'kind' | 'name'> {
  if (target !== null) return { kind: 'target', name: target };
  if (access_group !== null) return { kind: 'access_group', name: access_group };
  return { kind: 'everything', name: '' };
}

/** Returns the request body: the list that replaces the stored one. */
export function budgetsBody(drafts: readonly BudgetDraft[]) {
  return drafts.map((draft) => ({
    ...(draft.id === null ? {} : { id: draft.id }),
    amount: decimalOf(draft.amount),
    period: draft.period,
    ...anchorOf(draft),
    ...(draft.kind === 'everything' ? {} : { [draft.kind]: draft.name.trim() }),
    thresholds: [...draft.thresholds],
    action: draft.action,
    clamp_output: draft.clamp_output,
  }));
}

function anchorOf(draft: BudgetDraft) {
  switch (draft.period) {
    case 'week':
    case 'month':
      return { anchor_day: draft.anchor_day };
    case 'quarter':
    case 'year':
      return { anchor_day: draft.anchor_day, anchor_month: draft.anchor_month };
    case 'rolling':
      return { [draft.rolling_unit]: draft.rolling_length === '' ? undefined : draft.rolling_length };
    default:
      return {};
  }
}

/** Returns the words that follow an amount: `per month`, `in any 30 days`, `in total`. */
export function periodWords(budget: { readonly period: Period; readonly hours?: number | null }): string {
  if (budget.period === 'total') return words.inTotal;
  if (budget.period !== 'rolling') return words.perPeriod(budget.period);
  const hours = budget.hours ?? 0;
  if (hours === 1) return words.inAnyHour;
  return hours % 24 === 0 && hours > 24 ? words.inAnyDays(hours / 24) : words.inAnyHours(hours);
}
