import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Schema } from '../../api/client.ts';
import { testCredential } from '../../api/credentials.ts';
import { useOwner } from '../../api/owner.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { CallList } from '../../components/dialogs/CallList.tsx';
import { Busy } from '../../components/Skeletons.tsx';
import { words } from './words.ts';

type Test = Schema<'CredentialTest'>;

interface TestCredentialDialogProps {
  readonly credential: Pick<Schema<'Credential'>, 'id' | 'name'>;
  readonly onClose: () => void;
}

/** Tests a stored credential as soon as it opens, and shows each call: what was sent, what came back, and what it means. */
export function TestCredentialDialog({ credential, onClose }: TestCredentialDialogProps) {
  const owner = useOwner();
  const queryClient = useQueryClient();
  const testing = useMutation({
    mutationFn: () => testCredential(credential.id, owner),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['credentials'] }),
  });
  const { mutate } = testing;
  // biome-ignore lint/correctness/useExhaustiveDependencies: opening it for a credential is the trigger.
  useEffect(() => mutate(), [credential.id]);
  const { data, error, isPending } = testing;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={words.testNamed(credential.name)}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {words.testMeans}
        </Text>
        {isPending && (
          <Group gap="xs">
            <Busy label={words.testing} />
            <Text fz="sm">{words.testing}</Text>
          </Group>
        )}
        {error !== null && !isPending && <ProblemNote error={error} />}
        {data !== undefined && !isPending && <Result test={data} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.close}
          </Button>
          <Button loading={isPending} onClick={() => mutate()}>
            {words.testAgain}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Result({ test }: { test: Test }) {
  const Icon = test.ok ? IconCircleCheck : IconAlertTriangle;
  return (
    <>
      <Alert color={test.ok ? 'green' : 'red'} icon={<Icon size={18} />} role={test.ok ? 'status' : 'alert'}>
        {test.meaning}
      </Alert>
      <CallList calls={test.calls} />
    </>
  );
}
