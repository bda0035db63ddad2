import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { Named } from '../../components/Named.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';

/** Lists the drift that the proof found, newest first, and when it was corrected. */
export function Drifts() {
  const query = useDrifts();
  return (
    <Asked query={query} shape="rows">
      {({ data }) =>
        data.length === 0 ? (
          <Text fz="sm" c="dimmed">
            None. The ledger, reports and counters have always agreed.
          </Text>
        ) : (
          <TableScroll minWidth={680}>
            <Table fz="sm" withTableBorder>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Found</Table.Th>
                  <Table.Th>Organization</Table.Th>
                  <Table.Th>Where</Table.Th>
                  <Table.Th ta="right">Wrong value</Table.Th>
                  <Table.Th ta="right">Ledger value</Table.Th>
                  <Table.Th>Corrected</Table.Th>
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
                    <Table.Td>{drift.corrected_at === null ? 'not yet' : <Time at={drift.corrected_at} relative />}</Table.Td>
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
