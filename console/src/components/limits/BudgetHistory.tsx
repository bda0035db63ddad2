import { Anchor, Badge, Box, Checkbox, Progress, Stack, Table, Text, Title, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { periodWords } from '../../forms/budget-draft.ts';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { barOf, countText, moneyText, usedRatio, usedText } from '../../numbers/numbers.ts';
import { partsIn, periodText } from '../../numbers/times.ts';
import { Asked } from '../Asked.tsx';
import { useUrlState } from '../fields/useUrlState.ts';
import { TableScroll } from '../list/TableScroll.tsx';
import { unpricedNames } from '../money/PartlyPriced.tsx';
import { PageLink } from '../PageLink.tsx';
import { colorOf } from './LimitBar.tsx';
import { words } from './words.ts';

type Budget = Schema<'Budget'>;
type Period = Schema<'BudgetHistory'>['budgets'][number]['periods'][number];

/** The object that has the budgets. */
type Holder =
  | { readonly is: 'organizations' | 'teams' | 'keys'; readonly id: string }
  | { readonly is: 'members'; readonly id: string; readonly organizationId: string };

interface BudgetHistoryProps {
  readonly of: Holder;
  readonly budgets: readonly Budget[];
  /** The time zone in which their periods begin and end. Undefined while it is loading. */
  readonly timeZone: string | undefined;
  /** The heading level: one below the heading above it. */
  readonly heading: 2 | 3 | 4;
}

const REFETCH_MS = 15_000;

/** The spend of each budget in this period and the ones before it, against today's amount. */
export function BudgetHistory({ of, budgets, timeZone, heading }: BudgetHistoryProps) {
  const query = useQuery({
    queryKey: [of.is, of.id, 'limits-history', budgets.map((budget) => budget.id)],
    queryFn: () => historyOf(of),
    refetchInterval: REFETCH_MS,
    enabled: budgets.length > 0,
  });
  // The gauges above say that there is none.
  if (budgets.length === 0) return null;
  const statementsOf = of.is === 'organizations' ? of.id : null;
  return <Asked query={query}>{(history) => <Histories {...{ budgets, timeZone, heading, history, statementsOf }} />}</Asked>;
}

interface HistoriesProps extends Omit<BudgetHistoryProps, 'of'> {
  readonly history: Schema<'BudgetHistory'>;
  /** The organization that has a statement for each month. Null for other holders of budgets. */
  readonly statementsOf: string | null;
}

function Histories({ budgets, timeZone, heading, history, statementsOf }: HistoriesProps) {
  const [state, set] = useUrlState();
  const periodsOf = (budget: Budget) => history.budgets.find((one) => one.id === budget.id)?.periods ?? [];
  const incomplete = budgets.filter((budget) => isIncomplete(periodsOf(budget)[0]));
  const isNarrowed = state.budgets === 'unpriced';
  return (
    <Stack gap="md">
      {(isNarrowed || (incomplete.length > 0 && budgets.length > 1)) && (
        <Checkbox
          label={words.showIncompleteBudgets(incomplete.length)}
          checked={isNarrowed}
          onChange={(event) => set({ budgets: event.currentTarget.checked ? 'unpriced' : undefined })}
        />
      )}
      {(isNarrowed ? incomplete : budgets).map((budget) => (
        <OfBudget key={budget.id} {...{ budget, timeZone, heading, statementsOf }} periods={periodsOf(budget)} />
      ))}
    </Stack>
  );
}

function historyOf(of: Holder): Promise<Schema<'BudgetHistory'>> {
  if (of.is !== 'members') return asked(api.GET(`/${of.is}/{id}/limits/history`, { params: { path: { id: of.id } } }));
  const path = { id: of.organizationId, member_id: of.id };
  return asked(api.GET('/organizations/{id}/members/{member_id}/limits/history', { params: { path } }));
}

interface OfBudgetProps extends Pick<HistoriesProps, 'timeZone' | 'heading' | 'statementsOf'> {
  readonly budget: Budget;
  readonly periods: readonly Period[];
}

function OfBudget({ budget, periods, timeZone, heading, statementsOf }: OfBudgetProps) {
  const title = words.history(moneyText(budget.amount), periodWords(budget), narrowedWords(budget));
  return (
    <Box component="section" aria-label={title}>
      <Title order={heading} mb="xs">
        {title}
      </Title>
      {budget.access_group !== null && (
        <Text fz="xs" c="dimmed" mb="xs">
          {words.countsTargetsOfGroup(budget.access_group)}
        </Text>
      )}
      <TableScroll minWidth={260}>
        <Table fz="sm" horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.period}</Table.Th>
              <Table.Th ta="right" visibleFrom="xs" w={110}>
                {words.requests}
              </Table.Th>
              <Table.Th ta="right" w={{ xs: 150 }}>
                {words.spend}
              </Table.Th>
              <Table.Th w="24%">{words.used}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {periods.map((period) => (
              <Table.Tr key={period.start}>
                <Table.Td>
                  {timeZone !== undefined && <Span {...{ period, timeZone, statementsOf }} kind={budget.period} />}
                </Table.Td>
                <Table.Td ta="right" visibleFrom="xs">
                  {countText(period.requests)}
                </Table.Td>
                <Table.Td ta="right">
                  <Money usd={period.spent} />
                  <Missing period={period} />
                </Table.Td>
                <Table.Td>
                  <Share ratio={usedRatio(budget.amount, period.spent)} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Box>
  );
}

/** Names what is missing from the spend of a period because it had no price. */
function Missing({ period }: { period: Period }) {
  if (!isIncomplete(period)) return null;
  const { unpriced_requests: requests, unpriced_units: units } = period;
  const whole = requests === 0 ? '' : words.requestsWithoutPrice(requests);
  const missed = [whole, unpricedNames(units)].filter((part) => part !== '').join(', ');
  return (
    <Tooltip multiline w={300} label={words.spendIncomplete(missed)}>
      <Badge color="orange" size="xs" mt={2} miw="max-content">
        {words.incomplete}
      </Badge>
    </Tooltip>
  );
}

function isIncomplete(period: Period | undefined): boolean {
  return period !== undefined && (period.unpriced_requests > 0 || Object.keys(period.unpriced_units).length > 0);
}

function Share({ ratio }: { ratio: number }) {
  return (
    <>
      <Progress size={6} value={barOf(ratio)} color={colorOf(ratio)} aria-label={words.ratioUsed(usedText(ratio))} />
      <Text fz="xs" c="dimmed">
        {usedText(ratio)}
      </Text>
    </>
  );
}

function narrowedWords({ target, access_group }: Budget): string {
  if (target !== null) return words.forTarget(target);
  return access_group === null ? '' : words.forAccessGroup(access_group);
}

interface SpanProps extends Pick<HistoriesProps, 'statementsOf'> {
  readonly period: Period;
  readonly timeZone: string;
  readonly kind: Budget['period'];
}

/** A period. That of a past month of an organization leads to the statement of the month. */
function Span({ period, timeZone, statementsOf, kind }: SpanProps) {
  const text = spanWords(period, kind === 'rolling' ? null : timeZone);
  const isPast = period.end !== null && Date.parse(period.end) <= Date.now();
  if (statementsOf === null || kind !== 'month' || !isPast) return text;
  const { year, month } = partsIn(timeZone, new Date(period.start));
  return (
    <Anchor
      component={PageLink}
      at={links.statements(statementsOf, { month: `${year}-${String(month).padStart(2, '0')}` })}
      inherit
      title={words.statementOfMonth}
    >
      {text}
    </Anchor>
  );
}

/** Names a period: `Nov 1 – 30, 2026`. A rolling one may begin at any time of day, so it has no zone but the reader's. */
function spanWords(period: Period, timeZone: string | null): string {
  return period.end === null ? words.since(periodText(period, timeZone)) : periodText(period, timeZone);
}
