import { ActionIcon, Button, Group, Input, Paper, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { errorAt, type FieldErrors } from '../../forms/bind.ts';
import { RateInputs } from '../fields/RateInputs.tsx';
import { WholeNumberInput } from '../fields/WholeNumberInput.tsx';
import { type ContextTierDraft, newContextTier, newServiceTier, type ServiceTierDraft, serviceAt } from './price-draft.ts';
import { words } from './words.ts';

const TIERS_MAX = 8;
const TOKENS_MAX = 300_000_000;
const asOrdinary = () => words.standardPrice;

interface TiersProps<T> {
  readonly value: readonly T[];
  readonly onChange: (value: readonly T[]) => void;
  readonly errors: FieldErrors;
  /** The path of the price in the form. */
  readonly at: string;
}

/** Rates for a whole request if its prompt is long. */
export function ContextTiers({ value, onChange, errors, at }: TiersProps<ContextTierDraft>) {
  const set = (row: string, change: Partial<ContextTierDraft>) =>
    onChange(value.map((tier) => (tier.row === row ? { ...tier, ...change } : tier)));
  return (
    <Tiers
      title={words.longPrompts}
      about={words.contextTierMeans}
      verb={words.addContextTier}
      count={value.length}
      error={errorAt(errors, `${at}.context_tiers`)}
      onAdd={() => onChange([...value, newContextTier()])}
    >
      {value.map((tier, index) => (
        <Tier
          key={tier.row}
          name={`context tier ${index + 1}`}
          error={errorAt(errors, `${at}.context_tiers.${index}`)}
          onRemove={() => onChange(value.filter(({ row }) => row !== tier.row))}
        >
          <WholeNumberInput
            label={words.inputAbove}
            w={124}
            size="xs"
            min={1}
            max={TOKENS_MAX}
            clampBehavior="none"
            thousandSeparator=" "
            required
            value={tier.above}
            error={errorAt(errors, `${at}.context_tiers.${index}.above_input_tokens`)}
            onChange={(above) => set(tier.row, { above })}
          />
          <RateInputs
            at={`${at}.context_tiers.${index}`}
            value={tier.rates}
            errors={errors}
            placeholderOf={asOrdinary}
            onChange={(rates) => set(tier.row, { rates })}
          />
        </Tier>
      ))}
    </Tiers>
  );
}

/** Rates by the provider's name for a service tier or speed. */
export function ServiceTiers({ value, onChange, errors, at }: TiersProps<ServiceTierDraft>) {
  const set = (row: string, change: Partial<ServiceTierDraft>) =>
    onChange(value.map((tier) => (tier.row === row ? { ...tier, ...change } : tier)));
  return (
    <Tiers
      title={words.serviceTiersAndSpeeds}
      about={words.serviceTierMeans}
      verb={words.addServiceTier}
      count={value.length}
      error={errorAt(errors, `${at}.service_tiers`)}
      onAdd={() => onChange([...value, newServiceTier()])}
    >
      {value.map((tier, index) => {
        const here = `${at}.service_tiers.${tier.name.trim()}`;
        return (
          <Tier
            key={tier.row}
            name={`service tier ${tier.name || index + 1}`}
            onRemove={() => onChange(value.filter(({ row }) => row !== tier.row))}
          >
            <TextInput
              label={words.tier}
              w={124}
              size="xs"
              maxLength={32}
              required
              value={tier.name}
              error={errorAt(errors, serviceAt(at, index)) ?? errorAt(errors, here)}
              onChange={(event) => set(tier.row, { name: event.currentTarget.value })}
            />
            <RateInputs
              at={here}
              value={tier.rates}
              errors={errors}
              placeholderOf={asOrdinary}
              onChange={(rates) => set(tier.row, { rates })}
            />
            <TextInput
              label={words.unitWords.image}
              w={124}
              size="xs"
              maxLength={32}
              placeholder={words.standardPrice}
              value={tier.picture}
              error={errorAt(errors, `${here}.per_unit.image`)}
              onChange={(event) => set(tier.row, { picture: event.currentTarget.value })}
            />
          </Tier>
        );
      })}
    </Tiers>
  );
}

interface ListProps {
  readonly title: string;
  readonly about: string;
  readonly verb: string;
  readonly count: number;
  readonly error: string | undefined;
  readonly onAdd: () => void;
  readonly children: ReactNode;
}

function Tiers({ title, about, verb, count, error, onAdd, children }: ListProps) {
  return (
    <Stack gap={6} role="group" aria-label={title}>
      <div>
        <Input.Label labelElement="div">{title}</Input.Label>
        <Text fz="xs" c="dimmed">
          {about}
        </Text>
      </div>
      {children}
      {error !== undefined && (
        <Text fz="xs" c="red" role="alert">
          {error}
        </Text>
      )}
      <div>
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconPlus size={12} />}
          disabled={count >= TIERS_MAX}
          onClick={onAdd}
        >
          {verb}
        </Button>
      </div>
    </Stack>
  );
}

interface TierProps {
  readonly name: string;
  /** An error about the tier as a whole. */
  readonly error?: string | undefined;
  readonly onRemove: () => void;
  readonly children: ReactNode;
}

function Tier({ name, error, onRemove, children }: TierProps) {
  return (
    <Paper withBorder p="xs" role="group" aria-label={name}>
      <Group align="flex-start" justify="space-between" wrap="nowrap" gap="xs">
        <Group align="flex-start" gap={8}>
          {children}
        </Group>
        <Tooltip label={words.removeThisTier}>
          <ActionIcon variant="subtle" color="gray" mt={20} aria-label={words.remove(name)} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {error !== undefined && (
        <Text fz="xs" c="red" role="alert" mt={4}>
          {error}
        </Text>
      )}
    </Paper>
  );
}
