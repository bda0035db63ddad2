import { Group, RingProgress, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { barOf, moneyText, usedRatio, usedText } from '../../numbers/numbers.ts';
import { relativeText } from '../../numbers/times.ts';
import { NotLive } from '../Freshness.tsx';
import { Hint } from '../Hint.tsx';
import { Time } from '../Time.tsx';
import { colorOf } from './LimitBar.tsx';
import type { LimitsStatus } from './LimitGauges.tsx';
import { FirstLine, type Policy, scopeBudgetLines } from './LimitsAsSet.tsx';
import { words } from './words.ts';

export type BudgetStatus = Schema<'LimitsStatus'>['budgets'][number];

interface BudgetRingProps {
  readonly budget: BudgetStatus;
  readonly size?: number;
}

/** Shows the spent and held parts of a budget as a ring. The words beside and below it say the same. */
export function BudgetRing({ budget, size = 36 }: BudgetRingProps) {
  const ratio = budgetRatio(budget);
  const { spent, held } = partsOf(budget);
  return (
    <Hint label={<BudgetWords budget={budget} />}>
      <div role="img" aria-label={wordsOf(budget)}>
        <RingProgress
          size={size}
          thickness={size / 9}
          sections={[
            { value: spent, color: colorOf(ratio) },
            { value: held, color: 'gray.6' },
          ]}
          label={
            size >= 64 ? (
              <Text ta="center" fz="xs" fw={600}>
                {usedText(ratio)}
              </Text>
            ) : undefined
          }
        />
      </div>
    </Hint>
  );
}

/** The budget closest to exhaustion, in a row: ring, spend and amount, time of reset, and the number of other budgets. */
export function BudgetCell({ status, of }: { status: LimitsStatus | null; of: Policy }) {
  if (status === null) return <FirstLine lines={scopeBudgetLines(of)} none={words.noBudget} />;
  const { budgets, live } = status;
  const [closest] = [...budgets].sort((a, b) => budgetRatio(b) - budgetRatio(a));
  if (closest === undefined) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noBudget}
      </Text>
    );
  }
  return (
    <Group gap={8} wrap="nowrap">
      <BudgetRing budget={closest} />
      <div style={{ minWidth: 0 }}>
        <Text fz="xs" truncate>
          {moneyText(closest.spent)}{' '}
          <span style={{ color: 'var(--mantine-color-dimmed)' }}>{words.ofAmount(moneyText(closest.amount))}</span>
        </Text>
        <Text fz="xs" c="dimmed" truncate>
          {closest.resets_at === null ? words.neverResets : words.resetsAt(relativeText(new Date(closest.resets_at)))}
          {budgets.length > 1 && ` · +${budgets.length - 1}`}
          {!live && (
            <>
              {' · '}
              <NotLive />
            </>
          )}
        </Text>
      </div>
    </Group>
  );
}

function BudgetWords({ budget }: { budget: BudgetStatus }) {
  return (
    <>
      {words.spentAndHeld(moneyText(budget.spent), moneyText(budget.held), moneyText(budget.amount), budget.action)}{' '}
      {budget.resets_at === null ? (
        words.itNeverResets
      ) : (
        <>
          {words.resetsSentence} <Time at={budget.resets_at} />.
        </>
      )}
    </>
  );
}

function wordsOf(budget: BudgetStatus): string {
  return words.budgetUsedParts(
    usedText(budgetRatio(budget)),
    moneyText(budget.spent),
    moneyText(budget.held),
    moneyText(budget.amount),
  );
}

/** Returns spent and held together as a part of the amount. */
export function budgetRatio({ spent, held, amount }: Pick<BudgetStatus, 'spent' | 'held' | 'amount'>): number {
  return usedRatio(amount, spent, held);
}

/** Returns the lengths of the spent and the held part of a gauge, together at most 100. */
export function partsOf({ spent, held, amount }: BudgetStatus): { readonly spent: number; readonly held: number } {
  const length = barOf(usedRatio(amount, spent));
  return { spent: length, held: length === 100 ? 0 : Math.min(barOf(usedRatio(amount, held)), barOf(1 - length / 100)) };
}
