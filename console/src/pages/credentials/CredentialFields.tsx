import { Button, Input, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type CredentialProvider, checkCredential } from '../../api/gateway.ts';
import { CheckBadge } from '../models/DeploymentTest.tsx';
import { words } from './words.ts';

export interface CredentialDraft {
  name: string;
  provider: CredentialProvider;
  /** Empty: keep the stored key. */
  api_key: string;
  base_url: string;
  /** The day on which the provider ends the key: `2027-01-31`. Empty: none is known. */
  expires_at: string;
  /** The last four characters of the stored key, which is never shown in full. Absent if no key is stored. */
  readonly last_four?: string;
  /** The number of deployments that use the stored key. */
  readonly deployment_count?: number;
}

/** Returns the base URL as the API takes it. Null means the vendor's own. */
export function baseUrlOf({ base_url: url }: CredentialDraft): string | null {
  return url.trim() === '' ? null : url.trim();
}

/** Returns the end of the key as the API takes it: the begin of that day in UTC. */
export function expiryOf({ expires_at: day }: CredentialDraft): string | null {
  return day === '' ? null : `${day}T00:00:00Z`;
}

type Form = UseFormReturnType<CredentialDraft>;

/** The base URL of each kind: an example of another server, and what it means. */
const BASE_URLS: Readonly<Record<CredentialProvider, { readonly example: string; readonly about: string }>> = {
  openai: { example: 'https://llm.example.com/v1', about: words.openaiBaseUrl },
  anthropic: { example: 'https://llm.example.com', about: words.anthropicBaseUrl },
  gemini: { example: 'https://llm.example.com/v1beta', about: words.geminiBaseUrl },
};

/** The fields of a credential. The server never returns the secret, so this never shows it. */
export function CredentialFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { example, about } = BASE_URLS[form.values.provider];
  return (
    <>
      {isNew && (
        <Stack gap={4}>
          <Input.Label labelElement="div" id="credential-provider">
            {words.provider}
          </Input.Label>
          <SegmentedControl
            aria-labelledby="credential-provider"
            data={[
              { value: 'openai', label: words.openaiOrCompatible },
              { value: 'anthropic', label: words.anthropicOrCompatible },
              { value: 'gemini', label: words.geminiOrCompatible },
            ]}
            {...form.getInputProps('provider')}
          />
        </Stack>
      )}
      <TextInput data-autofocus label={words.name} required placeholder={words.nameExample} {...form.getInputProps('name')} />
      <PasswordInput
        label={isNew ? words.apiKey : words.newApiKey}
        description={isNew ? words.keyIsEncrypted : words.newKeyMeans}
        required={isNew}
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': words.showOrHideTheApiKey }}
        {...form.getInputProps('api_key')}
      />
      <TextInput
        label={words.baseUrl}
        description={about}
        placeholder={example}
        inputMode="url"
        {...form.getInputProps('base_url')}
      />
      <TextInput
        label={words.keyEndsOn}
        description={words.keyEndsOnMeans}
        type="date"
        styles={{ wrapper: { width: 200 } }}
        {...form.getInputProps('expires_at')}
      />
    </>
  );
}

interface CredentialTestProps {
  readonly draft: CredentialDraft;
  /** Absent if no secret is stored. */
  readonly credentialId?: string;
}

/** Makes one live call with the typed secret, or with the stored one if none is typed. */
export function CredentialTest({ draft, credentialId }: CredentialTestProps) {
  const { provider, api_key: key, base_url: url } = draft;
  const testing = useMutation({
    mutationFn: () =>
      checkCredential({
        provider,
        base_url: baseUrlOf(draft),
        ...(key.trim() === '' ? {} : { api_key: key.trim() }),
        ...(credentialId === undefined ? {} : { credential_id: credentialId }),
      }),
  });
  const { reset } = testing;
  // A result describes the tested values. Any change discards it.
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
        {words.test}
      </Button>
      {testing.data !== undefined && <CheckBadge result={testing.data} answered={words.acceptedIn} />}
      {testing.isError && (
        <Text fz="sm" c="red" role="alert" maw={300}>
          {testing.error.message}
        </Text>
      )}
    </>
  );
}
