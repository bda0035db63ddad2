import { Checkbox, Group, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { priceLine } from '../../components/money/price-words.ts';

export const PRICES_SHOWN = 200;

interface ModelRowProps {
  readonly provider: Provider;
  readonly name: string;
  readonly isChosen: boolean;
  /** The typed prices. Null means those of the price table. */
  readonly prices: Prices | null;
  /** Undefined means not chosen. */
  readonly onChange: (prices: Prices | null | undefined) => void;
}

/** A provider's model to choose. Once chosen, shows its price from the price table, or fields if the table does not know it. */
export function ModelRow({ provider, name, isChosen, prices, onChange }: ModelRowProps) {
  const suggested = useQuery({
    queryKey: ['price-suggestion', provider, name],
    queryFn: () => asked(api.GET('/prices/suggest', { params: { query: { provider, upstream_model: name } } })),
    enabled: isChosen,
    staleTime: 60_000,
    retry: false,
  });
  const isUnknown = suggested.data?.prices === null;
  const set = (bucket: 'input_per_million' | 'output_per_million', text: string) => {
    const next = { ...prices, [bucket]: text.trim() };
    onChange(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')));
  };
  return (
    <Group gap="sm" mih={30}>
      <Checkbox label={name} checked={isChosen} onChange={(event) => onChange(event.currentTarget.checked ? null : undefined)} />
      {isChosen && suggested.data != null && !isUnknown && (
        <Text fz="xs" c="dimmed">
          {priceLine(suggested.data.prices)} per million tokens
        </Text>
      )}
      {isChosen && isUnknown && (
        <Group gap={6}>
          <Text fz="xs" c="dimmed">
            Not in the price table. USD per million tokens:
          </Text>
          {(['input_per_million', 'output_per_million'] as const).map((bucket) => (
            <TextInput
              key={bucket}
              size="xs"
              w={90}
              inputMode="decimal"
              aria-label={`${bucket === 'input_per_million' ? 'Input' : 'Output'} price of ${name}`}
              placeholder={bucket === 'input_per_million' ? 'input' : 'output'}
              value={prices?.[bucket] ?? ''}
              onChange={(event) => set(bucket, event.currentTarget.value)}
            />
          ))}
        </Group>
      )}
    </Group>
  );
}
