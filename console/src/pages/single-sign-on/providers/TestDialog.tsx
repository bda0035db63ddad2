import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type IdentityProvider, readTest, startTest } from '../../../api/identity.ts';
import { ProblemNote } from '../../../components/Asked.tsx';
import { Busy } from '../../../components/Skeletons.tsx';
import { words } from '../words.ts';
import { TestResult } from './TestResult.tsx';

const LOOK_MS = 1_500;

interface TestDialogProps {
  readonly provider: IdentityProvider;
  /** A test that has ended in this window. Absent: a new one. */
  readonly testId?: string;
  readonly onClose: () => void;
}

/** Tests a provider: opens it in a new window, waits for its answer, and shows each check. The test makes no session. */
export function TestDialog({ provider, testId, onClose }: TestDialogProps) {
  const [round, setRound] = useState(0);
  const known = round === 0 ? testId : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={words.testNamed(provider.name)}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <Test
        key={round}
        provider={provider}
        {...(known === undefined ? {} : { testId: known })}
        onAgain={() => setRound(round + 1)}
        onClose={onClose}
      />
    </Modal>
  );
}

function Test({ provider, testId, onAgain, onClose }: TestDialogProps & { readonly onAgain: () => void }) {
  const queryClient = useQueryClient();
  const started = useQuery({
    queryKey: ['test-start', provider.id],
    queryFn: () => startTest(provider, returnTo(provider)),
    enabled: testId === undefined,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const id = testId ?? started.data?.id;
  const result = useQuery({
    queryKey: ['test-result', id],
    queryFn: () => readTest(provider, id ?? ''),
    enabled: id !== undefined,
    gcTime: 0,
    retry: false,
    refetchInterval: ({ state }) => (state.data?.state === 'waiting' ? LOOK_MS : false),
  });
  const test = result.data?.state === 'waiting' ? undefined : result.data;
  const isDone = test !== undefined;
  // A test that passed changes the state of the provider.
  useEffect(() => {
    if (isDone) void queryClient.invalidateQueries({ queryKey: ['identity-providers'] });
  }, [isDone, queryClient]);
  const isOver = isDone || started.isError || result.isError;
  return (
    <Stack gap="md">
      {!isOver && (
        <Text fz="sm" c="dimmed">
          {words.testMeans}
        </Text>
      )}
      {started.isError && <ProblemNote error={started.error} />}
      {result.isError && <ProblemNote error={result.error} />}
      {!isOver && started.data !== undefined && <ToProvider name={provider.name} location={started.data.location} />}
      {test !== undefined && <TestResult test={test} />}
      {isDone && testId !== undefined && (
        <Text fz="sm" c="dimmed">
          {words.closeWindow}
        </Text>
      )}
      <Group justify="flex-end" gap="xs">
        {isOver && (
          <Button variant="default" onClick={onAgain}>
            {words.testAgain}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {words.close}
        </Button>
      </Group>
    </Stack>
  );
}

/** A link that opens the provider, and then a note that its answer is awaited. */
function ToProvider({ name, location }: { name: string; location: string }) {
  const [isOpened, setOpened] = useState(false);
  return (
    <Group gap="sm">
      <Button
        data-autofocus
        component="a"
        href={location}
        target="_blank"
        rel="noopener"
        leftSection={<IconExternalLink size={16} />}
        onClick={() => setOpened(true)}
      >
        {words.openProvider(name)}
      </Button>
      {isOpened && (
        <Group gap="xs" role="status">
          <Busy label={words.waitingForAnswer} />
          <Text fz="sm">{words.waitingForAnswer}</Text>
        </Group>
      )}
    </Group>
  );
}

/** The page to which the window of a test comes back: the same one, with the result. */
function returnTo({ organization_id, id }: IdentityProvider): string {
  return `/organizations/${organization_id}?tab=sign-in&part=providers&provider=${id}`;
}
