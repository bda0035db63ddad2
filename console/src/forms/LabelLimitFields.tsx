import { ActionIcon, Autocomplete, Group, Paper, Select, Stack, Text, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useKnownTags } from '../api/known-tags.ts';
import { BudgetFields } from './BudgetFields.tsx';
import { type Bound, errorAt } from './bind.ts';
import { ListFoot } from './ListFoot.tsx';
import { type LabelLimitDraft, newLabelLimit } from './label-limit-draft.ts';
import { RateLimitFields } from './RateLimitFields.tsx';
import { words } from './words.ts';

interface LabelLimitFieldsProps extends Bound<readonly LabelLimitDraft[]> {
  readonly timeZone: string;
}

const LABEL_LIMITS_MAX = 100;

/** Edits limits and budgets for the requests with one tag, or for those of each end user. */
export function LabelLimitFields({ value, onChange, errors = {}, at, disabled = false, timeZone }: LabelLimitFieldsProps) {
  const set = (row: string, change: Partial<LabelLimitDraft>) =>
    onChange(value.map((one) => (one.row === row ? { ...one, ...change } : one)));
  return (
    <Stack gap="sm" data-at={at}>
      <Text fz="sm" c="dimmed">
        {words.labelLimitsMean}
      </Text>
      {value.map((limit, index) => (
        <Paper key={limit.row} withBorder p="sm" role="group" aria-label={words.labelLimitNumber(index + 1)}>
          <Stack gap="sm">
            <LabelRow
              limit={limit}
              ordinal={index + 1}
              error={labelErrorAt(errors, `${at}.${index}`)}
              disabled={disabled}
              onChange={(change) => set(limit.row, change)}
              onRemove={() => onChange(value.filter((one) => one.row !== limit.row))}
            />
            <RateLimitFields
              at={`${at}.${index}.rate_limits`}
              value={limit.rate_limits}
              onChange={(rate_limits) => set(limit.row, { rate_limits })}
              {...{ timeZone, disabled, errors }}
            />
            <BudgetFields
              at={`${at}.${index}.budgets`}
              value={limit.budgets}
              onChange={(budgets) => set(limit.row, { budgets })}
              isOfLabel
              {...{ timeZone, disabled, errors }}
            />
          </Stack>
        </Paper>
      ))}
      <ListFoot
        error={errorAt(errors, at)}
        label={words.addLabelLimit}
        disabled={disabled || value.length >= LABEL_LIMITS_MAX}
        onAdd={() => onChange([...value, newLabelLimit()])}
      />
    </Stack>
  );
}

function labelErrorAt(errors: NonNullable<LabelLimitFieldsProps['errors']>, at: string): string | undefined {
  return errorAt(errors, `${at}.tag`) ?? errorAt(errors, `${at}.end_user`) ?? errorAt(errors, at);
}

interface LabelRowProps {
  readonly limit: LabelLimitDraft;
  readonly ordinal: number;
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly onChange: (change: Partial<LabelLimitDraft>) => void;
  readonly onRemove: () => void;
}

function LabelRow({ limit, ordinal, error, disabled, onChange, onRemove }: LabelRowProps) {
  const known = useKnownTags();
  return (
    <Group align="flex-start" wrap="nowrap">
      <Group align="flex-start" flex={1}>
        <Select
          label={words.labelLimitOf}
          w={170}
          data={[
            { value: 'tag', label: words.oneTag },
            { value: 'end_user', label: words.eachEndUser },
          ]}
          value={limit.kind}
          allowDeselect={false}
          disabled={disabled}
          error={limit.kind === 'end_user' ? error : undefined}
          onChange={(kind) => onChange({ kind: kind === 'tag' ? 'tag' : 'end_user', tag: '' })}
        />
        {limit.kind === 'tag' && (
          <Autocomplete
            label={words.tag}
            required
            maxLength={64}
            data={[...known]}
            value={limit.tag}
            disabled={disabled}
            error={error}
            onChange={(tag) => onChange({ tag })}
          />
        )}
      </Group>
      <Tooltip label={words.removeLimit}>
        <ActionIcon
          variant="subtle"
          color="gray"
          mt={24}
          disabled={disabled}
          aria-label={words.removeLabelLimit(ordinal)}
          onClick={onRemove}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
