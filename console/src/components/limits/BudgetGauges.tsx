import { Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { Money } from '../../numbers/Money.tsx';
import { usedText } from '../../numbers/numbers.ts';
import { FreshnessMark } from '../Freshness.tsx';
import { Time } from '../Time.tsx';
import { type BudgetStatus, budgetRatio, partsOf } from './BudgetRing.tsx';
import { colorOf } from './LimitBar.tsx';
import { words } from './words.ts';

/** Each budget with its spend and holds in the current period, and the end of the period. */
export function BudgetGauges({ budgets, isLive = true }: { budgets: readonly BudgetStatus[]; isLive?: boolean }) {
  if (budgets.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noBudgetHere}
      </Text>
    );
  }
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="md" verticalSpacing="sm">
        {budgets.map((budget) => (
          <Gauge key={budget.id} budget={budget} />
        ))}
      </SimpleGrid>
      {!isLive && <FreshnessMark freshness="stored" />}
    </Stack>
  );
}

function Gauge({ budget }: { budget: BudgetStatus }) {
  const ratio = budgetRatio(budget);
  const { spent, held } = partsOf(budget);
  const of = budget.target ?? budget.access_group ?? budget.tag;
  return (
    <div>
      <Group justify="space-between" gap={4} wrap="nowrap">
        <Text fz="sm">
          <Money usd={budget.spent} /> {words.of} <Money usd={budget.amount} />
        </Text>
        <Text fz="xs" c="dimmed">
          {usedText(ratio)}
        </Text>
      </Group>
      <Progress.Root size={6} aria-label={words.budgetUsed(usedText(ratio))}>
        <Progress.Section value={spent} color={colorOf(ratio)} aria-label={words.spent} />
        <Progress.Section value={held} color="gray" aria-label={words.held} />
      </Progress.Root>
      <Text fz="xs" c="dimmed">
        {of !== null && <span className="mono">{of} · </span>}
        {budget.action === 'alert' ? words.onlyAlerts : ''}
        {budget.resets_at === null ? (
          words.neverResets
        ) : (
          <>
            {words.resets} <Time at={budget.resets_at} relative />
          </>
        )}
      </Text>
    </div>
  );
}
