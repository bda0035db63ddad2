import { Anchor, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Awaited } from '../../components/Skeletons.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { sharesOf } from '../../numbers/numbers.ts';
import { PriceText, Tags } from '../models/cells.tsx';
import { HealthBadge, useCooling } from '../models/health.tsx';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import type { RouteGroup } from './policy.ts';
import { useAreAwaited, useDeployments } from './useDeployments.ts';
import { hasShares, weightsOf } from './weights.ts';
import { words } from './words.ts';

/** The members of a route group at this moment, each with its health. */
export function MemberTable({ group }: { group: RouteGroup }) {
  const cooling = useCooling();
  const percents = sharesOf(weightsOf(group));
  const ids = group.members.map(({ deployment_id: id }) => id);
  const deployments = useDeployments(ids);
  // Names and prices make rows higher than ids do.
  if (useAreAwaited(ids)) return <Awaited shape="rows" />;
  if (group.members.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.noMembersPublish}
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={720}>
      <Table withTableBorder aria-label={words.members}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.deployment}</Table.Th>
            <Table.Th>{words.provider}</Table.Th>
            <Table.Th>{words.health}</Table.Th>
            <Table.Th>{words.pricePerMillionTokens}</Table.Th>
            <Table.Th>{words.routingTags}</Table.Th>
            <Table.Th ta="right">{words.weight}</Table.Th>
            {group.strategy === 'priority' && <Table.Th ta="right">{words.priority}</Table.Th>}
            {hasShares(group) && <Table.Th ta="right">{words.firstChoice}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {group.members.map(({ deployment_id: id, weight, priority }, index) => {
            const deployment = deployments.get(id);
            return (
              <Table.Tr key={id}>
                <Table.Td>
                  <Anchor component={Link} to={addressOf(id, 'deployment') ?? '.'} fz="sm">
                    {deployment === undefined ? id : `${deployment.model} · ${deployment.upstream_model}`}
                  </Anchor>
                </Table.Td>
                <Table.Td>{deployment !== undefined && <ProviderBadge provider={deployment.provider} />}</Table.Td>
                <Table.Td>{deployment !== undefined && <HealthBadge deployment={deployment} cooling={cooling} />}</Table.Td>
                <Table.Td>
                  {deployment !== undefined && <PriceText prices={deployment.prices} lacks={deployment.unpriced_units} />}
                </Table.Td>
                <Table.Td>{deployment !== undefined && <Tags tags={deployment.tags} />}</Table.Td>
                <Table.Td ta="right">{weight}</Table.Td>
                {group.strategy === 'priority' && <Table.Td ta="right">{priority}</Table.Td>}
                {hasShares(group) && <Table.Td ta="right">{percents[index]}</Table.Td>}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
