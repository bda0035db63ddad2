import { Anchor, Collapse, Group, Input, NumberInput, SegmentedControl, Stack, Switch, TagsInput, Text } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useRef, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { DialogForm, FormDialog, type IdempotencyHeader } from '../../components/FormDialog.tsx';
import { PriceFields, priceTextsOf } from '../../components/PriceFields.tsx';
import { saved } from '../../components/saved.ts';
import { DeploymentTest } from './DeploymentTest.tsx';
import { createBodyOf, type DeploymentDraft, draftOf, NEW_DRAFT, patchBodyOf } from './deployment-draft.ts';
import { UpstreamFields } from './UpstreamFields.tsx';

type Deployment = Schema<'Deployment'>;

interface DeploymentDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Absent: a new one. */
  readonly deployment?: Deployment;
  readonly onSaved?: (deployment: Deployment) => void;
  /** What a new one begins with. */
  readonly start?: Partial<DeploymentDraft>;
}

/** A deployment made or changed, with a test call before it is saved. */
export function DeploymentDialog({ opened, onClose, deployment, onSaved, start }: DeploymentDialogProps) {
  const title = deployment === undefined ? 'Add deployment' : `Edit ${deployment.model}`;
  return (
    <FormDialog opened={opened} onClose={onClose} title={title} size="xl">
      <DeploymentForm
        {...(deployment === undefined ? {} : { deployment })}
        {...(onSaved === undefined ? {} : { onSaved })}
        {...(start === undefined ? {} : { start })}
      />
    </FormDialog>
  );
}

function DeploymentForm({ deployment, onSaved, start }: Pick<DeploymentDialogProps, 'deployment' | 'onSaved' | 'start'>) {
  const form = useForm<DeploymentDraft>({
    initialValues: deployment === undefined ? { ...NEW_DRAFT, ...start } : draftOf(deployment),
    validate: {
      upstream_model: (value) => (value.trim() === '' ? 'Name the provider’s model.' : null),
      model: (value) => (value.trim() === '' ? 'Give it the name that callers use.' : null),
      credential_id: (value, draft) => (draft.provider !== 'fake' && value === null ? 'Choose a credential.' : null),
    },
  });
  const [note, setNote] = useState<string | null>(null);
  // Typed prices stay; only those that were filled before are filled anew.
  const arePricesTyped = useRef(deployment !== undefined);
  const fill = (prices: Prices | null, text: string) => {
    setNote(text);
    if (!arePricesTyped.current) form.setFieldValue('prices', priceTextsOf(prices));
  };
  const save = (draft: DeploymentDraft, header: IdempotencyHeader): Promise<Deployment> =>
    deployment === undefined
      ? asked(api.POST('/deployments', { params: { header }, body: createBodyOf(draft) }))
      : asked(
          api.PATCH('/deployments/{id}', {
            params: { path: { id: deployment.id }, header: { 'if-match': `"${deployment.version}"` } },
            body: patchBodyOf(draft, deployment),
          }),
        );
  return (
    <DialogForm
      form={form}
      save={save}
      onSaved={(made) => {
        saved(deployment === undefined ? `${made.model} is in service.` : `${made.model} was changed.`);
        onSaved?.(made);
      }}
      invalidates={['deployments', 'deployment', 'models', 'model', 'callable-targets', 'prices']}
      verb={deployment === undefined ? 'Add deployment' : 'Save changes'}
      aside={<DeploymentTest draft={form.values} />}
    >
      {deployment === undefined && <ProviderChoice form={form} />}
      <UpstreamFields form={form} isNew={deployment === undefined} onPrices={fill} />
      <PriceFields
        value={form.values.prices}
        onChange={(prices) => {
          arePricesTyped.current = true;
          form.setFieldValue('prices', prices);
        }}
        errorOf={(bucket) => form.errors[`prices.${bucket}`] as string | undefined}
        note={note}
      />
      <RoutingFields form={form} />
    </DialogForm>
  );
}

type Form = UseFormReturnType<DeploymentDraft>;

function ProviderChoice({ form }: { form: Form }) {
  return (
    <Stack gap={4}>
      <Input.Label labelElement="div" id="provider-label">
        Provider
      </Input.Label>
      <SegmentedControl
        aria-labelledby="provider-label"
        data={[
          { value: 'openai', label: 'OpenAI' },
          { value: 'anthropic', label: 'Anthropic' },
          { value: 'fake', label: 'Fake' },
        ]}
        value={form.values.provider}
        onChange={(value) => form.setValues({ provider: value as Provider, credential_id: null, upstream_model: '' })}
      />
      <Text fz="xs" c="dimmed">
        {form.values.provider === 'fake'
          ? 'Answers by itself, without network or cost: for trying things out. Its answers say that no model wrote them.'
          : 'Or a server that speaks the same interface: its address belongs to the credential.'}
      </Text>
    </Stack>
  );
}

function RoutingFields({ form }: { form: Form }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Stack gap="xs">
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <NumberInput
          label="Requests per minute it takes"
          description="Empty: not limited. A full one goes last and refuses nobody."
          min={0}
          allowDecimal={false}
          thousandSeparator=" "
          {...form.getInputProps('limits.rpm')}
        />
        <NumberInput
          label="Tokens per minute it takes"
          description="Empty: not limited."
          min={0}
          allowDecimal={false}
          thousandSeparator=" "
          {...form.getInputProps('limits.tpm')}
        />
      </Group>
      <TagsInput
        label="Routing tags"
        description="Choose among deployments; they authorize nothing. Access groups do, on the model’s page."
        {...form.getInputProps('tags')}
        error={form.errors.tags ?? firstError(form, 'tags.')}
      />
      <Anchor component="button" type="button" fz="sm" ta="left" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
        {isOpen ? 'Less' : 'Weight, priority, output bound, timeout'}
      </Anchor>
      <Collapse expanded={isOpen}>
        <Group grow align="flex-start">
          <NumberInput
            label="Weight"
            description="Share among equals"
            min={0}
            allowDecimal={false}
            {...form.getInputProps('weight')}
          />
          <NumberInput
            label="Priority"
            description="Lower is tried first"
            min={0}
            allowDecimal={false}
            {...form.getInputProps('priority')}
          />
          <NumberInput
            label="Output tokens at most"
            description="Empty: not known"
            min={1}
            allowDecimal={false}
            thousandSeparator=" "
            {...form.getInputProps('max_output_tokens')}
          />
          <NumberInput
            label="Timeout, seconds"
            description="At most an hour"
            min={0.001}
            max={3600}
            {...form.getInputProps('timeout_seconds')}
            error={form.errors.timeout_seconds ?? form.errors.timeout_ms}
          />
        </Group>
      </Collapse>
      <Switch label="Enabled: requests go there" {...form.getInputProps('enabled', { type: 'checkbox' })} />
    </Stack>
  );
}

function firstError(form: Form, prefix: string) {
  return Object.entries(form.errors).find(([name]) => name.startsWith(prefix))?.[1];
}
