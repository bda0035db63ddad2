import { Group, Input, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type Bound, errorAt } from '../../forms/bind.ts';
import { Disclosure } from '../Disclosure.tsx';
import { RateInputs } from '../fields/RateInputs.tsx';
import { ContextTiers, ServiceTiers } from './PriceTiers.tsx';
import type { PriceDraft } from './price-draft.ts';
import { type PriceBucket, UNIT_WORDS, UNITS } from './price-words.ts';
import { words } from './words.ts';

interface PriceFieldsProps extends Bound<PriceDraft> {
  /** Says where the price came from, or that there is none. */
  readonly note?: string | null;
}

/** The fields of a price: USD per million tokens by bucket. Other prices appear on request. */
export function PriceFields({ value, onChange, errors = {}, at, note }: PriceFieldsProps) {
  const error = errorAt(errors, at);
  return (
    <Stack gap={6} role="group" aria-label={words.prices}>
      <Input.Label labelElement="div">{words.pricesUsdPerMillionTokens}</Input.Label>
      <RateInputs
        at={at}
        value={value.rates}
        errors={errors}
        placeholderOf={placeholderOf}
        onChange={(rates) => onChange({ ...value, rates })}
      />
      {error !== undefined && (
        <Text fz="xs" c="red" role="alert">
          {error}
        </Text>
      )}
      <Text fz="xs" c="dimmed" aria-live="polite">
        {note ?? words.emptyPriceMeans}
      </Text>
      <Beyond value={value} onChange={onChange} errors={errors} at={at} />
    </Stack>
  );
}

function placeholderOf(bucket: PriceBucket): string {
  if (bucket === 'input_per_million' || bucket === 'output_per_million') return words.unpriced;
  return bucket.includes('input') || bucket.startsWith('cache') ? words.asInput : words.asOutput;
}

function Beyond({ value, onChange, errors = {}, at }: Bound<PriceDraft>) {
  const [isOpen, setOpen] = useState(false);
  const isFaulty = BEYOND.some((field) => Object.keys(errors).some((path) => path.startsWith(`${at}.${field}`)));
  const isUsed = hasBeyond(value) || isFaulty;
  return (
    <>
      {!isUsed && (
        <Disclosure isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
          {isOpen ? words.showOnlyTokenPrices : words.whatElseHasPrices}
        </Disclosure>
      )}
      {(isOpen || isUsed) && (
        <Stack gap="sm">
          <UnitInputs
            at={`${at}.per_unit`}
            value={value.units}
            errors={errors}
            onChange={(units) => onChange({ ...value, units })}
          />
          <ContextTiers
            at={at}
            value={value.contexts}
            errors={errors}
            onChange={(contexts) => onChange({ ...value, contexts })}
          />
          <ServiceTiers
            at={at}
            value={value.services}
            errors={errors}
            onChange={(services) => onChange({ ...value, services })}
          />
        </Stack>
      )}
    </>
  );
}

const BEYOND = ['per_unit', 'context_tiers', 'service_tiers', 'services'];

function hasBeyond({ units, contexts, services }: PriceDraft): boolean {
  return contexts.length > 0 || services.length > 0 || Object.values(units).some((text) => text !== '');
}

function UnitInputs({ value, onChange, errors, at }: Bound<PriceDraft['units']>) {
  return (
    <Stack gap={6} role="group" aria-label={words.pricesPerUnit}>
      <div>
        <Input.Label labelElement="div">{words.pricesPerUnitInUsd}</Input.Label>
        <Text fz="xs" c="dimmed">
          {words.unitPricesMean}
        </Text>
      </div>
      <Group gap="xs" align="flex-start">
        {UNITS.map((unit) => (
          <TextInput
            key={unit}
            label={UNIT_WORDS[unit]}
            w={108}
            size="xs"
            leftSection="$"
            placeholder={words.unpriced}
            inputMode="decimal"
            maxLength={32}
            value={value[unit]}
            error={errorAt(errors, `${at}.${unit}`)}
            onChange={(event) => onChange({ ...value, [unit]: event.currentTarget.value })}
          />
        ))}
      </Group>
    </Stack>
  );
}
