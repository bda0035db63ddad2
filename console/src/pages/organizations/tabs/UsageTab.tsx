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
import type { TabProps } from './tab.ts';
import { dearestFirst, type GroupBy, groupOf, type UsageRow, useUsage } from './usage-query.ts';

const GROUPS: readonly { readonly value: GroupBy; readonly label: string }[] = [
  { value: 'model', label: 'Model' },
  { value: 'team', label: 'Team' },
  { value: 'key', label: 'Key' },
  { value: 'member', label: 'Member' },
  { value: 'provider', label: 'Provider' },
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
          aria-label="Group by"
          data={[...GROUPS]}
          value={by}
          onChange={(value) => setState({ by: value === 'model' ? undefined : value })}
        />
        <Group gap="sm">
          <Anchor component={PageLink} at={links.statements(organization.id)} fz="sm">
            Monthly statements
          </Anchor>
          <Anchor component={PageLink} at={links.usage({ organization_id: organization.id })} fz="sm">
            Other time ranges and charts in Usage & spend
          </Anchor>
          <ExportMenu note="The last 30 days" exports={[{ label: 'CSV', path, what: 'usage', ending: 'csv' }]} />
        </Group>
      </Group>
      <Asked query={query} shape="rows">
        {({ data, total, truncated, from, to, time_zone }) =>
          data.length === 0 ? (
            <EmptyState title="No usage in the last 30 days">The first settled request appears here within a second.</EmptyState>
          ) : (
            <>
              <Text fz="xs" c="dimmed">
                {spanText(from, to, time_zone)} (days in {time_zone})
              </Text>
              <UsageTable rows={data} total={total} by={by} />
              {truncated && (
                <Text fz="xs" c="dimmed">
                  Not all rows are shown. The total includes all of them.
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
            <Table.Th ta="right">Requests</Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              Refused
            </Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              Input tokens
            </Table.Th>
            <Table.Th ta="right" visibleFrom="xs">
              Output tokens
            </Table.Th>
            <Table.Th ta="right">All tokens</Table.Th>
            <Table.Th ta="right">Spend</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranked.map((row) => {
            const name = groupOf(row, by);
            return (
              <Table.Tr key={name ?? 'none'}>
                <Table.Td className={isName ? 'mono' : undefined}>{isName ? (name ?? 'none') : <Named id={name} />}</Table.Td>
                <FigureCells of={row} />
              </Table.Tr>
            );
          })}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>Total</Table.Th>
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
