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
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name.' : null) },
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
        about="Keys belong to teams. A team inherits what its organization can call, and can have its own limits."
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
                  Name of the new team in <Named id={organization} />
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
    <Alert color="blue" title="Choose an organization">
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
        <ObjectSelect kind="team" label="Existing team" organizationId={organization} value={chosen} onChange={setChosen} />
        <Button variant="default" disabled={chosen === undefined} onClick={() => steps.next({ team: chosen, key: undefined })}>
          Use this team
        </Button>
      </Group>
      <Divider label="or create a new one" />
    </>
  );
}
