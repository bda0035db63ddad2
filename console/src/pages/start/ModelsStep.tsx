import { Alert, Button, Checkbox, Group, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { Busy } from '../../components/Skeletons.tsx';
import { decimalOf } from '../../forms/decimal.ts';
import { modeOf } from '../models/mode-of.ts';
import { ModelRow, PRICES_SHOWN } from './ModelRow.tsx';
import { StepFrame } from './StepFrame.tsx';
import type { Steps } from './steps.ts';

/** A chosen model, with typed prices if the price table does not know it. */
export interface Chosen {
  readonly upstream: string;
  readonly prices: Prices | null;
}

/** Chooses the provider's models that callers can use, and their prices. */
export function ModelsStep({ steps }: { steps: Steps }) {
  const { credential } = steps.made;
  const queryClient = useQueryClient();
  const [chosen, setChosen] = useState<ReadonlyMap<string, Prices | null>>(new Map());
  const [made, setMade] = useState<readonly string[]>([]);
  const facts = useQuery({
    queryKey: ['first-run', 'credential', credential],
    queryFn: () => credentialFacts(credential ?? ''),
    enabled: credential !== undefined,
    retry: false,
  });
  const adding = useMutation({
    mutationFn: async () => {
      for (const [upstream, prices] of chosen) {
        if (made.includes(upstream)) continue;
        await addDeployment({ upstream, prices }, facts.data?.provider ?? 'openai', credential ?? null);
        setMade((before) => [...before, upstream]);
      }
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['first-run'] });
      steps.next();
    },
  });
  const left = [...chosen.keys()].filter((upstream) => !made.includes(upstream)).length;
  return (
    <StepFrame
      title="Choose models"
      about="Each becomes a model with the same name. You can change names, capacity and more later under Models."
      steps={steps}
      action={
        <Button disabled={left === 0} loading={adding.isPending} onClick={() => adding.mutate()}>
          {left === 0 ? 'Add models' : `Add ${left} ${left === 1 ? 'model' : 'models'}`}
        </Button>
      }
    >
      {credential === undefined && (
        <Alert color="blue">
          No credential was chosen in the step before. Go back and connect a provider, or skip this step if you already have
          models.
        </Alert>
      )}
      {credential !== undefined && facts.isPending && (
        <Group gap="xs">
          <Busy label="Loading" />
          <Text fz="sm">Asking the provider for its models…</Text>
        </Group>
      )}
      {facts.isError && <ProblemNote error={facts.error} onRetry={() => void facts.refetch()} />}
      {facts.data !== undefined && (
        <Models
          provider={facts.data.provider}
          listed={facts.data.models}
          why={facts.data.message}
          there={facts.data.there}
          chosen={chosen}
          onChange={setChosen}
        />
      )}
      {adding.isError && <ProblemNote error={adding.error} />}
    </StepFrame>
  );
}

async function credentialFacts(id: string) {
  const path = { params: { path: { id } } };
  const [credential, listed, deployments] = await Promise.all([
    asked(api.GET('/credentials/{id}', path)),
    asked(api.GET('/credentials/{id}/models', path)),
    asked(api.GET('/deployments', { params: { query: { credential_id: id, limit: 200 } } })),
  ]);
  return {
    provider: credential.provider,
    models: listed.models,
    message: listed.message,
    there: deployments.data.map(({ upstream_model: upstream }) => upstream),
  };
}

function addDeployment({ upstream, prices }: Chosen, provider: Provider, credential: string | null) {
  return asked(
    api.POST('/deployments', {
      body: {
        model: upstream,
        upstream_model: upstream,
        provider,
        credential_id: credential,
        mode: modeOf(upstream),
        ...(prices === null ? {} : { prices: decimalsOf(prices) }),
      },
    }),
  );
}

/** Returns typed prices as the API takes them. */
function decimalsOf(prices: Prices): Prices {
  return Object.fromEntries(
    Object.entries(prices).map(([name, text]) => [name, typeof text === 'string' ? decimalOf(text) : text]),
  );
}

interface ModelsProps {
  readonly provider: Provider;
  readonly listed: readonly string[] | null;
  readonly why: string | null;
  readonly there: readonly string[];
  readonly chosen: ReadonlyMap<string, Prices | null>;
  readonly onChange: (chosen: ReadonlyMap<string, Prices | null>) => void;
}

function Models({ provider, listed, why, there, chosen, onChange }: ModelsProps) {
  const [search, setSearch] = useState('');
  const typed = search.trim();
  const names = [...new Set([...(listed ?? []), ...chosen.keys()])].sort();
  const found = names.filter((name) => name.toLowerCase().includes(typed.toLowerCase()));
  const set = (name: string, prices: Prices | null | undefined) => {
    const next = new Map(chosen);
    if (prices === undefined) next.delete(name);
    else next.set(name, prices);
    onChange(next);
  };
  const canAddTyped = typed !== '' && !names.includes(typed) && !/\s/.test(typed);
  return (
    <Stack gap="xs">
      {listed === null && <Text fz="sm">{why ?? 'The provider did not list its models.'} Enter their names.</Text>}
      <Group align="flex-end" gap="xs">
        <TextInput
          label={listed === null ? 'Upstream model' : `Search ${listed.length} models`}
          w={320}
          maw="100%"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !canAddTyped) return;
            set(typed, null);
            setSearch('');
          }}
        />
        {canAddTyped && (
          <Button
            variant="default"
            onClick={() => {
              set(typed, null);
              setSearch('');
            }}
          >
            Add “{typed}”
          </Button>
        )}
      </Group>
      <ScrollArea.Autosize mah={340} type="auto">
        <Stack gap={4} role="group" aria-label="Models of the provider">
          {found
            .slice(0, PRICES_SHOWN)
            .map((name) =>
              there.includes(name) ? (
                <Checkbox key={name} label={`${name}: already added`} checked disabled readOnly />
              ) : (
                <ModelRow
                  key={name}
                  provider={provider}
                  name={name}
                  isChosen={chosen.has(name)}
                  prices={chosen.get(name) ?? null}
                  onChange={(prices) => set(name, prices)}
                />
              ),
            )}
          {found.length > PRICES_SHOWN && (
            <Text fz="sm" c="dimmed">
              {found.length - PRICES_SHOWN} more: search for them.
            </Text>
          )}
        </Stack>
      </ScrollArea.Autosize>
    </Stack>
  );
}
