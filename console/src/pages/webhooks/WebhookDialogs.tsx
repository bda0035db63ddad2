import { api, asked } from '../../api/client.ts';
import { CopyField } from '../../components/CopyField.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { kindLabel, ORGANIZATION_KINDS } from '../alerts/alert-kinds.ts';
import { RULES, type Webhook, type WebhookDraft, WebhookFields } from './WebhookFields.tsx';
import { words } from './words.ts';

interface CreateWebhookProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly organizationId: string | null;
  /** Receives the secret, which the server returns only once. */
  readonly onCreated: (secret: string) => void;
}

export function CreateWebhook({ opened, onClose, organizationId, onCreated }: CreateWebhookProps) {
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.createWebhook}
      initial={
        { name: '', url: '', format: 'standard', events: organizationId === null ? [] : [...ORGANIZATION_KINDS] } as WebhookDraft
      }
      validate={RULES}
      verb={words.createWebhook}
      invalidates={['webhooks']}
      save={({ name, url, format, events }, header) =>
        asked(
          api.POST('/webhooks', {
            params: { header },
            body: { organization_id: organizationId, name: name.trim(), url: url.trim(), format, events },
          }),
        )
      }
      onSaved={({ secret }) => onCreated(secret)}
    >
      {(form) => <WebhookFields form={form} organizationId={organizationId} />}
    </CreateDialog>
  );
}

const PARTS: readonly EditPart<WebhookDraft>[] = [
  namePart(),
  { name: 'url', label: words.url, body: ({ url }) => ({ url: url.trim() }), words: ({ url }) => url },
  { name: 'format', label: words.form, words: ({ format }) => (format === 'slack' ? words.forAChat : words.forAProgram) },
  {
    name: 'events',
    label: words.events,
    body: ({ events }) => ({ events: [...events].sort() }),
    words: ({ events }) => events.map(kindLabel).join(', '),
  },
];

export function EditWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  return (
    <EditDialog<Webhook, WebhookDraft>
      opened
      onClose={onClose}
      title={words.editNamed(webhook.name)}
      size="lg"
      what={words.thisWebhook}
      path={`/webhooks/${webhook.id}`}
      draftOf={({ name, url, format, events }) => ({ name, url, format, events })}
      parts={PARTS}
      validate={RULES}
      invalidates={['webhooks']}
    >
      {(form) => <WebhookFields form={form} organizationId={webhook.organization_id} />}
    </EditDialog>
  );
}

/** Shows the signing secret, which is only possible once. */
export function WebhookSecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <SecretDialog title={words.theWebhooksSecret} onClose={onClose}>
      <CopyField label={words.secret} description={words.storeSecret} value={secret} />
    </SecretDialog>
  );
}
