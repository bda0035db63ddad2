import { Group, Progress, Stack, Text } from '@mantine/core';
import type { Simulation } from '../../api/gateway.ts';
import { countText, sharesOf } from '../../numbers/numbers.ts';
import { deploymentName } from './policy.ts';
import { useDeployments } from './useDeployments.ts';
import { words } from './words.ts';

/** The simulated result of a policy for a number of requests, with every deployment in its present state. */
export function SimulationView({ simulation, requests }: { simulation: Simulation; requests: number }) {
  const deployments = useDeployments(simulation.shares.map(({ deployment_id: id }) => id));
  const percents = sharesOf(
    simulation.shares.map(({ share }) => share),
    1,
  );
  return (
    <Stack gap={6} role="status" aria-label={words.simulation}>
      <Text fz="sm" fw={600}>
        {words.ofRequests(countText(requests))}
      </Text>
      {simulation.canary !== null && (
        <Text fz="sm">
          {words.atTheCanary}: {sharesOf([simulation.canary.share, 1 - simulation.canary.share], 1)[0]} ·{' '}
          {countText(simulation.canary.first_choice)}
        </Text>
      )}
      {simulation.mirror !== null && (
        <Text fz="sm">
          {words.atTheMirror}: {sharesOf([simulation.mirror.share, 1 - simulation.mirror.share], 1)[0]} ·{' '}
          {countText(simulation.mirror.copies)}
        </Text>
      )}
      {simulation.shares.length === 0 && <Text fz="sm">{words.noDeploymentTried}</Text>}
      {simulation.shares.map(({ deployment_id: id, share, first_choice: first }, index) => {
        const deployment = deployments.get(id);
        const name = deployment === undefined ? id : deploymentName(deployment);
        return (
          <Group key={id} gap="sm" wrap="nowrap">
            <Text fz="sm" w={240} truncate title={id}>
              {name}
            </Text>
            <Progress value={share * 100} flex={1} size="sm" aria-label={`${name}: ${percents[index]}`} />
            <Text fz="sm" ta="right" w={150} className="nowrap">
              {percents[index]} · {countText(first)}
            </Text>
          </Group>
        );
      })}
    </Stack>
  );
}
