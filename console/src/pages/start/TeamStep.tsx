import { Alert, Button, Divider, Group, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { newIdempotencyKey } from '../../components/dialogs/FormDialog.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { Named } from '../../components/Named.tsx';
import { makeTeam } from './make.ts';
import { StepFrame } from './StepFrame.tsx';
import type { Steps } from './steps.ts';

/** Creates the first team, which every key needs. */
export function TeamStep({ steps }: { steps: Steps }) {
  const { organization } = steps.made;
  const queryClient = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const form = useForm({
    initialValues: { name: 'Engineering' },
    validate: { name: (name) => (name.trim() === '' ? 'Give it a name.' : null) },
  });
  const making = useMutation({
    mutationFn: ({ name }: { name: string }) => makeTeam(organization ?? '', name.trim(), key),
    onSuccess: async ({ id }) => {
      await queryClient.invalidateQueries({ queryKey: ['first-run'] });
      steps.next({ team: id, key: undefined });
    },
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  return (
    <form onSubmit={form.onSubmit((draft) => making.mutate(draft))} noValidate>
      <StepFrame
        title="Add a team"
        about="Keys belong to teams. A team inherits what its organization may call, and can have limits of its own."
        steps={steps}
        action={
          <Button type="submit" loading={making.isPending} disabled={organization === undefined}>
            Add team
          </Button>
        }
      >
        {organization === undefined ? (
          <ChooseOrganization steps={steps} />
        ) : (
          <>
            <Existing steps={steps} organization={organization} />
            <TextInput
              label={
                <>
                  Name of a new team of <Named id={organization} />
                </>
              }
              required
              {...form.getInputProps('name')}
            />
          </>
        )}
        {making.isError && !isAllAtFields(making.error, (path) => path === 'name') && <ProblemNote error={making.error} />}
      </StepFrame>
    </form>
  );
}

function ChooseOrganization({ steps }: { steps: Steps }) {
  return (
    <Alert color="blue" title="Of which organization?">
      <ObjectSelect
        kind="organization"
        label="Organization"
        value={undefined}
        onChange={(organization) => organization !== undefined && steps.keep({ organization })}
      />
    </Alert>
  );
}

function Existing({ steps, organization }: { steps: Steps; organization: string }) {
  const [chosen, setChosen] = useState(steps.made.team);
  return (
    <>
      <Group align="flex-end" gap="xs">
        <ObjectSelect
          kind="team"
          label="One that is there already"
          organizationId={organization}
          value={chosen}
          onChange={setChosen}
        />
        <Button variant="default" disabled={chosen === undefined} onClick={() => steps.next({ team: chosen, key: undefined })}>
          Use it
        </Button>
      </Group>
      <Divider label="or a new one" />
    </>
  );
}
