import { Select, Text } from '@mantine/core';
import { WholeNumberInput } from '../components/fields/WholeNumberInput.tsx';
import { monthNames, weekdayNames, zonedText } from '../numbers/times.ts';
import { errorAt, type FieldErrors } from './bind.ts';
import type { BudgetDraft } from './budget-draft.ts';
import { nextReset } from './next-reset.ts';
import { words } from './words.ts';

interface PeriodFieldsProps {
  readonly budget: BudgetDraft;
  readonly at: string;
  readonly errors: FieldErrors;
  readonly disabled: boolean;
  readonly onChange: (change: Partial<BudgetDraft>) => void;
}

const WEEKDAYS = weekdayNames();
const MONTHS = monthNames();
const MONTHS_OF_QUARTER = [words.firstMonth, words.secondMonth, words.thirdMonth];
const HOURS_MAX = 8_784;

/** Edits the beginning of a period, with the fields of its kind. */
export function PeriodFields({ budget, at, errors, disabled, onChange }: PeriodFieldsProps) {
  switch (budget.period) {
    case 'week':
      return (
        <Choice
          label={words.beginsOn}
          names={WEEKDAYS}
          value={budget.anchor_day}
          disabled={disabled}
          onChange={(anchor_day) => onChange({ anchor_day })}
        />
      );
    case 'month':
      return <DayOfMonth {...{ budget, at, errors, disabled, onChange }} />;
    case 'quarter':
    case 'year':
      return (
        <>
          <Choice
            label={words.beginsIn}
            names={budget.period === 'quarter' ? MONTHS_OF_QUARTER : MONTHS}
            value={budget.anchor_month}
            disabled={disabled}
            onChange={(anchor_month) => onChange({ anchor_month })}
          />
          <DayOfMonth {...{ budget, at, errors, disabled, onChange }} />
        </>
      );
    case 'rolling':
      return <RollingLength {...{ budget, at, errors, disabled, onChange }} />;
    default:
      return null;
  }
}

function DayOfMonth({ budget, at, errors, disabled, onChange }: PeriodFieldsProps) {
  return (
    <WholeNumberInput
      label={words.onDay}
      w={80}
      min={1}
      max={31}
      value={budget.anchor_day}
      disabled={disabled}
      error={errorAt(errors, `${at}.anchor_day`)}
      onChange={(day) => onChange({ anchor_day: Math.min(31, Math.max(1, day || 1)) })}
    />
  );
}

function RollingLength({ budget, at, errors, disabled, onChange }: PeriodFieldsProps) {
  const max = budget.rolling_unit === 'hours' ? HOURS_MAX : HOURS_MAX / 24;
  return (
    <>
      <WholeNumberInput
        label={words.length}
        w={90}
        min={1}
        max={max}
        required
        value={budget.rolling_length}
        disabled={disabled}
        error={errorAt(errors, `${at}.${budget.rolling_unit}`)}
        onChange={(rolling_length) => onChange({ rolling_length })}
      />
      <Select
        label={words.unit}
        w={100}
        data={[
          { value: 'hours', label: words.hours },
          { value: 'days', label: words.unitDays },
        ]}
        value={budget.rolling_unit}
        allowDeselect={false}
        disabled={disabled}
        onChange={(unit) => unit !== null && onChange({ rolling_unit: unit as BudgetDraft['rolling_unit'] })}
      />
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly value: number;
  readonly disabled: boolean;
  readonly onChange: (value: number) => void;
}

function Choice({ label, names, value, disabled, onChange }: ChoiceProps) {
  return (
    <Select
      label={label}
      w={150}
      data={names.map((name, index) => ({ value: String(index + 1), label: name }))}
      value={String(value)}
      allowDeselect={false}
      disabled={disabled}
      onChange={(chosen) => chosen !== null && onChange(Number(chosen))}
    />
  );
}

/** Shows the date of the budget's next reset. */
export function ResetNote({ budget, timeZone }: { budget: BudgetDraft; timeZone: string }) {
  if (budget.period === 'rolling') {
    return (
      <Text fz="sm" c="dimmed">
        {words.rollingMeans}
      </Text>
    );
  }
  const reset = nextReset(budget, timeZone, new Date());
  if (reset === null) {
    return (
      <Text fz="sm" c="dimmed">
        {words.neverResets}
      </Text>
    );
  }
  return (
    <Text fz="sm" c="dimmed">
      {words.nextReset} <b>{zonedText(reset, timeZone)}</b>
    </Text>
  );
}
