import { api, asked } from '../../../api/client.ts';
import { movedFields } from '../../../api/field-errors.ts';
import type { IdentityProvider } from '../../../api/identity.ts';
import { saverAt } from '../../../api/objects.ts';
import { CreateDialog } from '../../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../../components/dialogs/EditDialog.tsx';
import { words } from '../words.ts';
import { ProviderFields } from './ProviderFields.tsx';
import { commonBody, configOf, draftOf, FIELD_OF, NEW_PROVIDER, PARTS, type ProviderDraft, RULES } from './provider-draft.ts';

interface CreateProps {
  readonly opened: boolean;
  readonly organizationId: string;
  readonly onClose: () => void;
  readonly onCreated: (provider: IdentityProvider) => void;
}

/** Creates an identity provider as a draft: nobody signs in by it before a test passed and somebody activated it. */
export function CreateProviderDialog({ opened, organizationId, onClose, onCreated }: CreateProps) {
  return (
    <CreateDialog<ProviderDraft, IdentityProvider>
      opened={opened}
      onClose={onClose}
      title={words.addProvider}
      size="lg"
      initial={NEW_PROVIDER}
      validate={RULES}
      verb={words.saveAsDraft}
      invalidates={['identity-providers']}
      save={(draft, header) =>
        asked(
          api.POST('/organizations/{id}/identity-providers', {
            params: { path: { id: organizationId }, header },
            body: {
              name: draft.name.trim(),
              protocol: draft.protocol,
              config: configOf(draft),
              ...(draft.protocol === 'oidc' && draft.client_secret !== '' ? { client_secret: draft.client_secret } : {}),
              ...commonBody(draft),
            },
          }),
        ).catch((error: unknown) => {
          throw movedFields(error, FIELD_OF);
        })
      }
      onSaved={onCreated}
    >
      {(form) => <ProviderFields form={form} isNew />}
    </CreateDialog>
  );
}

interface EditProps {
  readonly provider: IdentityProvider;
  readonly onClose: () => void;
}

export function EditProviderDialog({ provider, onClose }: EditProps) {
  const path = `/organizations/${provider.organization_id}/identity-providers/${provider.id}`;
  const send = saverAt(path);
  return (
    <EditDialog<IdentityProvider, ProviderDraft>
      opened
      onClose={onClose}
      title={words.editNamed(provider.name)}
      size="lg"
      what={words.thisProvider}
      path={path}
      save={(body, etag) =>
        send(body, etag).catch((error: unknown) => {
          throw movedFields(error, FIELD_OF);
        })
      }
      draftOf={draftOf}
      parts={PARTS}
      validate={RULES}
      invalidates={['identity-providers']}
    >
      {(form) => <ProviderFields form={form} isNew={false} />}
    </EditDialog>
  );
}
