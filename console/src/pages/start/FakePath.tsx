import { Button, Group, Paper, Text } from '@mantine/core';
import { IconBolt } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ProblemNote } from '../../components/Asked.tsx';
import { makeEverythingFake } from './make.ts';
import type { Steps } from './steps.ts';

/** Sets everything up with the fake provider in one click, to try the gateway without a provider's key. */
export function FakePath({ steps, onSecret }: { steps: Steps; onSecret: (secret: string) => void }) {
  const queryClient = useQueryClient();
  const [doing, setDoing] = useState('');
  const making = useMutation({
    mutationFn: () => makeEverythingFake(setDoing),
    onSuccess: async ({ secret, ...made }) => {
      onSecret(secret);
      steps.goTo('key', made);
      await queryClient.invalidateQueries();
    },
  });
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" gap="sm">
        <div style={{ flex: 1, minWidth: 220 }}>
          <Text fz="sm" fw={600}>
            No provider key yet?
          </Text>
          <Text fz="sm" c="dimmed" aria-live="polite">
            {making.isPending
              ? doing
              : 'The fake provider answers without network or cost. One click creates a model, an organization, a team and a key.'}
          </Text>
        </div>
        <Button variant="light" leftSection={<IconBolt size={16} />} loading={making.isPending} onClick={() => making.mutate()}>
          Try it with the fake provider
        </Button>
      </Group>
      {making.isError && <ProblemNote error={making.error} />}
    </Paper>
  );
}
