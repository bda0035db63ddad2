import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { Named } from '../../components/Named.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** Lists the drift that the proof found, newest first, and when it was corrected. */
export function Drifts() {
  const query = useDrifts();
  return (
    <Asked query={query} shape="rows">
      {({ data }) =>
        data.length === 0 ? (
          <Text fz="sm" c="dimmed">
            {words.noDrift}
          </Text>
        ) : (
          <TableScroll minWidth={680}>
            <Table fz="sm" withTableBorder>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.found}</Table.Th>
                  <Table.Th>{words.organization}</Table.Th>
                  <Table.Th>{words.where}</Table.Th>
                  <Table.Th ta="right">{words.wrongValue}</Table.Th>
                  <Table.Th ta="right">{words.ledgerValue}</Table.Th>
                  <Table.Th>{words.corrected}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.map((drift) => (
                  <Table.Tr key={drift.id}>
                    <Table.Td>
                      <Time at={drift.found_at} relative />
                    </Table.Td>
                    <Table.Td>
                      <Named id={drift.organization_id} />
                    </Table.Td>
                    <Table.Td maw={320} style={{ overflowWrap: 'anywhere' }}>
                      {wordOf(drift.kind)}
                      <Text fz="xs" c="dimmed" className="mono">
                        {drift.subject}
                      </Text>
                    </Table.Td>
                    <Table.Td ta="right">{countText(drift.found)}</Table.Td>
                    <Table.Td ta="right">{countText(drift.ledger)}</Table.Td>
                    <Table.Td>{drift.corrected_at === null ? words.notYet : <Time at={drift.corrected_at} relative />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </TableScroll>
        )
      }
    </Asked>
  );
}

const REFETCH_MS = 15_000;

export function useDrifts() {
  return useQuery({ queryKey: ['drifts'], queryFn: () => asked(api.GET('/jobs/drifts')), refetchInterval: REFETCH_MS });
}
