import { Stack, Table, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { spanText } from '../../numbers/times.ts';
import { words } from './words.ts';

type Part = Schema<'Statement'>['teams'];

const COUNTS = [
  'admitted_requests',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
] as const;

interface PartTableProps {
  readonly title: string;
  readonly label: string;
  /** The words for a row without a name of its kind. */
  readonly none: string;
  readonly part: Part;
  readonly total: Schema<'Statement'>['total'];
}

/** One part of a statement: a row for each team, model or key, and the total. Exact, so that the rows add up on paper. */
export function PartTable({ title, label, none, part: { data, truncated }, total }: PartTableProps) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      <TableScroll minWidth={720}>
        <Table fz="sm" aria-label={title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{label}</Table.Th>
              {COUNTS.map((field) => (
                <Table.Th key={field} ta="right">
                  {words.columns[field]}
                </Table.Th>
              ))}
              <Table.Th ta="right">{words.spend}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((row) => (
              <Table.Tr key={row.id ?? ''}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  <bdi>{row.name ?? row.id ?? none}</bdi>
                </Table.Td>
                <Figures of={row} />
              </Table.Tr>
            ))}
            {data.length === 0 && (
              <Table.Tr>
                <Table.Td colSpan={COUNTS.length + 2} ta="center" c="dimmed">
                  {words.nothingUsed}
                </Table.Td>
              </Table.Tr>
            )}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr fw={600}>
              <Table.Td>{words.total}</Table.Td>
              <Figures of={total} />
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </TableScroll>
      {truncated && (
        <Text fz="sm" c="dimmed">
          {words.onlyHighestSpend(data.length)}
        </Text>
      )}
    </Stack>
  );
}

function Figures({ of }: { of: Omit<Part['data'][number], 'id' | 'name'> }) {
  return (
    <>
      {COUNTS.map((field) => (
        <Table.Td key={field} ta="right">
          {countText(of[field])}
        </Table.Td>
      ))}
      <Table.Td ta="right">
        <Money usd={of.spend} exact />
      </Table.Td>
    </>
  );
}

/** The periods of the organization's budgets that the month touches. Shows nothing without a budget. */
export function BudgetPeriods({ statement: { budgets, time_zone } }: { statement: Schema<'Statement'> }) {
  const rows = budgets.flatMap((budget) => budget.periods.map((period) => ({ budget, period })));
  if (rows.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label={words.budgetPeriods}>
      <Title order={2}>{words.budgetPeriods}</Title>
      <Text fz="sm" c="dimmed">
        {words.budgetPeriodsMean}
      </Text>
      <TableScroll minWidth={560}>
        <Table fz="sm" aria-label={words.budgetPeriods}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.period}</Table.Th>
              <Table.Th>{words.covers}</Table.Th>
              <Table.Th ta="right">{words.budget}</Table.Th>
              <Table.Th ta="right">{words.spent}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ budget, period: { start, end, spent } }) => (
              <Table.Tr key={`${budget.id} ${start}`}>
                <Table.Td>{start === null || end === null ? words.allTime : spanText(start, end, time_zone)}</Table.Td>
                <Table.Td>
                  <bdi>{budget.target ?? budget.access_group ?? words.everything}</bdi>
                </Table.Td>
                <Table.Td ta="right">
                  <Money usd={budget.amount} />
                </Table.Td>
                <Table.Td ta="right">
                  <Money usd={spent} exact />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Stack>
  );
}
