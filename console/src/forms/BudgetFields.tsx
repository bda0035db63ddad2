import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { BudgetRow } from './BudgetRow.tsx';
import { type Bound, errorAt } from './bind.ts';
import { type BudgetDraft, newBudget } from './budget-draft.ts';
import { ListFoot } from './ListFoot.tsx';
import { words } from './words.ts';

interface BudgetFieldsProps extends Bound<readonly BudgetDraft[]> {
  readonly timeZone: string;
  readonly organizationId?: string;
  /** Shown below a budget's amount: the caps above it. */
  readonly beside?: (budget: BudgetDraft) => ReactNode;
  /** True for the budgets of a limit by label: they have no target of their own, alert nobody and shorten nothing. */
  readonly isOfLabel?: boolean;
}

const BUDGETS_MAX = 50;

/** Edits any number of budgets, each with its period, its target, its thresholds and its action. */
export function BudgetFields({
  value,
  onChange,
  errors,
  at,
  disabled = false,
  timeZone,
  organizationId,
  beside,
  isOfLabel = false,
}: BudgetFieldsProps) {
  return (
    <Stack gap="sm" data-at={at}>
      {value.length === 0 && !isOfLabel && (
        <Text fz="sm" c="dimmed">
          {words.noBudgetMeans}
        </Text>
      )}
      {value.map((budget, index) => (
        <BudgetRow
          key={budget.row}
          budget={budget}
          ordinal={index + 1}
          at={`${at}.${index}`}
          errors={errors ?? {}}
          disabled={disabled}
          timeZone={timeZone}
          organizationId={organizationId}
          isOfLabel={isOfLabel}
          beside={beside?.(budget)}
          onChange={(change) => onChange(value.map((one) => (one.row === budget.row ? { ...one, ...change } : one)))}
          onRemove={() => onChange(value.filter((one) => one.row !== budget.row))}
        />
      ))}
      <ListFoot
        error={errorAt(errors, at)}
        label={words.addBudget}
        disabled={disabled || value.length >= BUDGETS_MAX}
        onAdd={() => onChange([...value, newBudget()])}
      />
    </Stack>
  );
}
