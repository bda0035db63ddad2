import { Badge } from '@mantine/core';
import { usePresets } from '../../api/presets.ts';
import { useCanAnywhere } from '../../api/session.tsx';
import { words } from './words.ts';

const NAMES: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
  azure: 'Azure',
  bedrock: 'Bedrock',
  vertex: words.vertexAi,
  cohere: 'Cohere',
  voyage: 'Voyage',
  fake: words.fakeProvider,
};

/** Every provider, as a field offers them. */
export const PROVIDERS = Object.entries(NAMES).map(([value, label]) => ({ value, label }));

/**
 * Returns a function that returns the name of a provider: `fake` → `Fake provider`, `groq` → `Groq`. `providers`: those that will be
 * named. The names of presets are read only if one of them is a preset, and by people who may read presets.
 */
export function useProviderNames(providers: readonly string[]): (provider: string) => string {
  const mayRead = useCanAnywhere('platform.read');
  const presets = usePresets({ isNeeded: mayRead && providers.some((provider) => NAMES[provider] === undefined) });
  return (provider) => NAMES[provider] ?? presets.find(({ id }) => id === provider)?.name ?? provider;
}

/** The name of a provider. */
export function ProviderBadge({ provider }: { provider: string }) {
  const nameOf = useProviderNames([provider]);
  return (
    <Badge variant="default" color="gray" miw="max-content">
      {nameOf(provider)}
    </Badge>
  );
}
