import type { AccessDraft } from '../../forms/access-draft.ts';
import { type BudgetDraft, type Period, periodWords } from '../../forms/budget-draft.ts';
import { decimalOf } from '../../forms/decimal.ts';
import { type LabelLimitDraft, labelLimitsDraft } from '../../forms/label-limit-draft.ts';
import { type ModelLimitDraft, RATE_LIMIT_NAMES, type RateLimitName } from '../../forms/limit-draft.ts';
import { countText, moneyText } from '../../numbers/numbers.ts';
import { limitName } from '../limits/LimitBar.tsx';
import { words } from './words.ts';

/** Limits, budgets and access in words: in lists, in the summaries of a form, and where two people changed the same. */

type RateLimits = Readonly<Partial<Record<RateLimitName, number | '' | null>>>;

interface BudgetFacts {
  readonly amount: string;
  readonly period: Period;
  readonly hours?: number | null;
  readonly action: 'block' | 'alert';
}

/** Describes each rate limit: `600 RPM for gpt-5*`. `target` is null if the limits are for everything. */
export function limitLines(limits: RateLimits, target: string | null = null): readonly string[] {
  return RATE_LIMIT_NAMES.flatMap((name) => {
    const value = limits[name];
    return value == null || value === '' ? [] : [`${countText(value)} ${limitName(name)}${forWords(target)}`];
  });
}

/** Describes each limit for a model or an access group: `600 RPM for gpt-5*`. */
export function modelLimitLines(limits: readonly ModelLimitDraft[]): readonly string[] {
  return limits.flatMap(({ name, rate_limits }) => limitLines(rate_limits, name || '…'));
}

/** Describes each limit and budget by label: `60 RPM for research`, `$5.00 per day for each end user`. */
export function labelLimitLines(limits: readonly LabelLimitDraft[]): readonly string[] {
  return limits.flatMap(({ kind, tag, rate_limits, budgets }) => {
    const label = kind === 'tag' ? tag || '…' : words.eachEndUser;
    const ofLabel = budgets.map((budget) => ({ ...budget, kind: 'target' as const, name: label }));
    return [...limitLines(rate_limits, label), ...budgetLines(ofLabel)];
  });
}

/** Describes the limits by label of an object, one below the other. */
export function labelLimitsWords(limits: Parameters<typeof labelLimitsDraft>[0]): string {
  return belowEachOther(labelLimitLines(labelLimitsDraft(limits)));
}

/** Describes a budget: `$100.00 per month for gpt-5*, only alerts`. An amount that is no number yet is `…`. */
export function budgetWords(budget: BudgetFacts, target: string | null): string {
  const isAmount = budget.amount !== '' && !Number.isNaN(Number(budget.amount));
  const action = budget.action === 'alert' ? words.onlyAlerts : '';
  return `${isAmount ? moneyText(budget.amount) : '…'} ${periodWords(budget)}${forWords(target)}${action}`;
}

/** Describes each budget of a form. */
export function budgetLines(budgets: readonly BudgetDraft[]): readonly string[] {
  return budgets.map(({ amount, period, action, kind, name, ...rolling }) =>
    budgetWords({ amount: decimalOf(amount), period, action, hours: hoursOf(rolling) }, kind === 'everything' ? null : name),
  );
}

/** Describes what a scope may call, with every name. */
export function accessLines({ mode, targets, access_groups }: AccessDraft): readonly string[] {
  if (mode === 'inherit') return [words.inherits];
  if (mode === 'all') return [words.everything];
  const lines = [
    ...(targets.length === 0 ? [] : [words.targets(targets.join(', '))]),
    ...(access_groups.length === 0 ? [] : [words.accessGroups(access_groups.join(', '))]),
  ];
  return mode === 'nothing' || lines.length === 0 ? [words.nothing] : lines;
}

/** Describes what a scope may call in a few words: `Only 2 targets and 1 access group`. */
export function accessWords(access: AccessDraft): string {
  const { mode, targets, access_groups } = access;
  const counts = [
    ...(targets.length === 0 ? [] : [words.countTargets(targets.length)]),
    ...(access_groups.length === 0 ? [] : [words.countAccessGroups(access_groups.length)]),
  ];
  return mode !== 'restrict' || counts.length === 0 ? accessLines(access).join(', ') : words.only(counts);
}

/** Describes what a scope may call in a sentence part, with every name: `Only fast, the access group beta`. */
export function accessNames(access: AccessDraft): string {
  const { mode, targets, access_groups } = access;
  const names = [...targets, ...access_groups.map(words.theAccessGroup)];
  return mode !== 'restrict' || names.length === 0 ? accessLines(access).join(', ') : words.only(names);
}

/** Joins lines, one below the other. `none` stands for no line. */
export function belowEachOther(lines: readonly string[], none = words.none): string {
  return lines.length === 0 ? none : lines.join('\n');
}

function hoursOf({ rolling_unit, rolling_length }: Pick<BudgetDraft, 'rolling_unit' | 'rolling_length'>): number {
  return (rolling_length === '' ? 0 : rolling_length) * (rolling_unit === 'days' ? 24 : 1);
}

function forWords(target: string | null): string {
  return target === null ? '' : words.forTarget(target);
}
