import { Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Schema } from '../api/client.ts';
import { WholeNumberInput } from '../components/fields/WholeNumberInput.tsx';
import { type Bound, errorAt } from './bind.ts';

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
  { value: 'off', label: 'Off', about: 'No content is stored. The request log itself takes about 1 kB per request.' },
  {
    value: 'metadata',
    label: 'Metadata',
    about: 'Roles, sizes and tool names, but no text. Adds about 0.5 kB per request.',
  },
  {
    value: 'full',
    label: 'Full',
    about:
      'The whole request and response, encrypted. Adds their size: about 4 kB for a page of text, 40 kB for a long conversation.',
  },
];
const RETENTION_DAYS_MAX = 3_650;

/** Edits how much content is stored and for how long, with the storage it needs. Every reading of content is audited. */
export function AuditFields({ value, onChange, errors, at, disabled = false }: Bound<AuditDraft>) {
  return (
    <Stack gap="md">
      <Radio.Group
        label="Content of requests"
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
          label="Keep content for"
          value={value.content_retention_days}
          error={errorAt(errors, `${at}.content_retention_days`)}
          disabled={disabled || value.content === 'off'}
          onChange={(content_retention_days) => onChange({ ...value, content_retention_days })}
        />
        <Days
          label="Keep the request log for"
          value={value.event_retention_days}
          error={errorAt(errors, `${at}.event_retention_days`)}
          disabled={disabled}
          onChange={(event_retention_days) => onChange({ ...value, event_retention_days })}
        />
      </SimpleGrid>
      <Text fz="xs" c="dimmed">
        Content is encrypted with a key that only this organization has. Deleting the organization destroys the key, so the
        content can no longer be read. An hourly job deletes what is older than these days. The ledger, reports and the audit log
        are kept.
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
      suffix=" days"
      min={1}
      max={RETENTION_DAYS_MAX}
      clampBehavior="strict"
      placeholder="Forever"
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={value === '' ? 'Kept forever.' : `At most ${value} ${value === 1 ? 'day' : 'days'}.`}
      value={value}
      disabled={disabled}
      error={error}
      onChange={onChange}
    />
  );
}
