import { Paper, Progress, Table, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import type { Organization } from '../../api/organizations.ts';
import { Asked } from '../../components/Asked.tsx';
import { addUsd } from '../../components/add-usd.ts';
import { percentText } from '../../components/BudgetRing.tsx';
import { countText } from '../../components/Count.tsx';
import { colorOf } from '../../components/LimitBar.tsx';
import { Money, moneyText } from '../../components/Money.tsx';
import { periodWords } from '../../forms/budget-draft.ts';
import { nextReset } from '../../forms/next-reset.ts';
import { type UsageRow, useUsage } from './usage-query.ts';

interface BudgetHistoryProps {
  readonly organization: Organization;
  readonly budget: Schema<'Budget'>;
}

const PERIODS_SHOWN = 6;
const DAY_MS = 86_400_000;
/** How far back the days go from which periods are added up. */
const DAYS_BACK: Readonly<Record<string, number>> = { day: 7, week: 50, month: 200, quarter: 560, year: 800 };

/** What was spent of a budget in this period and the ones before it, each against the amount of today. */
export function BudgetHistory({ organization, budget }: BudgetHistoryProps) {
  const days = DAYS_BACK[budget.period];
  // A prefix or an access group has no line of its own in the usage; its live state stands above.
  const isCountable = days !== undefined && budget.access_group === null && !(budget.target ?? '').endsWith('*');
  const from = new Date(Math.floor(Date.now() / DAY_MS - (days ?? 0)) * DAY_MS).toISOString();
  const model = budget.target === null ? {} : { model: budget.target };
  const query = useUsage(organization.id, { interval: 'day', from, ...model }, isCountable);
  if (!isCountable) return null;
  const title = `${moneyText(budget.amount)} ${periodWords(budget)}${budget.target === null ? '' : ` for ${budget.target}`}: history`;
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      <Asked query={query}>
        {({ data }) => (
          <History
            periods={periodsOf(data, budget, organization.time_zone)}
            amount={budget.amount}
            zone={organization.time_zone}
          />
        )}
      </Asked>
    </Paper>
  );
}

/** The longest a period can be. */
const DAYS_MAX: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, quarter: 92, year: 366 };

interface PeriodSpend {
  readonly startMs: number;
  readonly endMs: number;
  readonly spend: string;
  readonly requests: number;
}

function History({ periods, amount, zone }: { periods: readonly PeriodSpend[]; amount: string; zone: string }) {
  if (periods.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        Nothing was spent yet.
      </Text>
    );
  }
  const dateText = (ms: number) => new Date(ms).toLocaleDateString(undefined, { dateStyle: 'medium', timeZone: zone });
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Period</Table.Th>
            <Table.Th ta="right">Requests</Table.Th>
            <Table.Th ta="right">Spend</Table.Th>
            <Table.Th w={180}>Of the amount</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {periods.map((period) => {
            const ratio = Number(amount) === 0 ? 1 : Number(period.spend) / Number(amount);
            return (
              <Table.Tr key={period.startMs}>
                <Table.Td>
                  {dateText(period.startMs)} – {dateText(period.endMs - 1)}
                </Table.Td>
                <Table.Td ta="right">{countText(period.requests)}</Table.Td>
                <Table.Td ta="right">
                  <Money usd={period.spend} />
                </Table.Td>
                <Table.Td>
                  <Progress
                    size={6}
                    value={Math.min(100, ratio * 100)}
                    color={colorOf(ratio)}
                    aria-label={`${percentText(ratio)} used`}
                  />
                  <Text fz="xs" c="dimmed">
                    {percentText(ratio)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Days of usage added up into the budget's own periods, the newest first. */
function periodsOf(days: readonly UsageRow[], budget: Schema<'Budget'>, zone: string): readonly PeriodSpend[] {
  const anchors = { period: budget.period, anchor_day: budget.anchor_day ?? 1, anchor_month: budget.anchor_month ?? 1 };
  const byEnd = new Map<number, PeriodSpend>();
  for (const { start, spend, requests } of days) {
    if (start === undefined) continue;
    const endMs = nextReset(anchors, zone, new Date(start))?.getTime();
    if (endMs === undefined) continue;
    const before = byEnd.get(endMs);
    byEnd.set(endMs, {
      startMs: before?.startMs ?? beginningOf(endMs, anchors, zone),
      endMs,
      spend: addUsd(before?.spend ?? '0', spend),
      requests: (before?.requests ?? 0) + requests,
    });
  }
  return [...byEnd.values()].sort((a, b) => b.endMs - a.endMs).slice(0, PERIODS_SHOWN);
}

/** Where the period that ends at an instant begins: the last reset before it. */
function beginningOf(endMs: number, anchors: Parameters<typeof nextReset>[0], zone: string): number {
  const after = (ms: number) => nextReset(anchors, zone, new Date(ms))?.getTime() ?? endMs;
  let beginMs = after(endMs - (DAYS_MAX[anchors.period] ?? 1) * 2 * DAY_MS);
  for (let nextMs = after(beginMs); nextMs < endMs; nextMs = after(beginMs)) beginMs = nextMs;
  return beginMs;
}
