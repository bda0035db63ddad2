import { Anchor, Collapse, NumberInput, SimpleGrid, Stack, Switch, TagsInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { firstErrorOf } from '../../api/field-errors.ts';
import { useFieldToOpen } from '../../components/dialogs/OpenAt.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { BoundFields } from './BoundFields.tsx';
import type { DeploymentDraft } from './deployment-draft.ts';

type Form = UseFormReturnType<DeploymentDraft>;

/** The capacity of a deployment, and the settings that decide when it is chosen. */
export function RoutingFields({ form }: { form: Form }) {
  const [isOpen, setOpen] = useState(useFieldToOpen() === 'timeout_ms');
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <WholeNumberInput
          label="Capacity: requests per minute"
          description="Leave empty for no limit. At capacity, the deployment is tried last. No request is refused."
          thousandSeparator=" "
          {...form.getInputProps('limits.rpm')}
        />
        <WholeNumberInput
          label="Capacity: tokens per minute"
          description="Leave empty for no limit."
          thousandSeparator=" "
          {...form.getInputProps('limits.tpm')}
        />
      </SimpleGrid>
      <TagsInput
        wrapperProps={{ 'data-at': 'tags' }}
        label="Routing tags"
        description="Requests with these tags come here. Requests without tags go to deployments of the model without tags, if there are any. Tags give no access."
        {...form.getInputProps('tags')}
        error={firstErrorOf(form.errors, 'tags')}
      />
      <Anchor component="button" type="button" fz="sm" ta="left" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
        {isOpen ? 'Fewer settings' : 'Weight, priority, timeout and limits of one request'}
      </Anchor>
      <Collapse expanded={isOpen}>
        <Stack gap="sm">
          <RareFields form={form} />
          <BoundFields form={form} />
        </Stack>
      </Collapse>
      <Switch label="Enabled: it gets requests" {...form.getInputProps('enabled', { type: 'checkbox' })} />
    </Stack>
  );
}

function RareFields({ form }: { form: Form }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      <WholeNumberInput label="Weight" description="Share of requests" {...form.getInputProps('weight')} />
      <WholeNumberInput label="Priority" description="Lower is tried first" {...form.getInputProps('priority')} />
      <WholeNumberInput
        label="Maximum output tokens"
        description="Empty if not known"
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_output_tokens')}
      />
      <NumberInput
        wrapperProps={{ 'data-at': 'timeout_ms' }}
        label="Timeout, seconds"
        description="At most 3600"
        min={0.001}
        max={3600}
        {...form.getInputProps('timeout_seconds')}
        error={form.errors.timeout_seconds ?? form.errors.timeout_ms}
      />
    </SimpleGrid>
  );
}
