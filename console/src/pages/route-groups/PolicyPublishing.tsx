import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type PolicyBody, simulatePolicy } from '../../api/gateway.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { EffectPreview, useEffectOf } from '../../components/dialogs/EffectPreview.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { countText } from '../../numbers/numbers.ts';
import { type RouteGroup, sortedMembers } from './policy.ts';
import { SimulationView } from './SimulationView.tsx';
import type { PolicyDraft } from './usePolicyDraft.ts';
import { words } from './words.ts';

const REQUESTS = 10_000;

/** Simulates a policy, and publishes it. */
export function PolicyPublishing({ group, draft }: { group: RouteGroup; draft: PolicyDraft }) {
  const { typed, policy, problem, isChanged, edited } = draft;
  const queryClient = useQueryClient();
  const simulating = useMutation({
    mutationFn: (tried: PolicyBody) => simulatePolicy(group.id, { ...tried, members: sortedMembers(tried.members) }, REQUESTS),
  });
  const publishing = useMutation({
    mutationFn: edited.save,
    onSuccess: async () => {
      saved(words.policyWasPublished(group.key));
      const changed = ['route-group', 'route-groups', 'route-group-policy', 'callable-targets'];
      await Promise.all(changed.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    },
  });
  // A result describes the policy as it was typed then. Any change discards it.
  const { reset: forget } = simulating;
  const { reset: forgive } = publishing;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed is the trigger.
  useEffect(() => {
    forget();
    forgive();
  }, [typed, forget, forgive]);
  const mayManage = verdictOf('catalogue.manage', group);
  const path = `/route-groups/${group.id}/policy/publish`;
  const body = policy === null || !isChanged || !mayManage.allowed ? null : { policy };
  const effect = useEffectOf(path, body, () => effectOf('POST', path, body ?? {}));
  return (
    <>
      {publishing.isError && <ProblemNote error={publishing.error} />}
      {simulating.isError && <ProblemNote error={simulating.error} />}
      {simulating.data !== undefined && <SimulationView simulation={simulating.data} requests={REQUESTS} />}
      {body !== null && <EffectPreview query={effect} />}
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <GuardedButton
            variant="default"
            verdict={mayManage}
            disabled={policy === null}
            loading={simulating.isPending}
            onClick={() => policy !== null && simulating.mutate(policy)}
          >
            {words.simulateRequests(countText(REQUESTS))}
          </GuardedButton>
          {isChanged && (
            <Button variant="subtle" color="gray" onClick={draft.discard}>
              {words.discardChanges}
            </Button>
          )}
        </Group>
        <GuardedButton
          verdict={mayManage}
          disabled={policy === null || !isChanged}
          loading={publishing.isPending}
          onClick={() => policy !== null && publishing.mutate(policy)}
        >
          {words.publish}
        </GuardedButton>
      </Group>
      {isChanged && problem === null && simulating.data === undefined && (
        <Alert color="blue" p="xs">
          <Text fz="sm">{words.simulateFirst}</Text>
        </Alert>
      )}
    </>
  );
}
