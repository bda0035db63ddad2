import { Select } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Prices } from '../../api/gateway.ts';
import { useOwner } from '../../api/owner.tsx';
import { usePresetsFor } from '../../api/presets.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import type { IdempotencyHeader } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PriceFields } from '../../components/money/PriceFields.tsx';
import { priceDraftOf } from '../../components/money/price-draft.ts';
import { bind } from '../../forms/bind.ts';
import { providerOptions } from '../presets/provider-options.ts';
import { DeploymentTest } from './DeploymentTest.tsx';
import { createBodyOf, type DeploymentDraft, deploymentFaults, NEW_DRAFT } from './deployment-draft.ts';
import { PROVIDERS } from './ProviderBadge.tsx';
import { RoutingFields } from './RoutingFields.tsx';
import { UpstreamFields } from './UpstreamFields.tsx';
import { words } from './words.ts';

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
  const owner = useOwner();
  return (
    <CreateDialog<DeploymentDraft, Deployment>
      opened={opened}
      onClose={onClose}
      title={words.addDeployment}
      size="xl"
      initial={{ ...NEW_DRAFT, ...start }}
      validate={deploymentFaults}
      save={(draft, header) => createDeployment(draft, header, owner)}
      onSaved={(made) => {
        saved(words.isInService(made.model));
        onSaved(made);
      }}
      invalidates={['deployments', 'deployment', 'models', 'model', 'callable-targets', 'prices']}
      verb={words.addDeployment}
      aside={(draft) => owner === null && <DeploymentTest draft={draft} />}
    >
      {(form) => <Fields form={form} />}
    </CreateDialog>
  );
}

function createDeployment(draft: DeploymentDraft, header: IdempotencyHeader, owner: string | null): Promise<Deployment> {
  const body = createBodyOf(draft);
  if (owner === null) return asked(api.POST('/deployments', { params: { header }, body }));
  const own = { ...body, credential_id: draft.credential_id ?? '' };
  return asked(api.POST('/organizations/{id}/own-deployments', { params: { path: { id: owner }, header }, body: own }));
}

function Fields({ form }: { form: Form }) {
  const owner = useOwner();
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
        note={owner === null ? note : words.ownPriceMeans}
      />
      <RoutingFields form={form} />
    </>
  );
}

type Form = UseFormReturnType<DeploymentDraft>;

function ProviderChoice({ form }: { form: Form }) {
  const owner = useOwner();
  const presets = usePresetsFor(owner);
  const coded = owner === null ? PROVIDERS : PROVIDERS.filter(({ value }) => value !== 'fake');
  return (
    <Select
      label={words.provider}
      description={form.values.provider === 'fake' ? words.fakeProviderMeans : words.otherServers}
      allowDeselect={false}
      searchable
      data={providerOptions(coded, presets)}
      value={form.values.provider}
      onChange={(value) => form.setValues({ provider: value ?? 'fake', credential_id: null, upstream_model: '' })}
    />
  );
}
