import { Checkbox, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { ALERT_KINDS, ORGANIZATION_KINDS, PLATFORM_KINDS } from '../alerts/words.ts';

export type Webhook = Schema<'Webhook'>;

export interface WebhookDraft {
  readonly name: string;
  readonly url: string;
  readonly events: Webhook['events'];
}

export const RULES = {
  name: (name: string) => (name.trim() === '' ? 'Enter a name.' : null),
  url: (url: string) => (url.trim() === '' ? 'Enter the URL that gets the events.' : null),
  events: (events: Webhook['events']) => (events.length === 0 ? 'Choose at least one event.' : null),
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
      <Checkbox.Group label="Events" {...form.getInputProps('events')}>
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
