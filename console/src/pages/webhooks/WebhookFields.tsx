import { Checkbox, Select, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { ALERT_KINDS, ORGANIZATION_KINDS, PLATFORM_KINDS } from '../alerts/words.ts';

export type Webhook = Schema<'Webhook'>;

export interface WebhookDraft {
  readonly name: string;
  readonly url: string;
  readonly format: Webhook['format'];
  readonly events: Webhook['events'];
}

export const RULES = {
  name: (name: string) => (name.trim() === '' ? 'Enter a name.' : null),
  url: (url: string) => (url.trim() === '' ? 'Enter the URL that gets the events.' : null),
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
      <TextInput data-autofocus label="Name" maxLength={200} {...form.getInputProps('name')} />
      <TextInput
        label="URL"
        description="Called with POST for each event. Must be https:// with a public host, unless the operator allows others."
        placeholder="https://hooks.example.com/headgate"
        type="url"
        maxLength={2_048}
        {...form.getInputProps('url')}
      />
      <Select
        label="Form"
        description={
          form.values.format === 'slack'
            ? 'One text for people: {"text": …}, as incoming webhooks of Slack, Mattermost and others take it.'
            : 'The event as JSON with a signature, after Standard Webhooks.'
        }
        allowDeselect={false}
        data={[
          { value: 'standard', label: 'For a program' },
          { value: 'slack', label: 'For a chat (Slack and compatible)' },
        ]}
        {...form.getInputProps('format')}
      />
      <Checkbox.Group
        label="Events"
        description="Choose none if only alert rules that name this webhook use it."
        {...form.getInputProps('events')}
      >
        <Stack gap="xs" mt={6}>
          {kinds.map((kind) => (
            <Checkbox
              key={kind}
              value={kind}
              label={ALERT_KINDS[kind].label}
              description={
                organizationId === null && kind === 'budget.threshold'
                  ? 'Of every organization: settled spend passed a threshold of a budget.'
                  : ALERT_KINDS[kind].about
              }
            />
          ))}
        </Stack>
      </Checkbox.Group>
    </>
  );
}
