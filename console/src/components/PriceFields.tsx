import { Anchor, Group, Input, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Schema } from '../api/client.ts';
import type { Prices } from '../api/gateway.ts';

export type PriceBucket = keyof Schema<'PriceByBucket'>;

/** Typed texts by bucket; an empty one has no price of its own. */
export type PriceTexts = Readonly<Record<PriceBucket, string>>;

const COMMON = ['input_per_million', 'cached_input_per_million', 'output_per_million'] as const;

const WORDS: Readonly<Record<PriceBucket, string>> = {
  input_per_million: 'Input',
  cached_input_per_million: 'Cached input',
  cache_write_per_million: 'Cache write',
  cache_write_1h_per_million: 'Cache write, 1 hour',
  audio_input_per_million: 'Audio input',
  image_input_per_million: 'Image input',
  output_per_million: 'Output',
  reasoning_per_million: 'Reasoning',
  audio_output_per_million: 'Audio output',
  image_output_per_million: 'Image output',
};
const BUCKETS = Object.keys(WORDS) as PriceBucket[];

interface PriceFieldsProps {
  readonly value: PriceTexts;
  readonly onChange: (value: PriceTexts) => void;
  /** What is wrong with a bucket, by the server. */
  readonly errorOf: (bucket: PriceBucket) => string | undefined;
  /** Where the prices came from, or that there are none. */
  readonly note?: string | null;
}

/** Prices in USD per million tokens: input, cached input and output; the rarer buckets on request. */
export function PriceFields({ value, onChange, errorOf, note }: PriceFieldsProps) {
  const [isOpen, setOpen] = useState(false);
  const isRareUsed = BUCKETS.some((bucket) => !COMMON.some((common) => common === bucket) && value[bucket] !== '');
  const shown = isOpen || isRareUsed ? BUCKETS : COMMON;
  return (
    <Stack gap={6} role="group" aria-label="Prices">
      <Group justify="space-between" gap="xs">
        <Input.Label labelElement="div">Prices, USD per million tokens</Input.Label>
        {!isRareUsed && (
          <Anchor component="button" type="button" fz="xs" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
            {isOpen ? 'Fewer buckets' : 'More buckets'}
          </Anchor>
        )}
      </Group>
      <Group gap="xs" align="flex-start">
        {shown.map((bucket) => (
          <TextInput
            key={bucket}
            label={WORDS[bucket]}
            w={150}
            size="xs"
            leftSection="$"
            placeholder={placeholderOf(bucket)}
            inputMode="decimal"
            value={value[bucket]}
            error={errorOf(bucket)}
            onChange={(event) => onChange({ ...value, [bucket]: event.currentTarget.value })}
          />
        ))}
      </Group>
      <Text fz="xs" c="dimmed" aria-live="polite">
        {note ??
          'A bucket left empty is charged as its side: cached input as input, reasoning as output. Without any price no organization can call it.'}
      </Text>
    </Stack>
  );
}

function placeholderOf(bucket: PriceBucket): string {
  if (bucket === 'input_per_million' || bucket === 'output_per_million') return 'unpriced';
  return bucket.includes('input') || bucket.startsWith('cache') ? 'as input' : 'as output';
}

export const NO_PRICE_TEXTS = Object.fromEntries(BUCKETS.map((bucket) => [bucket, ''])) as PriceTexts;

export function priceTextsOf(prices: Prices | null | undefined): PriceTexts {
  return { ...NO_PRICE_TEXTS, ...prices };
}

/** What is sent: a whole price, where an empty text takes the bucket away; null when nothing has a price. */
export function pricesFrom(texts: PriceTexts): Record<PriceBucket, string | null> | null {
  const given = BUCKETS.map(
    (bucket) => [bucket, texts[bucket].trim() === '' ? null : texts[bucket].trim().replace(',', '.')] as const,
  );
  return given.every(([, text]) => text === null) ? null : (Object.fromEntries(given) as Record<PriceBucket, string | null>);
}

/** Every bucket that has a price, one a line. */
export function priceWords(texts: PriceTexts): string {
  const lines = BUCKETS.filter((bucket) => texts[bucket].trim() !== '').map((bucket) => `${WORDS[bucket]}: $${texts[bucket]}`);
  return lines.length === 0 ? 'unpriced' : lines.join('\n');
}

/** `$0.05 in · $0.40 out`. */
export function priceLine(prices: Prices | null | undefined): string {
  if (prices == null) return 'unpriced';
  const parts = [
    prices.input_per_million === undefined ? null : `$${prices.input_per_million} in`,
    prices.output_per_million === undefined ? null : `$${prices.output_per_million} out`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'priced by other buckets' : parts.join(' · ');
}

export function bucketName(bucket: PriceBucket): string {
  return WORDS[bucket];
}
