import { ActionIcon, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { PolicyBody } from '../../api/gateway.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { sharesOf } from '../../numbers/numbers.ts';
import type { Deployment } from './policy.ts';
import { useDeployments } from './useDeployments.ts';
import { hasShares, weightsOf } from './weights.ts';
import { words } from './words.ts';

type Member = PolicyBody['members'][number];

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
  const percents = hasShares({ strategy }) ? sharesOf(weightsOf({ strategy, members })) : [];
  const deployments = useDeployments(members.map(({ deployment_id: id }) => id));
  return (
    <Stack gap="xs">
      {members.length === 0 && (
        <Text fz="sm" c="dimmed">
          {words.noMembersYet}
        </Text>
      )}
      {members.map((member, index) => (
        <MemberRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; two new ones have no other name.
          key={index}
          member={member}
          ordinal={index + 1}
          about={aboutOf(deployments.get(member.deployment_id))}
          percent={percents[index] ?? ''}
          withPriority={strategy === 'priority'}
          disabled={disabled}
          onChange={(part) => onChange(members.map((one, at) => (at === index ? { ...one, ...part } : one)))}
          onRemove={() => onChange(members.filter((_, at) => at !== index))}
        />
      ))}
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          disabled={disabled || members.length >= MEMBERS_MAX}
          onClick={() => onChange([...members, { deployment_id: '', weight: 1, priority: 0 }])}
        >
          {words.addMember}
        </Button>
      </Group>
    </Stack>
  );
}

interface MemberRowProps {
  readonly member: Member;
  readonly ordinal: number;
  /** Distinguishes the deployment from others of the same model. */
  readonly about: string;
  readonly percent: string;
  readonly withPriority: boolean;
  readonly disabled: boolean;
  readonly onChange: (part: Partial<Member>) => void;
  readonly onRemove: () => void;
}

function MemberRow({ member, ordinal, about, percent, withPriority, disabled, onChange, onRemove }: MemberRowProps) {
  const whole = { w: 100, max: WHOLE_MAX, disabled };
  return (
    <Group gap="xs" align="flex-start" wrap="wrap" role="group" aria-label={words.memberNumber(ordinal)}>
      <div style={{ flex: 1, minWidth: 220 }}>
        <ObjectSelect
          kind="deployment"
          label={words.deployment}
          value={member.deployment_id === '' ? undefined : member.deployment_id}
          onChange={(id) => onChange({ deployment_id: id ?? '' })}
        />
        <Text fz="xs" c="dimmed" truncate>
          {about}
        </Text>
      </div>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <WholeNumberInput
          {...whole}
          label={words.weight}
          value={member.weight}
          onChange={(weight) => onChange({ weight: weight || 0 })}
        />
        {withPriority && (
          <WholeNumberInput
            {...whole}
            label={words.priority}
            value={member.priority}
            onChange={(priority) => onChange({ priority: priority || 0 })}
          />
        )}
        <Text fz="sm" w={64} ta="right" pt={30} title={words.firstChoiceMeans}>
          {percent}
        </Text>
        <ActionIcon
          variant="subtle"
          color="gray"
          mt={28}
          disabled={disabled}
          aria-label={words.removeMember(ordinal)}
          onClick={onRemove}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
    </Group>
  );
}

/** Describes a deployment by what distinguishes it from others of the same model. */
function aboutOf(deployment: Deployment | undefined): string {
  if (deployment === undefined) return '';
  return [deployment.upstream_model, deployment.tags.join(', ')].filter((part) => part !== '').join(' · ');
}
