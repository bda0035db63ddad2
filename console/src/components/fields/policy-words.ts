import { periodWords } from '../../forms/budget-draft.ts';
import { RATE_LIMIT_NAMES } from '../../forms/limit-draft.ts';
import { shortCountText } from '../Count.tsx';
import { limitName } from '../limits/LimitBar.tsx';
import { moneyText } from '../money/Money.tsx';
import type { PolicyDraft } from './policy-draft.ts';

/** Each part of a policy in one line. */

export function limitsWords({ rate_limits: limits }: PolicyDraft): string {
  const set = RATE_LIMIT_NAMES.flatMap((name) => {
    const value = limits[name];
    return value === '' ? [] : [`${shortCountText(value)} ${limitName(name)}`];
  });
  return set.length === 0 ? 'No limit of its own' : set.join(', ');
}

export function modelLimitsWords({ model_limits: limits }: PolicyDraft): string {
  return limits.length === 0 ? 'None' : limits.map(({ name }) => name || '…').join(', ');
}

export function budgetsWords({ budgets }: PolicyDraft): string {
  if (budgets.length === 0) return 'No budget of its own';
  return budgets
    .map((budget) =>
      budget.amount === '' || Number.isNaN(Number(budget.amount))
        ? '…'
        : `${moneyText(budget.amount)} ${periodWords({ period: budget.period, hours: hoursOf(budget) })}`,
    )
    .join(', ');
}

function hoursOf({ rolling_unit, rolling_length }: PolicyDraft['budgets'][number]): number {
  return (rolling_length === '' ? 0 : rolling_length) * (rolling_unit === 'days' ? 24 : 1);
}

export function accessWords({ asset_access: { mode, targets, access_groups } }: PolicyDraft): string {
  if (mode === 'inherit') return 'Inherits';
  const parts = [
    targets.length > 0 ? `${targets.length} ${targets.length === 1 ? 'target' : 'targets'}` : '',
    access_groups.length > 0 ? `${access_groups.length} ${access_groups.length === 1 ? 'access group' : 'access groups'}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'Nothing' : `Only ${parts.join(' and ')}`;
}
