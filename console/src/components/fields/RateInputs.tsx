import { Group, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { errorAt, type FieldErrors } from '../../forms/bind.ts';
import { Disclosure } from '../Disclosure.tsx';
import type { RateTexts } from '../money/price-draft.ts';
import { BUCKET_WORDS, BUCKETS, type PriceBucket } from '../money/price-words.ts';
import { words } from './words.ts';

const COMMON: readonly PriceBucket[] = ['input_per_million', 'cached_input_per_million', 'output_per_million'];

interface RateInputsProps {
  readonly value: RateTexts;
  readonly onChange: (value: RateTexts) => void;
  readonly errors: FieldErrors;
  /** The path of the buckets in the form: `prices`. */
  readonly at: string;
  /** Says what an empty bucket costs. */
  readonly placeholderOf: (bucket: PriceBucket) => string;
}

/** USD per million tokens: input, cached input and output. The rarer buckets appear on request. */
export function RateInputs({ value, onChange, errors, at, placeholderOf }: RateInputsProps) {
  const [isOpen, setOpen] = useState(false);
  const rare = BUCKETS.filter((bucket) => !COMMON.includes(bucket));
  const isRareUsed = rare.some((bucket) => value[bucket] !== '' || errorAt(errors, `${at}.${bucket}`) !== undefined);
  const shown = isOpen || isRareUsed ? BUCKETS : COMMON;
  return (
    <Stack gap={4}>
      <Group gap={8} align="flex-start">
        {shown.map((bucket) => (
          <TextInput
            key={bucket}
            label={BUCKET_WORDS[bucket]}
            w={124}
            size="xs"
            leftSection="$"
            placeholder={placeholderOf(bucket)}
            inputMode="decimal"
            maxLength={32}
            value={value[bucket]}
            error={errorAt(errors, `${at}.${bucket}`)}
            onChange={(event) => onChange({ ...value, [bucket]: event.currentTarget.value })}
          />
        ))}
      </Group>
      {!isRareUsed && (
        <Disclosure size="xs" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
          {isOpen ? words.fewerPrices : words.morePrices}
        </Disclosure>
      )}
    </Stack>
  );
}
