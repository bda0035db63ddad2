import { ActionIcon, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { PolicyBody } from '../../api/gateway.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import type { Deployment } from './policy.ts';
import { percentsOf, sharesOf } from './shares.ts';
import { useDeployments } from './useDeployments.ts';

interface MemberRowsProps {
  readonly strategy: PolicyBody['strategy'];
  readonly members: PolicyBody['members'];
  readonly onChange: (members: PolicyBody['members']) => void;
  readonly disabled?: boolean;
}

const MEMBERS_MAX = 200;
const WHOLE_MAX = 1_000_000;

/** The members of a policy, one row each: deployment, weight, priority, and the share that follows. */
export function MemberRows({ strategy, members, onChange, disabled = false }: MemberRowsProps) {
  const change = (index: number, part: Partial<PolicyBody['members'][number]>) =>
    onChange(members.map((member, at) => (at === index ? { ...member, ...part } : member)));
  const percents = percentsOf(sharesOf({ strategy, members }));
  const deployments = useDeployments(members.map(({ deployment_id: id }) => id));
  return (
    <Stack gap="xs">
      {members.length === 0 && (
        <Text fz="sm" c="dimmed">
          No members yet. Without a member, every call fails unless a fallback answers. Add a member.
        </Text>
      )}
      {members.map((member, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; two new ones have no other name.
        <Group key={index} gap="xs" align="flex-start" wrap="wrap" role="group" aria-label={`Member ${index + 1}`}>
          <div style={{ flex: 1, minWidth: 220 }}>
            <ObjectSelect
              kind="deployment"
              label="Deployment"
              value={member.deployment_id === '' ? undefined : member.deployment_id}
              onChange={(id) => change(index, { deployment_id: id ?? '' })}
            />
            <Text fz="xs" c="dimmed" truncate>
              {aboutOf(deployments.get(member.deployment_id))}
            </Text>
          </div>
          <Group gap="xs" align="flex-start" wrap="nowrap">
            <WholeNumberInput
              label="Weight"
              w={100}
              max={WHOLE_MAX}
              value={member.weight}
              disabled={disabled}
              onChange={(weight) => change(index, { weight: weight || 0 })}
            />
            {strategy === 'priority' && (
              <WholeNumberInput
                label="Priority"
                w={100}
                max={WHOLE_MAX}
                value={member.priority}
                disabled={disabled}
                onChange={(priority) => change(index, { priority: priority || 0 })}
              />
            )}
            <Text fz="sm" w={64} ta="right" pt={30} title="How often this member is the first choice while all are in service">
              {percents[index]} %
            </Text>
            <ActionIcon
              variant="subtle"
              color="gray"
              mt={28}
              disabled={disabled}
              aria-label={`Remove member ${index + 1}`}
              onClick={() => onChange(members.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        </Group>
      ))}
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={disabled || members.length >= MEMBERS_MAX}
          onClick={() => onChange([...members, { deployment_id: '', weight: 1, priority: 0 }])}
        >
          Add member
        </Button>
      </Group>
    </Stack>
  );
}

/** Describes a deployment by what distinguishes it from others of the same model. */
function aboutOf(deployment: Deployment | undefined): string {
  if (deployment === undefined) return '';
  return [deployment.upstream_model, deployment.tags.join(', ')].filter((part) => part !== '').join(' · ');
}
