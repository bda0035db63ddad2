import { Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { budgetWords, limitLines } from '../fields/policy-words.ts';
import cells from '../list/cells.module.css';
import { words } from './words.ts';

/** The limits and budgets of an organization, team, member or key. */
export type Policy = Pick<Schema<'Team'>, 'rate_limits' | 'model_limits' | 'budgets'>;

const USE_HIDDEN = words.roleHidesUse;

/** The configured budgets, for a person who may not read their spend. */
export function BudgetsAsSet({ of }: { of: Policy }) {
  return <Lines lines={scopeBudgetLines(of)} none={words.noBudgetHere} />;
}

/** The configured rate limits, for a person who may not read their use. */
export function LimitsAsSet({ of }: { of: Policy }) {
  return <Lines lines={scopeLimitLines(of)} none={words.noRateLimitHere} />;
}

/** The first of several lines in a list's cell, and the number of the others. */
export function FirstLine({ lines, none }: { lines: readonly string[]; none: string }) {
  const [first = none] = lines;
  return (
    <span
      className={`${cells.text} nowrap`}
      style={lines.length === 0 ? { color: 'var(--mantine-color-dimmed)' } : undefined}
      title={lines.join(', ')}
    >
      {first}
      {lines.length > 1 && ` · +${lines.length - 1}`}
    </span>
  );
}

/** Describes each budget of a scope. */
export function scopeBudgetLines({ budgets }: Policy): readonly string[] {
  return budgets.map((budget) => budgetWords(budget, budget.target ?? budget.access_group));
}

/** Describes each rate limit of a scope, those for single models too. */
export function scopeLimitLines({ rate_limits, model_limits }: Policy): readonly string[] {
  return [
    ...limitLines(rate_limits),
    ...model_limits.flatMap(({ target, access_group, rate_limits: limits }) => limitLines(limits, target ?? access_group)),
  ];
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
