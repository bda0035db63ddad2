import { Alert, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { newIdempotencyKey } from '../../components/dialogs/FormDialog.tsx';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { FirstRequest } from './FirstRequest.tsx';
import { makeKey } from './make.ts';
import { StepFrame } from './StepFrame.tsx';
import type { Steps } from './steps.ts';

interface KeyStepProps {
  readonly steps: Steps;
  /** The secret of the key made on this page. Null after a reload. */
  readonly secret: string | null;
  readonly onSecret: (secret: string) => void;
}

/** Creates the first key and shows its secret once, with calls ready to paste. Then waits for the first request. */
export function KeyStep({ steps, secret, onSecret }: KeyStepProps) {
  const { key, team } = steps.made;
  if (key !== undefined) return <Ready steps={steps} keyId={key} secret={secret} />;
  if (team === undefined) return <ChooseTeam steps={steps} />;
  return <MakeKey steps={steps} team={team} onSecret={onSecret} />;
}

function ChooseTeam({ steps }: { steps: Steps }) {
  return (
    <StepFrame
      title="Create a key"
      about="An application calls the gateway with a key. A key belongs to a team."
      steps={steps}
      action={null}
    >
      <ObjectSelect
        kind="team"
        label="Team"
        organizationId={steps.made.organization}
        value={undefined}
        onChange={(team) => team !== undefined && steps.keep({ team })}
      />
    </StepFrame>
  );
}

function MakeKey({ steps, team, onSecret }: { steps: Steps; team: string; onSecret: (secret: string) => void }) {
  const queryClient = useQueryClient();
  const [idempotencyKey] = useState(newIdempotencyKey);
  const form = useForm({
    initialValues: { name: 'first key' },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name.' : null) },
  });
  const making = useMutation({
    mutationFn: ({ name }: { name: string }) => makeKey(team, name.trim(), idempotencyKey),
    onSuccess: async (made) => {
      onSecret(made.secret);
      steps.keep({ key: made.id });
      await queryClient.invalidateQueries({ queryKey: ['first-run'] });
    },
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  return (
    <form onSubmit={form.onSubmit((draft) => making.mutate(draft))} noValidate>
      <StepFrame
        title="Create a key"
        about="An application calls the gateway with a key. Its secret is shown once."
        steps={steps}
        action={
          <Button type="submit" loading={making.isPending}>
            Create key
          </Button>
        }
      >
        <TextInput
          label={
            <>
              Name of the new key in <Named id={team} />
            </>
          }
          required
          {...form.getInputProps('name')}
        />
        {making.isError && !isAllAtFields(making.error, (path) => path === 'name') && <ProblemNote error={making.error} />}
      </StepFrame>
    </form>
  );
}

function Ready({ steps, keyId, secret }: { steps: Steps; keyId: string; secret: string | null }) {
  return (
    <StepFrame
      title="Send the first request"
      about="Paste one of these into a terminal or a program. The request appears below as it arrives."
      steps={steps}
      action={
        <Button variant="default" component={PageLink} at={links.overview()}>
          Go to the overview
        </Button>
      }
    >
      <Stack gap="md">
        {secret === null ? (
          <Alert color="blue">
            <Text fz="sm">
              The secret of <Named id={keyId} /> was shown once and cannot be shown again. If you do not have it, create another
              key, or rotate this one on its page.
            </Text>
            <Button size="xs" variant="default" mt="xs" onClick={() => steps.keep({ key: undefined })}>
              Create another key
            </Button>
          </Alert>
        ) : (
          <KeySecret keyId={keyId} secret={secret} />
        )}
        <FirstRequest keyId={keyId} />
      </Stack>
    </StepFrame>
  );
}
