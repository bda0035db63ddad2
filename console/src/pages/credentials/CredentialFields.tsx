import { Alert, Button, Select, SimpleGrid, Text, TextInput } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import {
  type CodedProvider,
  CREDENTIAL_PROVIDERS,
  type CredentialKind,
  checkCredential,
  formOf,
  isCoded,
} from '../../api/credentials.ts';
import { useOwner } from '../../api/owner.tsx';
import { usePresetsFor } from '../../api/presets.ts';
import { CheckBadge } from '../models/DeploymentTest.tsx';
import { providerOptions } from '../presets/provider-options.ts';
import { type CredentialDraft, type CredentialForm, hasNewSecret, toCheck } from './credential-draft.ts';
import { SecretFields } from './SecretFields.tsx';
import { words } from './words.ts';

/** The base URL of each provider: an example of another server, and what it means. */
const BASE_URLS: Readonly<Record<CodedProvider, { readonly example: string; readonly about: string }>> = {
  openai: { example: 'https://llm.example.com/v1', about: words.openaiBaseUrl },
  anthropic: { example: 'https://llm.example.com', about: words.anthropicBaseUrl },
  gemini: { example: 'https://llm.example.com/v1beta', about: words.geminiBaseUrl },
  azure: { example: 'https://my-resource.openai.azure.com', about: words.azureBaseUrl },
  bedrock: { example: 'https://vpce-0123.bedrock-runtime.eu-central-1.vpce.amazonaws.com', about: words.otherBaseUrl },
  vertex: { example: 'https://vertex.example.com', about: words.otherBaseUrl },
  cohere: { example: 'https://llm.example.com/v2', about: words.cohereBaseUrl },
  voyage: { example: 'https://llm.example.com/v1', about: words.voyageBaseUrl },
};

const OF_PRESET = { example: 'https://llm.example.com/v1', about: words.presetBaseUrl };

const KEEP_HOURS = [0, 1, 24, 72, 168];

/** The fields of a credential. The server never returns the secret, so this never shows it. */
export function CredentialFields({ form, isNew }: { form: CredentialForm; isNew: boolean }) {
  const { provider, new_base_url: newBaseUrl } = form.values;
  const owner = useOwner();
  const { example, about } = isCoded(provider) ? BASE_URLS[provider] : OF_PRESET;
  return (
    <>
      {isNew && <ProviderAndKind form={form} />}
      <TextInput data-autofocus label={words.name} required placeholder={words.nameExample} {...form.getInputProps('name')} />
      <SettingFields form={form} />
      {newBaseUrl !== null && (
        <Alert color="orange" title={words.presetMoved}>
          {words.presetMovedTo(newBaseUrl)}
        </Alert>
      )}
      <SecretFields form={form} isNew={isNew} />
      {!isNew && hasNewSecret(form.values) && newBaseUrl === null && (
        <Select
          label={words.keepPrevious}
          description={words.keepPreviousMeans}
          allowDeselect={false}
          w={240}
          data={KEEP_HOURS.map((hours) => ({ value: String(hours), label: words.keptFor(hours) }))}
          {...form.getInputProps('keep_previous_hours')}
        />
      )}
      {isCoded(provider) || owner === null ? (
        <TextInput
          label={words.baseUrl}
          description={about}
          placeholder={example}
          required={formOf(provider).needsBaseUrl}
          inputMode="url"
          {...form.getInputProps('base_url')}
        />
      ) : (
        <PresetAddress provider={provider} owner={owner} />
      )}
      {form.values.kind !== 'ambient' && (
        <TextInput
          label={words.keyEndsOn}
          description={words.keyEndsOnMeans}
          type="date"
          styles={{ wrapper: { width: 200 } }}
          {...form.getInputProps('expires_at')}
        />
      )}
    </>
  );
}

/** The address to which the secret of an own credential of a preset is sent. It is not the organization's to choose. */
function PresetAddress({ provider, owner }: { provider: string; owner: string }) {
  const preset = usePresetsFor(owner).find(({ id }) => id === provider);
  return (
    <Text fz="sm" c="dimmed">
      {preset === undefined ? words.ownPresetAddress : words.ownPresetAddressIs(preset.base_url)}
    </Text>
  );
}

const CODED = CREDENTIAL_PROVIDERS.map((value) => ({ value, label: words.providerOrCompatible[value] }));

/** The provider, and the kind of its credential where it takes several. */
function ProviderAndKind({ form }: { form: CredentialForm }) {
  const { provider, kind } = form.values;
  const owner = useOwner();
  const presets = usePresetsFor(owner);
  // The identity of the gateway's machine is the platform's alone.
  const kinds = formOf(provider).kinds.filter((one) => one !== 'ambient' || owner === null);
  const choose = (chosen: string | null) => {
    const next = chosen ?? 'openai';
    // An own credential of a preset names the address that was shown, so that it is refused if the preset has moved meanwhile.
    const shown = owner === null ? undefined : presets.find(({ id }) => id === next)?.base_url;
    const isOfPreset = owner !== null && !(isCoded(next) && isCoded(provider));
    form.setValues({ provider: next, kind: formOf(next).kinds[0], ...(isOfPreset ? { base_url: shown ?? '' } : {}) });
  };
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <Select
        label={words.provider}
        allowDeselect={false}
        searchable
        data={providerOptions(CODED, presets)}
        value={provider}
        onChange={choose}
      />
      {kinds.length > 1 && (
        <Select
          label={words.kind}
          allowDeselect={false}
          data={kinds.map((value) => ({ value, label: words.kindName[value] }))}
          value={kind}
          onChange={(value) => form.setFieldValue('kind', value as CredentialKind)}
        />
      )}
    </SimpleGrid>
  );
}

/** The settings that are no secrets, as far as the provider has some. */
function SettingFields({ form }: { form: CredentialForm }) {
  const { required, optional } = formOf(form.values.provider);
  const names = [...required, ...optional];
  if (names.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      {names.map((name) => (
        <TextInput
          key={name}
          label={words.settingName[name]}
          description={words.settingMeans[name]}
          placeholder={words.settingExample[name]}
          required={required.includes(name)}
          spellCheck={false}
          autoComplete="off"
          {...form.getInputProps(`settings.${name}`)}
        />
      ))}
    </SimpleGrid>
  );
}

interface CredentialTestProps {
  readonly draft: CredentialDraft;
  /** Absent if no secret is stored. */
  readonly credentialId?: string;
}

/** Makes one live call with the typed secret, or with the stored one if none is typed. */
export function CredentialTest({ draft, credentialId }: CredentialTestProps) {
  const owner = useOwner();
  const testing = useMutation({ mutationFn: () => checkCredential(toCheck(draft, credentialId), owner) });
  const { reset } = testing;
  const tested = JSON.stringify(toCheck(draft));
  // A result describes the tested values. Any change discards it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is tested is the trigger.
  useEffect(() => reset(), [tested, reset]);
  const hasSecret = hasNewSecret(draft) || draft.kind === 'ambient' || !isCoded(draft.provider) || credentialId !== undefined;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={16} />}
        loading={testing.isPending}
        disabled={!hasSecret}
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
