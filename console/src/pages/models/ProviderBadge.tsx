import { Badge } from '@mantine/core';
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

/** Returns the name of a provider: `fake` → `Fake provider`. */
export function providerName(provider: string): string {
  return NAMES[provider] ?? provider;
}

/** The name of a provider. */
export function ProviderBadge({ provider }: { provider: string }) {
  return (
    <Badge variant="default" color="gray" miw="max-content">
      {providerName(provider)}
    </Badge>
  );
}
