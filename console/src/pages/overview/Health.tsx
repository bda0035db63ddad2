import { Anchor, Badge, Group, Progress, Table, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { FreshnessMark } from '../../components/Freshness.tsx';
import { colorOf } from '../../components/limits/LimitBar.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Section } from '../../components/Section.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { barOf, countText, usedRatio, usedText } from '../../numbers/numbers.ts';
import { StateBadge } from '../models/health.tsx';
import { useProviderNames } from '../models/ProviderBadge.tsx';
import { words } from './words.ts';

/** The budgets closest to exhaustion, with what requests in flight hold of them. */
export function Budgets({ overview }: { overview: Schema<'Overview'> }) {
  return (
    <Part title={words.budgetsClosest} empty={overview.budgets_closest.length === 0 ? words.noBudgetUsed : null}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.scope}</Table.Th>
            <Table.Th>{words.organization}</Table.Th>
            <Table.Th w={180}>{words.used}</Table.Th>
            <Table.Th ta="right">{words.spent}</Table.Th>
            <Table.Th ta="right">{words.held}</Table.Th>
            <Table.Th ta="right">{words.amount}</Table.Th>
            <Table.Th>{words.resets}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {overview.budgets_closest.map((budget) => (
            <Table.Tr key={budget.budget_id}>
              <Table.Td>
                {wordOf(budget.scope)} <ToObject id={budget.scope_id} name={budget.scope_name} />
              </Table.Td>
              <Table.Td>
                <ToObject id={budget.organization_id} name={budget.organization_name} />
              </Table.Td>
              <Table.Td>
                <Used ratio={usedRatio(budget.amount, budget.spent, budget.held)} />
              </Table.Td>
              <Table.Td ta="right">
                <Money usd={budget.spent} />
              </Table.Td>
              <Table.Td ta="right">
                <Money usd={budget.held} />
              </Table.Td>
              <Table.Td ta="right">
                <Money usd={budget.amount} />
              </Table.Td>
              <Table.Td>{budget.resets_at === null ? words.never : <Time at={budget.resets_at} relative />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {overview.budgets_closest.some(({ live }) => !live) && <FreshnessMark freshness="stored" />}
    </Part>
  );
}

function Used({ ratio }: { ratio: number }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Progress size={8} flex={1} value={barOf(ratio)} color={colorOf(ratio)} aria-label={words.spentOrHeld(usedText(ratio))} />
      <Text fz="xs" c="dimmed">
        {usedText(ratio)}
      </Text>
    </Group>
  );
}

/**
 * Lists attempts and failed attempts by provider, and how its attempts end. People of the platform also see how many deployments are cooling down after failures.
 */
export function Providers({ overview }: { overview: Schema<'Overview'> }) {
  const nameOf = useProviderNames(overview.providers.map(({ provider }) => provider));
  const showsDeployments = overview.providers.some(({ deployments }) => deployments !== null);
  return (
    <Part title={words.providerHealth} empty={overview.providers.length === 0 ? words.noDeploymentsYet : null}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.provider}</Table.Th>
            <Table.Th>{words.state}</Table.Th>
            {showsDeployments && <Table.Th ta="right">{words.deployments}</Table.Th>}
            <Table.Th ta="right">{words.attempts}</Table.Th>
            <Table.Th ta="right">{words.failedAttempts}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {overview.providers.map((one) => (
            <Table.Tr key={one.provider}>
              <Table.Td>
                <Anchor component={PageLink} at={links.models({ provider: one.provider })} inherit>
                  {nameOf(one.provider)}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  <StateBadge {...one} />
                  <Cooling deployments={one.deployments ?? 0} cooling={one.cooling ?? 0} />
                </Group>
              </Table.Td>
              {showsDeployments && <Table.Td ta="right">{countText(one.deployments ?? 0)}</Table.Td>}
              <Table.Td ta="right">{countText(one.attempts.attempts)}</Table.Td>
              <Table.Td ta="right">{countText(one.attempts.errors)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text fz="xs" c="dimmed" mt={4}>
        {words.attemptsMean}
      </Text>
    </Part>
  );
}

/** Says how many deployments of a provider are paused after failures. */
function Cooling({ deployments, cooling }: { deployments: number; cooling: number }) {
  if (cooling === 0) return null;
  return (
    <Tooltip label={words.coolingMeans}>
      <Badge color={cooling === deployments ? 'red' : 'yellow'}>{words.countCooling(cooling)}</Badge>
    </Tooltip>
  );
}

function Part({ title, empty, children }: { title: string; empty: string | null; children: ReactNode }) {
  return (
    <Section title={title}>
      {empty === null ? (
        <TableScroll minWidth={620}>{children}</TableScroll>
      ) : (
        <Text fz="sm" c="dimmed">
          {empty}
        </Text>
      )}
    </Section>
  );
}

function ToObject({ id, name }: { id: string; name: string }) {
  const to = addressOf(id);
  if (to === null) return <bdi>{name}</bdi>;
  return (
    <Anchor component={Link} to={to} inherit>
      <bdi>{name}</bdi>
    </Anchor>
  );
}
