import { CloseButton, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { WholeNumberInput } from '../components/fields/WholeNumberInput.tsx';
import { countText } from '../numbers/numbers.ts';
import { type Bound, errorAt } from './bind.ts';
import type { RateLimitName, RateLimitsDraft } from './limit-draft.ts';
import { words } from './words.ts';

interface RateLimitFieldsProps extends Bound<RateLimitsDraft> {
  /** The organization's time zone, in which days begin. */
  readonly timeZone: string;
  /** Shown below a field: the caps above it and the effective limit. */
  readonly beside?: (name: RateLimitName, value: number | '') => ReactNode;
}

const FIELDS: readonly { readonly name: RateLimitName; readonly label: string; readonly short?: string }[] = [
  { name: 'rpm', label: words.requestsPerMinute, short: words.rpm },
  { name: 'tpm', label: words.tokensPerMinute, short: words.tpm },
  { name: 'rph', label: words.requestsPerHour, short: words.rph },
  { name: 'tph', label: words.tokensPerHour, short: words.tph },
  { name: 'rpd', label: words.requestsPerDay, short: words.rpd },
  { name: 'tpd', label: words.tokensPerDay, short: words.tpd },
  { name: 'max_parallel', label: words.requestsInFlight },
];

/** Edits the seven rate limits of one scope, each with its meaning in words. Empty is no limit, 0 blocks. */
export function RateLimitFields({ value, onChange, errors, at, disabled, timeZone, beside }: RateLimitFieldsProps) {
  return (
    <Stack gap="xs" data-at={at}>
      <Text fz="sm" c="dimmed">
        {words.rateLimitsMean(timeZone)}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" verticalSpacing="sm">
        {FIELDS.map(({ name, label, short }) => (
          <div key={name} data-at={`${at}.${name}`}>
            <LimitInput
              label={label}
              {...(short === undefined ? {} : { short })}
              value={value[name]}
              onChange={(limit) => onChange({ ...value, [name]: limit })}
              error={errorAt(errors, `${at}.${name}`)}
              disabled={disabled ?? false}
              meaning={limitWords(name, value[name], timeZone)}
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
  readonly short?: string;
  readonly value: number | '';
  readonly onChange: (value: number | '') => void;
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly meaning: string;
}

function LimitInput({ label, short, value, onChange, error, disabled, meaning }: LimitInputProps) {
  return (
    <WholeNumberInput
      label={
        <Group component="span" gap={6} display="inline-flex">
          {label}
          {short !== undefined && (
            <Text component="span" fz="xs" c="dimmed" fw={400}>
              {short}
            </Text>
          )}
        </Group>
      }
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={meaning}
      placeholder={words.noLimit}
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
          <CloseButton size="sm" aria-label={words.removeLimitOf(label.toLowerCase())} onClick={() => onChange('')} />
        ) : null
      }
    />
  );
}

/** Returns the meaning of a limit in words: `At most 300 in any 60 seconds.` */
export function limitWords(name: RateLimitName, value: number | '' | null, timeZone: string): string {
  if (value === '' || value === null) return words.noLimitSentence;
  if (value === 0) return words.blockedSentence;
  const count = countText(value);
  switch (name) {
    case 'rpm':
    case 'tpm':
      return words.inAny60Seconds(count);
    case 'rph':
    case 'tph':
      return words.inAny60Minutes(count);
    case 'rpd':
    case 'tpd':
      return words.perCalendarDay(count, timeZone);
    case 'max_parallel':
      return words.atTheSameTime(count);
  }
}
