import { Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Schema } from '../api/client.ts';
import { WholeNumberInput } from '../components/fields/WholeNumberInput.tsx';
import { type Bound, errorAt } from './bind.ts';
import { words } from './words.ts';

type Content = Schema<'Organization'>['audit']['content'];

export interface AuditDraft {
  readonly content: Content;
  readonly content_retention_days: number | '';
  readonly event_retention_days: number | '';
}

export const NO_CONTENT: AuditDraft = { content: 'off', content_retention_days: '', event_retention_days: '' };

export function auditDraft(audit: Schema<'Organization'>['audit']): AuditDraft {
  return {
    content: audit.content,
    content_retention_days: audit.content_retention_days ?? '',
    event_retention_days: audit.event_retention_days ?? '',
  };
}

export function auditBody(draft: AuditDraft) {
  return {
    content: draft.content,
    content_retention_days: draft.content_retention_days === '' ? null : draft.content_retention_days,
    event_retention_days: draft.event_retention_days === '' ? null : draft.event_retention_days,
  };
}

const CHOICES: readonly { readonly value: Content; readonly label: string; readonly about: string }[] = [
  { value: 'off', label: words.off, about: words.offMeans },
  {
    value: 'metadata',
    label: words.metadata,
    about: words.metadataMeans,
  },
  {
    value: 'full',
    label: words.full,
    about: words.fullMeans,
  },
];
const RETENTION_DAYS_MAX = 3_650;

/** Edits how much content is stored and for how long, with the storage it needs. Every reading of content is audited. */
export function AuditFields({ value, onChange, errors, at, disabled = false }: Bound<AuditDraft>) {
  return (
    <Stack gap="md">
      <Radio.Group
        label={words.contentOfRequests}
        value={value.content}
        onChange={(content) => onChange({ ...value, content: content as Content })}
        error={errorAt(errors, `${at}.content`)}
      >
        <Stack gap="xs" mt={6}>
          {CHOICES.map((choice) => (
            <Radio key={choice.value} value={choice.value} label={choice.label} description={choice.about} disabled={disabled} />
          ))}
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Days
          label={words.keepContentFor}
          value={value.content_retention_days}
          error={errorAt(errors, `${at}.content_retention_days`)}
          disabled={disabled || value.content === 'off'}
          onChange={(content_retention_days) => onChange({ ...value, content_retention_days })}
        />
        <Days
          label={words.keepTheRequestLogFor}
          value={value.event_retention_days}
          error={errorAt(errors, `${at}.event_retention_days`)}
          disabled={disabled}
          onChange={(event_retention_days) => onChange({ ...value, event_retention_days })}
        />
      </SimpleGrid>
      <Text fz="xs" c="dimmed">
        {words.retentionMeans}
      </Text>
    </Stack>
  );
}

interface DaysProps {
  readonly label: string;
  readonly value: number | '';
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly onChange: (value: number | '') => void;
}

function Days({ label, value, error, disabled, onChange }: DaysProps) {
  return (
    <WholeNumberInput
      label={label}
      suffix={words.days}
      min={1}
      max={RETENTION_DAYS_MAX}
      clampBehavior="strict"
      placeholder={words.forever}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={value === '' ? words.keptForever : words.atMostDays(value)}
      value={value}
      disabled={disabled}
      error={error}
      onChange={onChange}
    />
  );
}
