import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import type { IdempotencyHeader } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { baseUrlOf, type CredentialDraft, CredentialFields, CredentialTest, expiryOf } from './CredentialFields.tsx';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

interface CredentialDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly provider: CredentialDraft['provider'];
  readonly onSaved?: (credential: Credential) => void;
}

/** Adds a credential. A live call can test it before it is saved. */
export function CredentialDialog({ opened, onClose, provider, onSaved }: CredentialDialogProps) {
  return (
    <CreateDialog<CredentialDraft, Credential>
      opened={opened}
      onClose={onClose}
      title={words.addCredential}
      initial={{ name: '', provider, api_key: '', base_url: '', expires_at: '' }}
      validate={{
        name: (name) => (name.trim() === '' ? words.enterAName : null),
        api_key: (key) => (key.trim() === '' ? words.enterApiKey : null),
      }}
      verb={words.addCredential}
      invalidates={['credentials', 'credential', 'upstream-models']}
      save={createCredential}
      onSaved={(made) => {
        saved(words.wasAdded(made.name));
        onSaved?.(made);
      }}
      aside={(draft) => <CredentialTest draft={draft} />}
    >
      {(form) => <CredentialFields form={form} isNew />}
    </CreateDialog>
  );
}

/** Stores the typed values as a new credential. */
export function createCredential(draft: CredentialDraft, header: IdempotencyHeader): Promise<Credential> {
  const { name, provider, api_key: key } = draft;
  const body = { name: name.trim(), provider, api_key: key.trim(), base_url: baseUrlOf(draft), expires_at: expiryOf(draft) };
  return asked(api.POST('/credentials', { params: { header }, body }));
}
