import { api, asked, type Schema } from '../../api/client.ts';
import type { CredentialProvider } from '../../api/credentials.ts';
import { useOwner } from '../../api/owner.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import type { IdempotencyHeader } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { CredentialFields, CredentialTest } from './CredentialFields.tsx';
import { baseUrlOf, type CredentialDraft, expiryOf, faultsOf, newDraft, secretOf, settingsOf } from './credential-draft.ts';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

interface CredentialDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly provider: CredentialProvider;
  readonly onSaved?: (credential: Credential) => void;
}

/** Adds a credential. A live call can test it before it is saved. */
export function CredentialDialog({ opened, onClose, provider, onSaved }: CredentialDialogProps) {
  const owner = useOwner();
  return (
    <CreateDialog<CredentialDraft, Credential>
      opened={opened}
      onClose={onClose}
      title={words.addCredential}
      initial={newDraft(provider)}
      validate={(draft) => faultsOf(draft, true)}
      verb={words.addCredential}
      invalidates={['credentials', 'credential', 'upstream-models']}
      save={(draft, header) => createCredential(draft, header, owner)}
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
export function createCredential(draft: CredentialDraft, header: IdempotencyHeader, owner: string | null): Promise<Credential> {
  const { name, provider, kind } = draft;
  const body = {
    ...{
      name: name.trim(),
      provider,
      kind,
      settings: settingsOf(draft),
      base_url: baseUrlOf(draft),
      expires_at: expiryOf(draft),
    },
    ...secretOf(draft),
  };
  if (owner === null) return asked(api.POST('/credentials', { params: { header }, body }));
  return asked(api.POST('/organizations/{id}/own-credentials', { params: { path: { id: owner }, header }, body }));
}
