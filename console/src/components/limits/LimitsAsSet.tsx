import { Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { periodWords } from '../../forms/budget-draft.ts';
import { RATE_LIMIT_NAMES } from '../../forms/limit-draft.ts';
import { countText } from '../Count.tsx';
import { moneyText } from '../money/Money.tsx';
import { limitName } from './LimitBar.tsx';

/** The limits and budgets of an organization, team, member or key. */
export type Policy = Pick<Schema<'Team'>, 'rate_limits' | 'model_limits' | 'budgets'>;

const USE_HIDDEN = 'Your role does not show how much is used.';

/** The configured budgets, for a person who may not read their spend. */
export function BudgetsAsSet({ of }: { of: Policy }) {
  return <Lines lines={budgetLines(of)} none="No budget is set here." />;
}

/** The configured rate limits, for a person who may not read their use. */
export function LimitsAsSet({ of }: { of: Policy }) {
  return <Lines lines={limitLines(of)} none="No rate limit is set here." />;
}

/** The first of several lines in a list's cell, and the number of the others. */
export function FirstLine({ lines, none }: { lines: readonly string[]; none: string }) {
  const [first = none] = lines;
  return (
    <Text fz="sm" {...(lines.length === 0 ? { c: 'dimmed' } : {})} title={lines.join(', ')}>
      {first}
      {lines.length > 1 && ` · +${lines.length - 1}`}
    </Text>
  );
}

/** Describes each budget in words: `$100.00 per month`. */
export function budgetLines({ budgets }: Policy): readonly string[] {
  return budgets.map((budget) => {
    const of = budget.target ?? budget.access_group;
    const action = budget.action === 'alert' ? ', only alerts' : '';
    return `${moneyText(budget.amount)} ${periodWords(budget)}${of === null ? '' : ` for ${of}`}${action}`;
  });
}

/** Describes each rate limit in words: `600 RPM for gpt-5*`. */
export function limitLines({ rate_limits, model_limits }: Policy): readonly string[] {
  const all = [
    { of: null, limits: rate_limits },
    ...model_limits.map((one) => ({ of: one.target ?? one.access_group, limits: one.rate_limits })),
  ];
  return all.flatMap(({ of, limits }) =>
    RATE_LIMIT_NAMES.flatMap((name) => {
      const value = limits[name];
      return value == null ? [] : [`${countText(value)} ${limitName(name)}${of === null ? '' : ` for ${of}`}`];
    }),
  );
}

function Lines({ lines, none }: { lines: readonly string[]; none: string }) {
  if (lines.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {none}
      </Text>
    );
  }
  return (
    <Stack gap={2}>
      {lines.map((line) => (
        <Text key={line} fz="sm">
          {line}
        </Text>
      ))}
      <Text fz="xs" c="dimmed">
        {USE_HIDDEN}
      </Text>
    </Stack>
  );
}
