import { CloseButton, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { WholeNumberInput } from '../components/fields/WholeNumberInput.tsx';
import { countText } from '../numbers/numbers.ts';
import { type Bound, errorAt } from './bind.ts';
import type { RateLimitName, RateLimitsDraft } from './limit-draft.ts';

interface RateLimitFieldsProps extends Bound<RateLimitsDraft> {
  /** The organization's time zone, in which days begin. */
  readonly timeZone: string;
  /** Shown below a field: the caps above it and the effective limit. */
  readonly beside?: (name: RateLimitName, value: number | '') => ReactNode;
}

const FIELDS: readonly { readonly name: RateLimitName; readonly label: string; readonly short: string }[] = [
  { name: 'rpm', label: 'Requests per minute', short: 'RPM' },
  { name: 'tpm', label: 'Tokens per minute', short: 'TPM' },
  { name: 'rph', label: 'Requests per hour', short: 'RPH' },
  { name: 'tph', label: 'Tokens per hour', short: 'TPH' },
  { name: 'rpd', label: 'Requests per day', short: 'RPD' },
  { name: 'tpd', label: 'Tokens per day', short: 'TPD' },
  { name: 'max_parallel', label: 'Requests in flight', short: 'in flight' },
];

/** Edits the seven rate limits of one scope, each with its meaning in words. Empty is no limit, 0 blocks. */
export function RateLimitFields({ value, onChange, errors, at, disabled, timeZone, beside }: RateLimitFieldsProps) {
  return (
    <Stack gap="xs" data-at={at}>
      <Text fz="sm" c="dimmed">
        Leave a field empty for no limit. 0 refuses every request. Minutes and hours are rolling: the last 60 seconds and the last
        60 minutes. Days are calendar days in {timeZone}.
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" verticalSpacing="sm">
        {FIELDS.map(({ name, label, short }) => (
          <div key={name} data-at={`${at}.${name}`}>
            <LimitInput
              label={label}
              short={short}
              value={value[name]}
              onChange={(limit) => onChange({ ...value, [name]: limit })}
              error={errorAt(errors, `${at}.${name}`)}
              disabled={disabled ?? false}
              words={limitWords(name, value[name], timeZone)}
            />
            {beside?.(name, value[name])}
          </div>
        ))}
      </SimpleGrid>
    </Stack>
  );
}

interface LimitInputProps {
  readonly label: string;
  readonly short: string;
  readonly value: number | '';
  readonly onChange: (value: number | '') => void;
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly words: string;
}

function LimitInput({ label, short, value, onChange, error, disabled, words }: LimitInputProps) {
  return (
    <WholeNumberInput
      label={
        <Group component="span" gap={6} display="inline-flex">
          {label}
          <Text component="span" fz="xs" c="dimmed" fw={400}>
            {short}
          </Text>
        </Group>
      }
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={words}
      placeholder="No limit"
      value={value}
      onChange={onChange}
      error={error}
      disabled={disabled}
      max={Number.MAX_SAFE_INTEGER}
      clampBehavior="strict"
      thousandSeparator=","
      hideControls
      rightSection={
        value !== '' && !disabled ? (
          <CloseButton size="sm" aria-label={`Remove the limit of ${label.toLowerCase()}`} onClick={() => onChange('')} />
        ) : null
      }
    />
  );
}

/** Returns the meaning of a limit in words: `At most 300 in any 60 seconds.` */
export function limitWords(name: RateLimitName, value: number | '' | null, timeZone: string): string {
  if (value === '' || value === null) return 'No limit.';
  if (value === 0) return 'Blocked: every request is refused.';
  const count = countText(value);
  switch (name) {
    case 'rpm':
    case 'tpm':
      return `At most ${count} in any 60 seconds.`;
    case 'rph':
    case 'tph':
      return `At most ${count} in any 60 minutes.`;
    case 'rpd':
    case 'tpd':
      return `At most ${count} per calendar day, from midnight in ${timeZone}.`;
    case 'max_parallel':
      return `At most ${count} at the same time.`;
  }
}
