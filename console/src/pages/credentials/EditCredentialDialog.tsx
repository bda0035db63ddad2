import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { baseUrlOf, type CredentialDraft, CredentialFields, CredentialTest, expiryOf } from './CredentialFields.tsx';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

interface EditCredentialDialogProps {
  readonly credential: Pick<Credential, 'id' | 'name'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Changes the name, the base URL or the secret of a credential. A live call can test it before it is saved. */
export function EditCredentialDialog({ credential, opened, onClose }: EditCredentialDialogProps) {
  return (
    <EditDialog<Credential, CredentialDraft>
      opened={opened}
      onClose={onClose}
      title={words.editNamed(credential.name)}
      size="lg"
      what={words.thisCredential}
      path={`/credentials/${credential.id}`}
      draftOf={draftOf}
      parts={PARTS}
      validate={{ name: (name) => (name.trim() === '' ? words.enterAName : null) }}
      invalidates={['credentials', 'credential', 'upstream-models']}
      aside={(draft) => (
        <>
          <CredentialTest draft={draft} credentialId={credential.id} />
          <NewKeyNote draft={draft} />
        </>
      )}
    >
      {(form) => <CredentialFields form={form} isNew={false} />}
    </EditDialog>
  );
}

/** Says what uses a new key from the moment it is saved: whether the provider takes it, only the test call knows. */
function NewKeyNote({ draft: { api_key: key, deployment_count: count = 0 } }: { draft: CredentialDraft }) {
  if (key.trim() === '' || count === 0) return null;
  return (
    <Text fz="sm" role="status">
      {words.newKeyUsedBy(count)}
    </Text>
  );
}

const PARTS: readonly EditPart<CredentialDraft>[] = [
  namePart(),
  {
    name: 'api_key',
    label: words.apiKey,
    body: ({ api_key: key }) => (key.trim() === '' ? {} : { api_key: key.trim() }),
    words: ({ api_key: key, last_four: end }) => (key.trim() === '' ? words.storedKeyEnding(end) : words.theKeyTypedHere),
    known: ({ api_key: key, last_four: end }) => (key.trim() === '' ? words.storedKey(end) : words.typedKey(key.trim())),
  },
  {
    name: 'base_url',
    label: words.baseUrl,
    body: (draft) => ({ base_url: baseUrlOf(draft) }),
    words: (draft) => baseUrlOf(draft) ?? words.providersOwnAddress,
  },
  {
    name: 'expires_at',
    label: words.keyEndsOn2,
    body: (draft) => ({ expires_at: expiryOf(draft) }),
    words: ({ expires_at: day }) => (day === '' ? words.noEnd : day),
  },
];

function draftOf({ name, provider, base_url: url, expires_at: end, last_four, deployment_count }: Credential): CredentialDraft {
  return {
    deployment_count,
    name,
    provider: provider as CredentialDraft['provider'],
    api_key: '',
    base_url: url ?? '',
    expires_at: end?.slice(0, 10) ?? '',
    last_four,
  };
}
