import { Checkbox, Select, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { ALERT_KINDS, ORGANIZATION_KINDS, PLATFORM_KINDS } from '../alerts/alert-kinds.ts';
import { words } from './words.ts';

export type Webhook = Schema<'Webhook'>;

export interface WebhookDraft {
  readonly name: string;
  readonly url: string;
  readonly format: Webhook['format'];
  readonly events: Webhook['events'];
}

export const RULES = {
  name: (name: string) => (name.trim() === '' ? words.enterAName : null),
  url: (url: string) => (url.trim() === '' ? words.enterUrl : null),
};

interface WebhookFieldsProps {
  readonly form: UseFormReturnType<WebhookDraft>;
  /** Null means the platform. */
  readonly organizationId: string | null;
}

export function WebhookFields({ form, organizationId }: WebhookFieldsProps) {
  const kinds = organizationId === null ? PLATFORM_KINDS : ORGANIZATION_KINDS;
  return (
    <>
      <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
      <TextInput
        label={words.url}
        description={words.urlMeans}
        placeholder={words.urlExample}
        type="url"
        maxLength={2_048}
        {...form.getInputProps('url')}
      />
      <Select
        label={words.form2}
        description={form.values.format === 'slack' ? words.chatFormatMeans : words.programFormatMeans}
        allowDeselect={false}
        data={[
          { value: 'standard', label: words.forProgramOption },
          { value: 'slack', label: words.forChatOption },
        ]}
        {...form.getInputProps('format')}
      />
      <Checkbox.Group label={words.events} description={words.eventsMean2} {...form.getInputProps('events')}>
        <Stack gap="xs" mt={6}>
          {kinds.map((kind) => (
            <Checkbox
              key={kind}
              value={kind}
              label={ALERT_KINDS[kind].label}
              description={
                organizationId === null && kind === 'budget.threshold' ? words.thresholdOfAll : ALERT_KINDS[kind].about
              }
            />
          ))}
        </Stack>
      </Checkbox.Group>
    </>
  );
}
