import { Button, Input, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { checkCredential } from '../../api/gateway.ts';
import { DialogForm, FormDialog, type IdempotencyHeader } from '../../components/FormDialog.tsx';
import { saved } from '../../components/saved.ts';
import { CheckBadge } from '../models/DeploymentTest.tsx';

type Credential = Schema<'Credential'>;

export interface CredentialDraft {
  name: string;
  provider: 'openai' | 'anthropic';
  api_key: string;
  base_url: string;
}

interface CredentialDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Absent: a new one. */
  readonly credential?: Credential;
  readonly provider?: CredentialDraft['provider'];
  readonly onSaved?: (credential: Credential) => void;
}

/** A credential added, renamed, or its secret replaced; tried with a live call before it is saved. */
export function CredentialDialog({ opened, onClose, ...rest }: CredentialDialogProps) {
  const title = rest.credential === undefined ? 'Add credential' : `Edit ${rest.credential.name}`;
  return (
    <FormDialog opened={opened} onClose={onClose} title={title}>
      <CredentialForm {...rest} />
    </FormDialog>
  );
}

function CredentialForm({ credential, provider = 'openai', onSaved }: Omit<CredentialDialogProps, 'opened' | 'onClose'>) {
  const form = useForm<CredentialDraft>({
    initialValues: {
      name: credential?.name ?? '',
      provider: (credential?.provider as CredentialDraft['provider'] | undefined) ?? provider,
      api_key: '',
      base_url: credential?.base_url ?? '',
    },
    validate: {
      name: (name) => (name.trim() === '' ? 'Give it a name.' : null),
      api_key: (key) => (credential === undefined && key.trim() === '' ? 'Paste the provider’s API key.' : null),
    },
  });
  return (
    <DialogForm
      form={form}
      verb={credential === undefined ? 'Add credential' : 'Save changes'}
      invalidates={['credentials', 'credential', 'upstream-models']}
      save={(draft, header) => saveCredential(draft, credential, header)}
      onSaved={(made) => {
        saved(credential === undefined ? `${made.name} was added.` : `${made.name} was changed.`);
        onSaved?.(made);
      }}
      aside={<CredentialTest draft={form.values} credentialId={credential?.id} />}
    >
      <CredentialFields form={form} isNew={credential === undefined} />
    </DialogForm>
  );
}

/** Stores a new credential, or what was changed of an old one. */
export function saveCredential(
  { name, provider, api_key: key, base_url: url }: CredentialDraft,
  credential: Credential | undefined,
  header: IdempotencyHeader,
): Promise<Credential> {
  const baseUrl = url.trim() === '' ? null : url.trim();
  if (credential === undefined)
    return asked(
      api.POST('/credentials', {
        params: { header },
        body: { name: name.trim(), provider, api_key: key.trim(), base_url: baseUrl },
      }),
    );
  return asked(
    api.PATCH('/credentials/{id}', {
      params: { path: { id: credential.id }, header: { 'if-match': `"${credential.version}"` } },
      body: { name: name.trim(), base_url: baseUrl, ...(key.trim() === '' ? {} : { api_key: key.trim() }) },
    }),
  );
}

type Form = UseFormReturnType<CredentialDraft>;

/** The fields of a credential; the secret is typed, never shown from the server. */
export function CredentialFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const example = form.values.provider === 'openai' ? 'https://llm.example.com/v1' : 'https://llm.example.com';
  return (
    <>
      {isNew && (
        <Stack gap={4}>
          <Input.Label labelElement="div" id="credential-provider">
            Provider
          </Input.Label>
          <SegmentedControl
            aria-labelledby="credential-provider"
            data={[
              { value: 'openai', label: 'OpenAI, or compatible' },
              { value: 'anthropic', label: 'Anthropic, or compatible' },
            ]}
            {...form.getInputProps('provider')}
          />
        </Stack>
      )}
      <TextInput data-autofocus label="Name" required placeholder="openai-main" {...form.getInputProps('name')} />
      <PasswordInput
        label={isNew ? 'API key' : 'New API key'}
        description={
          isNew ? 'Encrypted at rest and never shown again.' : 'Empty keeps the stored one. A new one takes its place at once.'
        }
        required={isNew}
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the API key' }}
        {...form.getInputProps('api_key')}
      />
      <TextInput
        label="Base URL"
        description={
          form.values.provider === 'openai'
            ? 'Empty: OpenAI itself. Of another server including /v1.'
            : 'Empty: Anthropic itself. Of another server without /v1.'
        }
        placeholder={example}
        inputMode="url"
        {...form.getInputProps('base_url')}
      />
    </>
  );
}

interface CredentialTestProps {
  readonly draft: CredentialDraft;
  readonly credentialId: string | undefined;
}

/** One live call with what is typed, or with the stored secret when none is. */
function CredentialTest({ draft, credentialId }: CredentialTestProps) {
  const { provider, api_key: key, base_url: url } = draft;
  const testing = useMutation({
    mutationFn: () =>
      checkCredential({
        provider,
        base_url: url.trim() === '' ? null : url.trim(),
        ...(key.trim() === '' ? {} : { api_key: key.trim() }),
        ...(credentialId === undefined ? {} : { credential_id: credentialId }),
      }),
  });
  const { reset } = testing;
  // A result belongs to what was tested, not to what was typed since.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is tested is the trigger.
  useEffect(() => reset(), [provider, key, url, reset]);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={16} />}
        loading={testing.isPending}
        disabled={key.trim() === '' && credentialId === undefined}
        onClick={() => testing.mutate()}
      >
        Test
      </Button>
      {testing.data !== undefined && <CheckBadge result={testing.data} />}
      {testing.isError && (
        <Text fz="sm" c="red" role="alert" maw={300}>
          {testing.error.message}
        </Text>
      )}
    </>
  );
}
