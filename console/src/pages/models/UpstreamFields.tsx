import { Anchor, Autocomplete, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { useOwner } from '../../api/owner.tsx';
import { CredentialDialog } from '../credentials/CredentialDialog.tsx';
import { chooseCredentials } from './credential-choice.ts';
import type { DeploymentDraft } from './deployment-draft.ts';
import { modeOf } from './mode-of.ts';
import { MODE_NAMES } from './modes.ts';
import { words } from './words.ts';

const FAKE_MODELS = [
  'fake-small',
  'fake-large',
  'fake-slow',
  'fake-embedding',
  'fake-rerank',
  'fake-moderation',
  'fake-image',
  'fake-speech',
  'fake-transcription',
  'fake-fails-once',
  'fake-429',
  'fake-500',
  'fake-fails-mid-stream',
  'fake-hangs',
];
interface UpstreamFieldsProps {
  readonly form: UseFormReturnType<DeploymentDraft>;
  readonly isNew: boolean;
  /** Called when the price table answers for the typed upstream model. The text says what the table knows. */
  readonly onPrices: (prices: Prices | null, text: string) => void;
}

/** Chooses the credential, the provider's model, and the name that callers use. */
export function UpstreamFields({ form, isNew, onPrices }: UpstreamFieldsProps) {
  const { provider, credential_id: credentialId, upstream_model: upstream } = form.values;
  const owner = useOwner();
  const listed = useUpstreamModels(provider, credentialId);
  const [isNameOwn, setNameOwn] = useState(false);
  usePriceSuggestion(provider, upstream, isNew && owner === null, onPrices);
  const chooseUpstream = (value: string) => {
    form.setFieldValue('upstream_model', value);
    if (!isNew) return;
    if (!isNameOwn && owner === null) form.setFieldValue('model', value);
    form.setFieldValue('mode', modeOf(value));
  };
  return (
    <Stack gap="sm">
      {provider !== 'fake' && <CredentialSelect form={form} provider={provider} />}
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Autocomplete
          label={words.upstreamModel}
          description={listed.about}
          required
          data={[...listed.models]}
          maxDropdownHeight={280}
          limit={200}
          value={upstream}
          onChange={chooseUpstream}
          error={form.errors.upstream_model}
        />
        {isNew && owner !== null && <CallableModel form={form} owner={owner} />}
        {isNew && owner === null && (
          <TextInput
            label={words.model}
            description={words.modelNameMeans}
            required
            {...form.getInputProps('model')}
            onChange={(event) => {
              setNameOwn(true);
              form.setFieldValue('model', event.currentTarget.value);
            }}
          />
        )}
      </SimpleGrid>
      {isNew && (
        <Select
          label={words.mode}
          allowDeselect={false}
          w={200}
          data={Object.entries(MODE_NAMES).map(([value, label]) => ({ value, label }))}
          {...form.getInputProps('mode')}
        />
      )}
    </Stack>
  );
}

/** Chooses a model of the catalogue that the organization may call. */
function CallableModel({ form, owner }: { form: UseFormReturnType<DeploymentDraft>; owner: string }) {
  const callable = useQuery({
    queryKey: ['organization', owner, 'effective-access'],
    queryFn: () => asked(api.GET('/organizations/{id}/effective-access', { params: { path: { id: owner } } })),
  });
  const names = (callable.data?.data ?? []).filter(({ kind }) => kind === 'model').map(({ target }) => target);
  return (
    <Select
      label={words.model}
      description={words.callableModelMeans}
      required
      searchable
      data={names}
      {...form.getInputProps('model')}
      value={form.values.model === '' ? null : form.values.model}
    />
  );
}

function CredentialSelect({ form, provider }: { form: UseFormReturnType<DeploymentDraft>; provider: Provider }) {
  const owner = useOwner();
  const credentials = useQuery({
    queryKey: ['credentials', 'choice', owner, provider],
    queryFn: () => chooseCredentials(owner, provider),
  });
  const rows = credentials.data?.data ?? [];
  const [isAdding, setAdding] = useState(false);
  return (
    <Stack gap={4}>
      <Select
        label={words.credential}
        required
        searchable
        placeholder={credentials.isPending ? words.loading : words.chooseACredential}
        data={rows.map(({ id, name, last_four }) => ({ value: id, label: last_four === '' ? name : `${name} · …${last_four}` }))}
        {...form.getInputProps('credential_id')}
      />
      {credentials.data !== undefined && rows.length === 0 && (
        <Text fz="xs" c="dimmed">
          {words.noCredentialYet}{' '}
          <Anchor component="button" type="button" fz="xs" onClick={() => setAdding(true)}>
            {words.addACredential}
          </Anchor>
        </Text>
      )}
      {provider !== 'fake' && (
        <CredentialDialog
          opened={isAdding}
          onClose={() => setAdding(false)}
          provider={provider}
          onSaved={({ id }) => form.setFieldValue('credential_id', id)}
        />
      )}
    </Stack>
  );
}

/** Requests the models that a stored credential may call. */
function upstreamModels(owner: string | null, provider: Provider, id: string) {
  if (owner === null) return asked(api.GET('/credentials/{id}/models', { params: { path: { id } } }));
  const body = { provider, credential_id: id };
  return asked(api.POST('/organizations/{id}/own-credentials/check', { params: { path: { id: owner } }, body }));
}

/** Returns the models that the provider lists. If it lists none, the person types the name. */
function useUpstreamModels(provider: Provider, credentialId: string | null): { models: readonly string[]; about: string } {
  const owner = useOwner();
  const listed = useQuery({
    queryKey: ['upstream-models', owner, credentialId],
    queryFn: () => upstreamModels(owner, provider, credentialId ?? ''),
    enabled: provider !== 'fake' && credentialId !== null,
    staleTime: 60_000,
    retry: false,
  });
  if (provider === 'fake') return { models: FAKE_MODELS, about: words.fakeModelsMean };
  if (credentialId === null) return { models: [], about: words.chooseCredentialFirst };
  if (listed.isPending) return { models: [], about: words.askingForModels };
  const models = listed.data?.models ?? null;
  if (models === null) {
    const why = listed.data?.message ?? words.noModelsListed;
    return { models: [], about: words.enterNameBecause(why) };
  }
  return { models, about: words.modelsFromProvider(models.length) };
}

function usePriceSuggestion(
  provider: Provider,
  upstream: string,
  isNew: boolean,
  onPrices: UpstreamFieldsProps['onPrices'],
): void {
  const [wanted] = useDebouncedValue(upstream.trim(), 300);
  const suggested = useQuery({
    queryKey: ['price-suggestion', provider, wanted],
    queryFn: () => asked(api.GET('/prices/suggest', { params: { query: { provider, upstream_model: wanted } } })),
    enabled: isNew && wanted !== '',
    staleTime: 60_000,
    retry: false,
  });
  const { data } = suggested;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new answer fills the prices, not each drawing of the form.
  useEffect(() => {
    if (data === undefined) return;
    const known = data.prices === null ? words.noKnownPrice : words.filledFrom(data.source, data.source_version);
    onPrices(data.prices, known);
  }, [data]);
}
