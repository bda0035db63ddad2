import { Input, SegmentedControl, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PriceFields } from '../../components/money/PriceFields.tsx';
import { priceDraftOf } from '../../components/money/price-draft.ts';
import { bind } from '../../forms/bind.ts';
import { DeploymentTest } from './DeploymentTest.tsx';
import { createBodyOf, type DeploymentDraft, deploymentFaults, NEW_DRAFT } from './deployment-draft.ts';
import { PROVIDERS } from './ProviderBadge.tsx';
import { RoutingFields } from './RoutingFields.tsx';
import { UpstreamFields } from './UpstreamFields.tsx';

type Deployment = Schema<'Deployment'>;

interface DeploymentDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onSaved: (deployment: Deployment) => void;
  /** The initial values of the form. */
  readonly start?: Partial<DeploymentDraft>;
}

/** Creates a deployment. A test call is possible before it is saved. */
export function DeploymentDialog({ opened, onClose, onSaved, start = {} }: DeploymentDialogProps) {
  return (
    <CreateDialog<DeploymentDraft, Deployment>
      opened={opened}
      onClose={onClose}
      title="Add deployment"
      size="xl"
      initial={{ ...NEW_DRAFT, ...start }}
      validate={deploymentFaults}
      save={(draft, header) => asked(api.POST('/deployments', { params: { header }, body: createBodyOf(draft) }))}
      onSaved={(made) => {
        saved(`${made.model} is in service.`);
        onSaved(made);
      }}
      invalidates={['deployments', 'deployment', 'models', 'model', 'callable-targets', 'prices']}
      verb="Add deployment"
      aside={(draft) => <DeploymentTest draft={draft} />}
    >
      {(form) => <Fields form={form} />}
    </CreateDialog>
  );
}

function Fields({ form }: { form: Form }) {
  const [note, setNote] = useState<string | null>(null);
  // Keeps prices that the person typed. Suggestions only replace earlier suggestions.
  const fill = (prices: Prices | null, text: string) => {
    setNote(text);
    if (!form.values.arePricesTyped) form.setFieldValue('prices', priceDraftOf(prices));
  };
  const prices = bind(form, 'prices');
  return (
    <>
      <ProviderChoice form={form} />
      <UpstreamFields form={form} isNew onPrices={fill} />
      <PriceFields
        {...prices}
        onChange={(typed) => {
          form.setFieldValue('arePricesTyped', true);
          prices.onChange(typed);
        }}
        note={note}
      />
      <RoutingFields form={form} />
    </>
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
        data={PROVIDERS}
        value={form.values.provider}
        onChange={(value) => form.setValues({ provider: value as Provider, credential_id: null, upstream_model: '' })}
      />
      <Text fz="xs" c="dimmed">
        {form.values.provider === 'fake'
          ? 'Answers without network or cost, so that you can try things out. Its answers say that no model wrote them.'
          : 'Or another server with the same API. Its address is part of the credential.'}
      </Text>
    </Stack>
  );
}
