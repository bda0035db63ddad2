import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { type BudgetDraft, periodWords } from '../../forms/budget-draft.ts';
import type { RateLimitName } from '../../forms/limit-draft.ts';
import { countText, moneyText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** The limits and budgets of a level above. Every request of the level below counts towards them too. */
export interface Cap {
  /** `Organization`, `Team`. */
  readonly level: string;
  readonly rate_limits: Schema<'RateLimits'>;
  readonly budgets: readonly Schema<'Budget'>[];
}

/** Shows below a limit's field the caps above it, and the lowest of them as the effective limit. */
export function EffectiveLimit({ name, value, caps }: { name: RateLimitName; value: number | ''; caps: readonly Cap[] }) {
  const above = caps.flatMap(({ level, rate_limits }) => {
    const cap = rate_limits[name];
    return cap == null ? [] : [{ level, cap }];
  });
  if (above.length === 0) return null;
  const least = Math.min(...above.map(({ cap }) => cap), value === '' ? Number.POSITIVE_INFINITY : value);
  const lowest = above.find(({ cap }) => cap === least);
  if (value === '' && lowest !== undefined) {
    return (
      <Text fz="xs" c="dimmed" mt={2}>
        {words.capApplies(lowest.level.toLowerCase(), countText(least))}
      </Text>
    );
  }
  const isAboveCap = value !== '' && value > least;
  return (
    <Text fz="xs" {...(isAboveCap ? { fw: 600 } : { c: 'dimmed' })} mt={2}>
      {words.effectiveBelow(above.map(({ level, cap }) => `${level} ${countText(cap)}`).join(' · '))} <b>{countText(least)}</b>
    </Text>
  );
}

/**
 * Shows below a budget the budgets above that count the same requests. Names the effective amount if the periods are the same.
 */
export function EffectiveBudget({ budget, caps }: { budget: BudgetDraft; caps: readonly Cap[] }) {
  const above = caps.flatMap(({ level, budgets }) =>
    budgets.filter((cap) => cap.target === null && cap.access_group === null).map((cap) => ({ level, cap })),
  );
  if (above.length === 0) return null;
  const same = above
    .filter(({ cap }) => cap.period === budget.period && cap.action === 'block')
    .map(({ cap }) => Number(cap.amount));
  const own = budget.amount === '' ? Number.POSITIVE_INFINITY : Number(budget.amount);
  const least = Math.min(...same, own);
  return (
    <Text fz="xs" {...(own > least && Number.isFinite(own) ? { fw: 600 } : { c: 'dimmed' })}>
      {above.map(({ level, cap }) => `${level} ${moneyText(cap.amount)} ${periodWords(cap)}`).join(' · ')}
      {same.length > 0 && Number.isFinite(least) && (
        <>
          {' '}
          {words.effective} <b>{moneyText(String(least))}</b>
        </>
      )}
    </Text>
  );
}
