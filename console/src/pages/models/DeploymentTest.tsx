import { Badge, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import type { CheckResult } from '../../api/credentials.ts';
import { CallsDialog } from '../../components/dialogs/CallsDialog.tsx';
import { createBodyOf, type DeploymentDraft } from './deployment-draft.ts';
import { words } from './words.ts';

/** Makes one small live call with the typed deployment. Nothing is stored. */
export function DeploymentTest({ draft }: { draft: DeploymentDraft }) {
  const testing = useMutation({ mutationFn: () => asked(api.POST('/deployments/check', { body: createBodyOf(draft) })) });
  const { reset } = testing;
  const tested = [draft.provider, draft.credential_id, draft.upstream_model, draft.mode].join(' ');
  // A result describes the tested values. Any change discards it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text of what is tested is the trigger.
  useEffect(() => reset(), [tested, reset]);
  const isReady = draft.upstream_model.trim() !== '' && (draft.provider === 'fake' || draft.credential_id !== null);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={16} />}
        loading={testing.isPending}
        disabled={!isReady}
        onClick={() => testing.mutate()}
      >
        {words.testCall}
      </Button>
      {testing.data !== undefined && <CheckBadge result={testing.data} />}
      {testing.isError && (
        <Text fz="sm" c="red" role="alert">
          {testing.error.message}
        </Text>
      )}
    </>
  );
}

interface CheckBadgeProps {
  readonly result: CheckResult;
  /** Says what a good answer proves, with its latency. Defaults to the latency alone. */
  readonly answered?: (ms: number) => string;
}

/** The result of a live call: its latency, or the reason why it failed, and the calls that were made. */
export function CheckBadge({ result, answered = words.answeredIn }: CheckBadgeProps) {
  const [isOpen, setOpen] = useState(false);
  const { calls = [] } = result;
  return (
    <Group gap={6} justify="flex-end">
      {result.ok ? (
        <Badge color="green" role="status">
          {answered(result.latency_ms)}
        </Badge>
      ) : (
        <Tooltip label={result.message ?? words.noAnswer}>
          <Text fz="sm" c="red" role="alert" lineClamp={2} maw={340}>
            {result.message ?? words.noAnswer}
          </Text>
        </Tooltip>
      )}
      {calls.length > 0 && (
        <Button size="compact-xs" variant="subtle" onClick={() => setOpen(true)}>
          {words.showTheCalls}
        </Button>
      )}
      {isOpen && <CallsDialog calls={calls} onClose={() => setOpen(false)} />}
    </Group>
  );
}
