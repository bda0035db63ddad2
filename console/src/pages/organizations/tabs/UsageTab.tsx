import { Anchor, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { queryText } from '../../../api/events.ts';
import { Asked } from '../../../components/Asked.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../../components/list/ExportMenu.tsx';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { Named } from '../../../components/Named.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
import { Money } from '../../../numbers/Money.tsx';
import { countText } from '../../../numbers/numbers.ts';
import { spanText } from '../../../numbers/times.ts';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';
import { dearestFirst, type GroupBy, groupOf, type UsageRow, useUsage } from './usage-query.ts';

const GROUPS: readonly { readonly value: GroupBy; readonly label: string }[] = [
  { value: 'model', label: words.model },
  { value: 'team', label: words.team },
  { value: 'key', label: words.key },
  { value: 'member', label: words.member },
  { value: 'provider', label: words.provider },
];

/** The last 30 days of one organization, grouped. The usage page has longer ranges and more detail. */
export function UsageTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const by = GROUPS.find(({ value }) => value === state.by)?.value ?? 'model';
  const query = useUsage(organization.id, { group_by: by });
  const path = `/usage/export${queryText({ organization_id: organization.id, group_by: by, format: 'csv' })}`;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label={words.groupBy}
          data={[...GROUPS]}
          value={by}
          onChange={(value) => setState({ by: value === 'model' ? undefined : value })}
        />
        <Group gap="sm">
          <Anchor component={PageLink} at={links.statements(organization.id)} fz="sm">
            {words.monthlyStatements}
          </Anchor>
          <Anchor component={PageLink} at={links.usage({ organization_id: organization.id })} fz="sm">
            {words.otherRangesAndCharts}
          </Anchor>
          <ExportMenu note={words.theLast30Days} exports={[{ label: words.csv, path, what: 'usage', ending: 'csv' }]} />
        </Group>
      </Group>
      <Asked query={query} shape="rows">
        {({ data, total, truncated, from, to, time_zone }) =>
          data.length === 0 ? (
            <EmptyState title={words.noUsage}>{words.firstRequestAppears}</EmptyState>
          ) : (
            <>
              <Text fz="xs" c="dimmed">
                {spanText(from, to, time_zone)} {words.daysIn(time_zone)}
              </Text>
              <UsageTable rows={data} total={total} by={by} />
              {truncated && (
                <Text fz="xs" c="dimmed">
                  {words.notAllRowsShown}
                </Text>
              )}
            </>
          )
        }
      </Asked>
    </Stack>
  );
}

type Figures = Pick<
  UsageRow,
  'admitted_requests' | 'refused_requests' | 'input_tokens' | 'output_tokens' | 'total_tokens' | 'spend'
>;

function UsageTable({ rows, total, by }: { rows: readonly UsageRow[]; total: Figures; by: GroupBy }) {
  const ranked = dearestFirst(rows);
  const isName = by === 'model' || by === 'provider';
  return (
    <TableScroll minWidth={300}>
      <Table withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{GROUPS.find(({ value }) => value === by)?.label}</Table.Th>
            <Table.Th ta="right">{words.requests}</Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              {words.refused}
            </Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              {words.inputTokens}
            </Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              {words.outputTokens}
            </Table.Th>
            <Table.Th ta="right">{words.allTokens}</Table.Th>
            <Table.Th ta="right">{words.spend}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranked.map((row) => {
            const name = groupOf(row, by);
            return (
              <Table.Tr key={name ?? 'none'}>
                <Table.Td className={isName ? 'mono' : undefined}>
                  {isName ? (name ?? words.noName) : <Named id={name} />}
                </Table.Td>
                <FigureCells of={row} />
              </Table.Tr>
            );
          })}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>{words.total}</Table.Th>
            <FigureCells of={total} />
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </TableScroll>
  );
}

function FigureCells({ of }: { of: Figures }) {
  return (
    <>
      <Table.Td ta="right">{countText(of.admitted_requests)}</Table.Td>
      <Table.Td ta="right" visibleFrom="xs">
        {countText(of.refused_requests)}
      </Table.Td>
      <Table.Td ta="right" visibleFrom="xs">
        {countText(of.input_tokens)}
      </Table.Td>
      <Table.Td ta="right" visibleFrom="xs">
        {countText(of.output_tokens)}
      </Table.Td>
      <Table.Td ta="right">{countText(of.total_tokens)}</Table.Td>
      <Table.Td ta="right">
        <Money usd={of.spend} />
      </Table.Td>
    </>
  );
}
