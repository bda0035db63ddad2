import { type InputWrapperProps, Select, SimpleGrid } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import type { DeploymentDraft } from './deployment-draft.ts';
import { words } from './words.ts';

const HANGUPS: readonly { readonly value: DeploymentDraft['on_hangup']; readonly label: string; readonly about: string }[] = [
  {
    value: '',
    label: words.gatewayDefault,
    about: words.gatewayDefaultMeans,
  },
  {
    value: 'finish',
    label: words.readToTheEnd,
    about: words.readToTheEndMeans,
  },
  {
    value: 'stop',
    label: words.endTheUpstreamCall,
    about: words.endUpstreamCallMeans,
  },
];

const CAP_FIELDS = ['max_completion_tokens', 'max_tokens'] as const satisfies readonly DeploymentDraft['output_cap_field'][];

/** The order of a field's parts. Descriptions differ in length, and this keeps the inputs on one line. */
const ORDER = ['label', 'input', 'description', 'error'] satisfies InputWrapperProps['inputWrapperOrder'];

/** The bounds on what a request can be charged beyond its text, and what happens to a call after a hang-up. */
export function BoundFields({ form }: { form: UseFormReturnType<DeploymentDraft> }) {
  const hangup = HANGUPS.find(({ value }) => value === form.values.on_hangup);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <WholeNumberInput
        label={words.searchesPerRequest}
        inputWrapperOrder={ORDER}
        description={words.searchesMean}
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_searches')}
      />
      <WholeNumberInput
        label={words.tokensPerMediaPart}
        inputWrapperOrder={ORDER}
        description={words.partTokensMean}
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_part_tokens')}
      />
      <Select
        label={words.onHangup}
        inputWrapperOrder={ORDER}
        description={hangup?.about}
        allowDeselect={false}
        data={HANGUPS.map(({ value, label }) => ({ value, label }))}
        {...form.getInputProps('on_hangup')}
      />
      <Select
        label={words.outputCapField}
        inputWrapperOrder={ORDER}
        description={words.outputCapMeans}
        allowDeselect={false}
        data={[{ value: '', label: words.newerName }, ...CAP_FIELDS.map((value) => ({ value, label: value }))]}
        {...form.getInputProps('output_cap_field')}
      />
    </SimpleGrid>
  );
}

export function hangupWords(choice: DeploymentDraft['on_hangup'] | null): string {
  return HANGUPS.find(({ value }) => value === (choice ?? ''))?.label ?? '';
}
