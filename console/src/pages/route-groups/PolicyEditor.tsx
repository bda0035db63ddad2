import { Alert, Badge, Button, Group, JsonInput, Paper, SegmentedControl, Select, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type PolicyBody, publishPolicy, simulatePolicy } from '../../api/gateway.ts';
import { verdictOf } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/GuardedButton.tsx';
import { saved } from '../../components/saved.ts';
import { useUnsavedGuard } from '../../components/useUnsavedGuard.ts';
import { MemberRows } from './MemberRows.tsx';
import { isSamePolicy, policyFromJson, policyOfGroup, type RouteGroup, STRATEGIES } from './policy.ts';
import { SimulationView } from './SimulationView.tsx';

const REQUESTS = 10_000;

/** The policy of a route group: edited by hand or as JSON, simulated, and only then published. */
export function PolicyEditor({ group }: { group: RouteGroup }) {
  const published = policyOfGroup(group);
  const [draft, setDraft] = useState<PolicyBody>(published);
  const [json, setJson] = useState<string | null>(null);
  const read = json === null ? { policy: draft } : policyFromJson(json);
  const isChanged = 'problem' in read || !isSamePolicy(read.policy, published);
  useUnsavedGuard(isChanged);
  const queryClient = useQueryClient();
  const simulating = useMutation({
    mutationFn: (policy: PolicyBody) => simulatePolicy(group.id, policy, REQUESTS),
  });
  const publishing = useMutation({
    mutationFn: (policy: PolicyBody) => publishPolicy(group.id, policy),
    onSuccess: async () => {
      saved(`The policy of ${group.key} is published and in force.`);
      const changed = ['route-group', 'route-groups', 'route-group-policy', 'callable-targets'];
      await Promise.all(changed.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    },
  });
  const change = (part: Partial<PolicyBody>) => {
    setDraft({ ...draft, ...part });
    simulating.reset();
  };
  const mayManage = verdictOf('catalogue.manage', group.capabilities);
  const problem = 'problem' in read ? read.problem : problemOf(read.policy);
  const use = (run: (policy: PolicyBody) => void) => {
    if (problem === null && 'policy' in read) run(read.policy);
  };
  return (
    <Stack gap="xs" component="section" aria-label="Policy">
      <Group justify="space-between">
        <Group gap="xs">
          <Title order={2}>Policy</Title>
          {isChanged && <Badge color="blue">Not published</Badge>}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label="How the policy is edited"
          data={['Guided', 'JSON']}
          value={json === null ? 'Guided' : 'JSON'}
          onChange={(value) => {
            if (value === 'JSON') setJson(JSON.stringify(draft, null, 2));
            else if ('policy' in read) {
              setDraft(read.policy);
              setJson(null);
            }
          }}
        />
      </Group>
      <Paper withBorder p="sm">
        <Stack gap="sm">
          {json === null ? (
            <>
              <Select
                label="Strategy"
                w={420}
                maw="100%"
                allowDeselect={false}
                disabled={!mayManage.allowed}
                data={[...STRATEGIES]}
                value={draft.strategy}
                onChange={(value) => change({ strategy: (value ?? draft.strategy) as PolicyBody['strategy'] })}
              />
              <MemberRows
                strategy={draft.strategy}
                members={draft.members}
                onChange={(members) => change({ members })}
                disabled={!mayManage.allowed}
              />
            </>
          ) : (
            <JsonInput
              label="Policy as JSON"
              autosize
              minRows={8}
              maxRows={30}
              value={json}
              onChange={(text) => {
                setJson(text);
                simulating.reset();
              }}
              error={'problem' in read ? read.problem : undefined}
            />
          )}
          {problem !== null && json === null && (
            <Text fz="sm" c="dimmed">
              {problem}
            </Text>
          )}
          {publishing.isError && <ProblemNote error={publishing.error} />}
          {simulating.isError && <ProblemNote error={simulating.error} />}
          {simulating.data !== undefined && <SimulationView simulation={simulating.data} requests={REQUESTS} />}
          <Group justify="space-between" gap="xs">
            <Group gap="xs">
              <GuardedButton
                variant="default"
                verdict={mayManage}
                disabled={problem !== null}
                loading={simulating.isPending}
                onClick={() => use((policy) => simulating.mutate(policy))}
              >
                Simulate {REQUESTS.toLocaleString()} requests
              </GuardedButton>
              {isChanged && (
                <Button
                  variant="subtle"
                  color="gray"
                  onClick={() => {
                    setDraft(published);
                    setJson(null);
                    simulating.reset();
                  }}
                >
                  Discard changes
                </Button>
              )}
            </Group>
            <GuardedButton
              verdict={mayManage}
              disabled={problem !== null || !isChanged}
              loading={publishing.isPending}
              onClick={() => use((policy) => publishing.mutate(policy))}
            >
              Publish
            </GuardedButton>
          </Group>
          {isChanged && problem === null && simulating.data === undefined && (
            <Alert color="blue" p="xs">
              <Text fz="sm">Simulate it first: nothing is sent anywhere, and the shares are those of the published code.</Text>
            </Alert>
          )}
        </Stack>
      </Paper>
    </Stack>
  );
}

function problemOf({ members }: PolicyBody): string | null {
  if (members.some(({ deployment_id: id }) => id === '')) return 'Choose a deployment in each row.';
  const ids = new Set(members.map(({ deployment_id: id }) => id));
  return ids.size === members.length ? null : 'A deployment stands here twice: give it one row with the sum of the weights.';
}
