import { type InputWrapperProps, Select, SimpleGrid } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import type { DeploymentDraft } from './deployment-draft.ts';

const HANGUPS: readonly { readonly value: DeploymentDraft['on_hangup']; readonly label: string; readonly about: string }[] = [
  {
    value: '',
    label: 'Gateway default',
    about:
      'A stream is ended and charged for what was generated so far. A whole answer under a blocking budget is read to its end and charged as the provider reports.',
  },
  {
    value: 'finish',
    label: 'Read the answer to its end',
    about: 'Streams too, in the background. The charge is what the provider reports: nothing is estimated, and no cost is saved.',
  },
  {
    value: 'stop',
    label: 'End the upstream call',
    about:
      'Whole answers too. The provider may still bill what it generated, so a whole answer under a blocking budget is charged its full hold.',
  },
];

/** The order of a field's parts. Descriptions differ in length, and this keeps the inputs on one line. */
const ORDER = ['label', 'input', 'description', 'error'] satisfies InputWrapperProps['inputWrapperOrder'];

/** The bounds on what a request can be charged beyond its text, and what happens to a call after a hang-up. */
export function BoundFields({ form }: { form: UseFormReturnType<DeploymentDraft> }) {
  const hangup = HANGUPS.find(({ value }) => value === form.values.on_hangup);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <WholeNumberInput
        label="Searches per request"
        inputWrapperOrder={ORDER}
        description="The maximum. This many are held under a blocking budget. If empty, a request that can search without a limit of its own is refused under a blocking budget."
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_searches')}
      />
      <WholeNumberInput
        label="Tokens per media part"
        inputWrapperOrder={ORDER}
        description="The maximum of one image, sound or file. This many are held under a blocking budget. If empty, 40,000 are held, and a part may use more."
        min={1}
        thousandSeparator=" "
        {...form.getInputProps('max_part_tokens')}
      />
      <Select
        label="When the caller hangs up"
        inputWrapperOrder={ORDER}
        description={hangup?.about}
        allowDeselect={false}
        data={HANGUPS.map(({ value, label }) => ({ value, label }))}
        {...form.getInputProps('on_hangup')}
      />
    </SimpleGrid>
  );
}

export function hangupWords(choice: DeploymentDraft['on_hangup'] | null): string {
  return HANGUPS.find(({ value }) => value === (choice ?? ''))?.label ?? '';
}
