import { Box, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { FreshnessMark } from '../../../components/Freshness.tsx';
import { BudgetHistory } from '../../../components/limits/BudgetHistory.tsx';
import { limitName } from '../../../components/limits/LimitBar.tsx';
import { LimitGauges, type LimitsStatus } from '../../../components/limits/LimitGauges.tsx';
import { BudgetsAsSet, LimitsAsSet } from '../../../components/limits/LimitsAsSet.tsx';
import { limitWords } from '../../../forms/RateLimitFields.tsx';
import { ChangeButton } from '../ChangeButton.tsx';
import { BudgetLine } from '../OrganizationCards.tsx';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';

/** Every limit and budget with its use at this moment, and the spend of earlier periods. */
export function LimitsTab({ organization, live: { status: live, freshness } }: TabProps) {
  return (
    <Stack gap="xl">
      <Box component="section" aria-label={words.rateLimits}>
        <Group justify="space-between" mb="xs">
          <Title order={2}>{words.rateLimits}</Title>
          <ChangeButton organization={organization} at="limits" />
        </Group>
        {live === null ? <LimitsAsSet of={organization} /> : <LimitGauges limits={live.rate_limits} freshness={freshness} />}
        <Meanings organization={organization} />
      </Box>
      <Box component="section" aria-label={words.budgets}>
        <Group justify="space-between" mb="xs">
          <Title order={2}>{words.budgets}</Title>
          <Group gap="xs">
            {live !== null && <FreshnessMark freshness={freshness} />}
            <ChangeButton organization={organization} at="budgets" />
          </Group>
        </Group>
        {live === null ? <BudgetsAsSet of={organization} /> : <Budgets live={live} />}
      </Box>
      {organization.capabilities.includes('usage.read') && (
        <BudgetHistory
          of={{ is: 'organizations', id: organization.id }}
          budgets={organization.budgets}
          timeZone={organization.time_zone}
          heading={2}
        />
      )}
    </Stack>
  );
}

function Budgets({ live }: { live: LimitsStatus }) {
  if (live.budgets.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noBudget}
      </Text>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
      {live.budgets.map((budget) => (
        <BudgetLine key={budget.id} budget={budget} />
      ))}
    </SimpleGrid>
  );
}

/** Explains each limit in words, with the same text as beside its field. */
function Meanings({ organization }: Pick<TabProps, 'organization'>) {
  const { rate_limits, time_zone, model_limits } = organization;
  const all = [
    { of: null, limits: rate_limits },
    ...model_limits.map((one) => ({ of: one.target ?? one.access_group, limits: one.rate_limits })),
  ];
  const rows = all.flatMap(({ of, limits }) =>
    Object.entries(limits).flatMap(([name, value]) => (value === null ? [] : [{ of, name: name as keyof typeof limits, value }])),
  );
  if (rows.length === 0) return null;
  return (
    <Table mt="sm" fz="xs" withRowBorders={false} verticalSpacing={2}>
      <Table.Tbody>
        {rows.map(({ of, name, value }) => (
          <Table.Tr key={`${of} ${name}`}>
            <Table.Td w={{ base: 90, sm: 160 }}>
              {limitName(name)} {of !== null && <span className="mono">{of}</span>}
            </Table.Td>
            <Table.Td c="dimmed">{limitWords(name, value, time_zone)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
