import { Badge } from '@mantine/core';

const NAMES: Readonly<Record<string, string>> = { openai: 'OpenAI', anthropic: 'Anthropic', fake: 'Fake provider' };

/** `fake` → `Fake provider`. */
export function providerName(provider: string): string {
  return NAMES[provider] ?? provider;
}

/** A provider by its name. The fake one stands out: it is nobody's model. */
export function ProviderBadge({ provider }: { provider: string }) {
  return (
    <Badge variant="default" color="gray" miw="max-content">
      {providerName(provider)}
    </Badge>
  );
}
