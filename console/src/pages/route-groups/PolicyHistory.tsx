import { Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type PublishedPolicy, policyOf, rollBackPolicy } from '../../api/gateway.ts';
import { effectOf } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { deploymentName, type RouteGroup } from './policy.ts';
import { useDeployments } from './useDeployments.ts';
import { words } from './words.ts';

/** Lists every published policy, newest first. An older one can be published again. */
export function PolicyHistory({ group }: { group: RouteGroup }) {
  const history = useQuery({ queryKey: ['route-group-policy', group.id], queryFn: () => policyOf(group.id) });
  return (
    <Stack gap="xs">
      <Title order={2}>{words.publishedVersions}</Title>
      <Asked query={history}>
        {({ published, history: versions }) => <Versions group={group} versions={versions} currentVersion={published.version} />}
      </Asked>
    </Stack>
  );
}

interface VersionsProps {
  readonly group: RouteGroup;
  readonly versions: readonly PublishedPolicy[];
  readonly currentVersion: number;
}

function Versions({ group, versions, currentVersion }: VersionsProps) {
  const [goingTo, setGoingTo] = useState<PublishedPolicy | null>(null);
  const mayManage = verdictOf('catalogue.manage', group);
  if (versions.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.noVersionsYet}
      </Text>
    );
  return (
    <>
      <Table.ScrollContainer minWidth={640}>
        <Table withTableBorder aria-label={words.publishedVersions}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.version}</Table.Th>
              <Table.Th>{words.published}</Table.Th>
              <Table.Th>{words.by}</Table.Th>
              <Table.Th>{words.policy}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((version) => (
              <VersionRow
                key={version.version}
                version={version}
                isInForce={version.version === currentVersion}
                mayManage={mayManage}
                onRollBack={() => setGoingTo(version)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <RollBackDialog group={group} to={goingTo} onClose={() => setGoingTo(null)} />
    </>
  );
}

interface VersionRowProps {
  readonly version: PublishedPolicy;
  readonly isInForce: boolean;
  readonly mayManage: Verdict;
  readonly onRollBack: () => void;
}

function VersionRow({ version, isInForce, mayManage, onRollBack }: VersionRowProps) {
  return (
    <Table.Tr>
      <Table.Td>
        {version.version}
        {version.rolled_back_to !== null && words.rolledBack(version.rolled_back_to)}
      </Table.Td>
      <Table.Td>
        <Time at={version.published_at} />
      </Table.Td>
      <Table.Td>{version.published_by}</Table.Td>
      <Table.Td>
        <PolicyWords version={version} />
      </Table.Td>
      <Table.Td ta="right">
        {isInForce ? (
          <Badge color="green">{words.inForce}</Badge>
        ) : (
          <GuardedButton size="compact-sm" variant="default" verdict={mayManage} onClick={onRollBack}>
            {words.rollBackTo(version.version)}
          </GuardedButton>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

interface RollBackDialogProps {
  readonly group: RouteGroup;
  /** The version to publish again. Null while the dialog is closed. */
  readonly to: PublishedPolicy | null;
  readonly onClose: () => void;
}

function RollBackDialog({ group, to, onClose }: RollBackDialogProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={to !== null}
      onClose={onClose}
      title={words.rollBackToVersion(to?.version ?? '')}
      name={null}
      verb={words.rollBack}
      consequences={[words.rollBackPublishes, words.currentPolicyStays]}
      effect={() => effectOf('POST', `/route-groups/${group.id}/policy/rollback`, { version: to?.version })}
      action={async () => {
        if (to === null) return;
        await rollBackPolicy(group.id, to.version);
        saved(words.versionInForceAgain(to.version));
        const changed = ['route-group', 'route-groups', 'route-group-policy', 'callable-targets'];
        await Promise.all(changed.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
      }}
    />
  );
}

function PolicyWords({ version: { policy } }: { version: PublishedPolicy }) {
  const deployments = useDeployments(policy.members.map(({ deployment_id: id }) => id));
  const members = policy.members.map(({ deployment_id: id, weight, priority }) => {
    const deployment = deployments.get(id);
    const name = deployment === undefined ? 'deleted' : deploymentName(deployment);
    return policy.strategy === 'priority' ? words.weightAtPriority(name, weight, priority) : `${name}: ${weight}`;
  });
  return (
    <Text fz="sm">
      {wordOf(policy.strategy)}: {members.length === 0 ? words.none : members.join('; ')}
    </Text>
  );
}
