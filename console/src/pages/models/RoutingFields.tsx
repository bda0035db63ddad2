import { Collapse, NumberInput, SimpleGrid, Stack, Switch, TagsInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { firstErrorOf } from '../../api/field-errors.ts';
import { Disclosure } from '../../components/Disclosure.tsx';
import { useFieldToOpen } from '../../components/dialogs/OpenAt.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { BoundFields } from './BoundFields.tsx';
import type { DeploymentDraft } from './deployment-draft.ts';
import { words } from './words.ts';

type Form = UseFormReturnType<DeploymentDraft>;

const TIMEOUT_SECONDS_MAX = 3_600;

/** The capacity of a deployment, and the settings that decide when it is chosen. */
export function RoutingFields({ form }: { form: Form }) {
  const [isOpen, setOpen] = useState(useFieldToOpen() === 'timeout_ms');
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <WholeNumberInput
          label={words.capacityRequests}
          description={words.capacityMeans}
          thousandSeparator=" "
          {...form.getInputProps('limits.rpm')}
        />
        <WholeNumberInput
          label={words.capacityTokens}
          description={words.leaveEmptyNoLimit}
          thousandSeparator=" "
          {...form.getInputProps('limits.tpm')}
        />
      </SimpleGrid>
      <TagsInput
        wrapperProps={{ 'data-at': 'tags' }}
        label={words.routingTags}
        description={words.routingTagsMean}
        {...form.getInputProps('tags')}
        error={firstErrorOf(form.errors, 'tags')}
      />
      <Disclosure isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
        {isOpen ? words.fewerSettings : words.moreSettings}
      </Disclosure>
      <Collapse expanded={isOpen}>
        <Stack gap="sm">
          <RareFields form={form} />
          <WholeNumberInput
            label={words.contextWindow}
            description={words.contextWindowMeans}
            min={1}
            thousandSeparator=" "
            {...form.getInputProps('context_window')}
          />
          <BoundFields form={form} />
        </Stack>
      </Collapse>
      <Switch label={words.enabledItGetsRequests} {...form.getInputProps('enabled', { type: 'checkbox' })} />
    </Stack>
  );
}

function RareFields({ form }: { form: Form }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      <WholeNumberInput label={words.weight} description={words.shareOfRequests} {...form.getInputProps('weight')} />
      <WholeNumberInput label={words.priority} description={words.lowerIsTriedFirst} {...form.getInputProps('priority')} />
      <WholeNumberInput
        label={words.maximumOutputTokens}
        description={words.emptyIfNotKnown}
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_output_tokens')}
      />
      <NumberInput
        wrapperProps={{ 'data-at': 'timeout_ms' }}
        label={words.timeoutSeconds}
        description={words.atMostSeconds(TIMEOUT_SECONDS_MAX)}
        min={0.001}
        max={TIMEOUT_SECONDS_MAX}
        {...form.getInputProps('timeout_seconds')}
        error={form.errors.timeout_seconds ?? form.errors.timeout_ms}
      />
    </SimpleGrid>
  );
}
