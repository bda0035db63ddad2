import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { ownedPath } from '../../api/own-providers.ts';
import { useOwner } from '../../api/owner.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { CredentialFields, CredentialTest } from './CredentialFields.tsx';
import {
  baseUrlOf,
  type CredentialDraft,
  draftOf,
  expiryOf,
  faultsOf,
  hasNewSecret,
  SECRET_PARTS,
  secretOf,
  settingsOf,
} from './credential-draft.ts';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

interface EditCredentialDialogProps {
  readonly credential: Pick<Credential, 'id' | 'name'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Changes the name, the base URL or the secret of a credential. A live call can test it before it is saved. */
export function EditCredentialDialog({ credential, opened, onClose }: EditCredentialDialogProps) {
  const owner = useOwner();
  return (
    <EditDialog<Credential, CredentialDraft>
      opened={opened}
      onClose={onClose}
      title={words.editNamed(credential.name)}
      size="lg"
      what={words.thisCredential}
      path={ownedPath(owner, 'credentials', credential.id)}
      draftOf={draftOf}
      parts={PARTS}
      validate={(draft) => faultsOf(draft, false)}
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
function NewKeyNote({ draft }: { draft: CredentialDraft }) {
  const { deployment_count: count = 0 } = draft;
  if (!hasNewSecret(draft) || count === 0) return null;
  return (
    <Text fz="sm" role="status">
      {words.newKeyUsedBy(count)}
    </Text>
  );
}

/** Returns the words of a secret in a comparison of two versions. Nothing that was typed is shown. */
function secretWords(draft: CredentialDraft): string {
  return hasNewSecret(draft) ? words.theKeyTypedHere : words.storedKeyEnding(draft.last_four);
}

/** Returns what tells two versions of a secret apart. */
function secretKnown(draft: CredentialDraft): string {
  return hasNewSecret(draft) ? words.typedKey(JSON.stringify(secretOf(draft))) : words.storedKey(draft.last_four);
}

/** Returns the new secret of a change, and for how long the one before counts beside it. */
function secretBody(draft: CredentialDraft): object {
  if (!hasNewSecret(draft)) return {};
  // The person was shown the new address. The secret before is not kept, because it is never sent there.
  if (draft.new_base_url !== null) return { ...secretOf(draft), keep_previous_hours: 0, base_url: draft.new_base_url };
  return { ...secretOf(draft), keep_previous_hours: Number(draft.keep_previous_hours) };
}

const isOneText = ({ kind }: CredentialDraft) => SECRET_PARTS[kind] === undefined;

const PARTS: readonly EditPart<CredentialDraft>[] = [
  namePart(),
  {
    name: 'settings',
    label: words.settings,
    body: (draft) => ({ settings: settingsOf(draft) }),
    words: (draft) => Object.values(settingsOf(draft)).join(', ') || words.noSettings,
  },
  {
    name: 'api_key',
    label: words.apiKey,
    body: (draft) => (isOneText(draft) ? secretBody(draft) : {}),
    words: secretWords,
    known: (draft) => (isOneText(draft) ? secretKnown(draft) : ''),
  },
  {
    name: 'secret',
    label: words.secret,
    body: (draft) => (isOneText(draft) ? {} : secretBody(draft)),
    words: secretWords,
    known: (draft) => (isOneText(draft) ? '' : secretKnown(draft)),
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
