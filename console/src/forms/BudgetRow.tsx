import {
  ActionIcon,
  Checkbox,
  Group,
  Paper,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { errorAt, type FieldErrors } from './bind.ts';
import { type BudgetDraft, PERIODS, type Period } from './budget-draft.ts';
import { decimalOf } from './decimal.ts';
import { MatchFields } from './MatchFields.tsx';
import { PeriodFields, ResetNote } from './PeriodFields.tsx';
import { words } from './words.ts';

interface BudgetRowProps {
  readonly budget: BudgetDraft;
  readonly ordinal: number;
  readonly at: string;
  readonly errors: FieldErrors;
  readonly disabled: boolean;
  readonly timeZone: string;
  readonly organizationId: string | undefined;
  readonly isOfLabel: boolean;
  readonly beside: ReactNode;
  readonly onChange: (change: Partial<BudgetDraft>) => void;
  readonly onRemove: () => void;
}

const KINDS = ['everything', 'target', 'access_group'] as const;

/** Edits one budget: its amount and period, its target, and what happens when it is used up. */
export function BudgetRow(props: BudgetRowProps) {
  const { budget, ordinal, disabled } = props;
  return (
    <Paper withBorder p="sm" role="group" aria-label={words.budgetNumber(ordinal)} data-at={`budgets.${budget.id}`}>
      <Stack gap="sm">
        <Group align="flex-start" justify="space-between" wrap="nowrap" gap="xs">
          <AmountAndPeriod {...props} />
          <Tooltip label={words.removeBudget}>
            <ActionIcon
              variant="subtle"
              color="gray"
              mt={24}
              disabled={disabled}
              aria-label={words.removeBudgetNumber(ordinal)}
              onClick={props.onRemove}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
        <ResetNote budget={budget} timeZone={props.timeZone} />
        {Number(decimalOf(budget.amount)) === 0 && budget.amount.trim() !== '' && (
          <Text fz="xs" c="dimmed">
            {budget.action === 'block' ? words.zeroBudgetRefuses : words.zeroBudgetNeverAlerts}
          </Text>
        )}
        {props.beside}
        {!props.isOfLabel && <MatchAndThresholds {...props} />}
        <WhenUsedUp {...props} />
      </Stack>
    </Paper>
  );
}

function AmountAndPeriod({ budget, at, errors, disabled, onChange }: BudgetRowProps) {
  return (
    <Group align="flex-start" gap="sm">
      <TextInput
        label={words.amount}
        w={150}
        leftSection={<Text fz="sm">$</Text>}
        inputMode="decimal"
        placeholder="100.00"
        required
        maxLength={32}
        value={budget.amount}
        disabled={disabled}
        error={errorAt(errors, `${at}.amount`)}
        onChange={(event) => onChange({ amount: event.currentTarget.value })}
      />
      <Select
        label={words.period}
        w={170}
        data={[...PERIODS]}
        value={budget.period}
        allowDeselect={false}
        disabled={disabled}
        error={errorAt(errors, `${at}.period`)}
        onChange={(value) => value !== null && onChange({ period: value as Period, anchor_day: 1, anchor_month: 1 })}
      />
      <PeriodFields budget={budget} at={at} errors={errors} disabled={disabled} onChange={onChange} />
    </Group>
  );
}

function MatchAndThresholds({ budget, at, errors, disabled, organizationId, onChange }: BudgetRowProps) {
  return (
    <Group align="flex-start" gap="sm">
      <MatchFields
        kinds={KINDS}
        kind={budget.kind}
        name={budget.name}
        disabled={disabled}
        error={errorAt(errors, `${at}.${budget.kind}`)}
        onChange={onChange}
        {...(organizationId === undefined ? {} : { organizationId })}
      />
      <TagsInput
        label={words.alertAtUsed}
        miw={170}
        maxTags={20}
        placeholder={budget.thresholds.length === 0 ? words.none : ''}
        value={budget.thresholds.map(String)}
        disabled={disabled}
        error={errorAt(errors, `${at}.thresholds`)}
        onChange={(values) => onChange({ thresholds: percentsOf(values) })}
      />
    </Group>
  );
}

function WhenUsedUp({ budget, ordinal, disabled, isOfLabel, onChange }: BudgetRowProps) {
  return (
    <Group gap="md">
      <SegmentedControl
        size="xs"
        aria-label={words.whenBudgetUsedUp(ordinal)}
        value={budget.action}
        disabled={disabled}
        onChange={(action) => onChange({ action: action as BudgetDraft['action'] })}
        data={[
          { value: 'block', label: words.blockWhenUsedUp },
          { value: 'alert', label: words.onlyAlert },
        ]}
      />
      {budget.action === 'block' && !isOfLabel && (
        <Checkbox
          size="xs"
          label={words.shortenAnswers}
          description={words.shortenAnswersMeans}
          checked={budget.clamp_output}
          disabled={disabled}
          onChange={(event) => onChange({ clamp_output: event.currentTarget.checked })}
        />
      )}
    </Group>
  );
}

function percentsOf(values: readonly string[]): number[] {
  const percents = values.map((text) => Math.round(Number(text.replace('%', '')))).filter((one) => one >= 1 && one <= 1_000);
  return [...new Set(percents)].sort((a, b) => a - b);
}
