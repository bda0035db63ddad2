import { Alert, Button, Divider, Group, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { checkCredential } from '../../api/credentials.ts';
import { fieldErrorsOf } from '../../api/field-errors.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { newIdempotencyKey } from '../../components/dialogs/FormDialog.tsx';
import { createCredential } from '../credentials/CredentialDialog.tsx';
import { CredentialFields } from '../credentials/CredentialFields.tsx';
import { type CredentialDraft, faultsOf, hasNewSecret, newDraft, toCheck } from '../credentials/credential-draft.ts';
import { FakePath } from './FakePath.tsx';
import { StepFrame } from './StepFrame.tsx';
import type { Steps } from './steps.ts';
import { useStepGuard } from './useStepGuard.ts';

const CREDENTIALS_SHOWN = 200;

/**
 * Adds the provider's credential after a live call has tested it. If the test fails, the person can save it anyway. The fake
 * provider needs none.
 */
export function ProviderStep({ steps, onSecret }: { steps: Steps; onSecret: (secret: string) => void }) {
  const queryClient = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const form = useForm<CredentialDraft>({
    initialValues: newDraft('openai', 'openai-main'),
    validate: (draft) => faultsOf(draft, true),
  });
  const release = useStepGuard(hasNewSecret(form.values));
  const goOn = async (credential: string) => {
    release();
    await queryClient.invalidateQueries({ queryKey: ['first-run'] });
    steps.next({ credential });
  };
  const saving = useMutation({
    mutationFn: (draft: CredentialDraft) => createCredential(draft, { 'idempotency-key': key }, null),
    onSuccess: ({ id }) => goOn(id),
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  const testing = useMutation({
    mutationFn: (draft: CredentialDraft) => checkCredential(toCheck(draft), null),
    onSuccess: ({ ok }, draft) => {
      if (ok) saving.mutate(draft);
    },
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  return (
    <form onSubmit={form.onSubmit((draft) => testing.mutate(draft))} noValidate>
      <StepFrame
        title="Connect a provider"
        about="The key is tried with a live call before it is saved. It is encrypted at rest and never shown again."
        steps={steps}
        action={
          <Button type="submit" loading={testing.isPending || saving.isPending}>
            Test and continue
          </Button>
        }
      >
        <FakePath steps={steps} onSecret={onSecret} />
        <Divider label="or add a provider" />
        <Existing onChoose={(id) => void goOn(id)} />
        <CredentialFields form={form} isNew />
        {testing.data?.ok === false && (
          <Alert color="red" title="The provider did not accept it" role="alert">
            <Stack gap="xs" align="flex-start">
              <Text fz="sm">{testing.data.message ?? 'There was no answer.'}</Text>
              <Button size="xs" variant="default" loading={saving.isPending} onClick={() => saving.mutate(form.values)}>
                Save it anyway
              </Button>
            </Stack>
          </Alert>
        )}
        {(testing.isError || saving.isError) && <ProblemNote error={saving.error ?? testing.error} />}
      </StepFrame>
    </form>
  );
}

/** Lets a person who returns choose a stored credential. */
function Existing({ onChoose }: { onChoose: (id: string) => void }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const credentials = useQuery({
    queryKey: ['credentials', 'choice', 'all'],
    queryFn: () => asked(api.GET('/credentials', { params: { query: { limit: CREDENTIALS_SHOWN, sort: 'name' } } })),
  });
  const rows = credentials.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Group align="flex-end" gap="xs">
      <Select
        label="Existing credential"
        placeholder="Choose"
        w={280}
        data={rows.map(({ id, name }) => ({ value: id, label: name }))}
        value={chosen}
        onChange={setChosen}
      />
      <Button variant="default" disabled={chosen === null} onClick={() => chosen !== null && onChoose(chosen)}>
        Use this credential
      </Button>
    </Group>
  );
}
