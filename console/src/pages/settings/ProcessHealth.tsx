import { Alert, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Named } from '../../components/Named.tsx';
import { Time } from '../../components/Time.tsx';
import { bytesText, countText, durationText } from '../../numbers/numbers.ts';
import { useDrifts } from './Drifts.tsx';

const REFRESH_MS = 5_000;

/** The health of the answering process: whether it can serve, and what it has not stored yet. Refreshes every five seconds. */
export function ProcessHealth() {
  const query = useQuery({ queryKey: ['health'], queryFn: () => asked(api.GET('/health')), refetchInterval: REFRESH_MS });
  return <Asked query={query}>{(health) => <Shown health={health} />}</Asked>;
}

function Shown({ health }: { health: Schema<'Health'> }) {
  const { journal, database, in_memory: memory } = health;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Requests', <Good key="status" is={health.status === 'ready'} yes="Served" no="Refused" />],
    [
      'Database',
      <Good
        key="database"
        is={database.status === 'ok'}
        yes={`${database.kind}, connected`}
        no={`${database.kind}, cannot be reached`}
      />,
    ],
    ['Version', health.version],
    ['Started', <Time key="started" at={health.started_at} relative />],
    ['In flight', countText(health.requests_in_flight)],
    ['Rows not stored yet', countText(journal.unstored_rows)],
    ['Oldest row not stored', durationText(journal.oldest_unstored_ms)],
    [
      'Rows the database refused',
      <Good key="rejected" is={journal.rejected_rows === 0} yes="None" no={countText(journal.rejected_rows)} />,
    ],
    ['Sums that differ from the ledger', <Drift key="drift" />],
    ['Journal', `${bytesText(journal.file_bytes)} of ${bytesText(journal.bytes_max)}`],
    ['Organizations in memory', countText(memory.organizations)],
    ['Keys in memory', countText(memory.keys)],
    ['Counters in memory', countText(memory.counters)],
  ];
  return (
    <Stack gap="md">
      {health.reason !== null && <Alert color="red">{health.reason}</Alert>}
      <Facts facts={facts} />
      <Title order={2}>Deployments cooling down</Title>
      {health.cooling_deployments.length === 0 ? (
        <Text fz="sm" c="dimmed">
          None. Every enabled deployment gets requests.
        </Text>
      ) : (
        <Table fz="sm" withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Deployment</Table.Th>
              <Table.Th>Next try</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {health.cooling_deployments.map(({ deployment_id, until }) => (
              <Table.Tr key={deployment_id}>
                <Table.Td>
                  <Named id={deployment_id} />
                </Table.Td>
                <Table.Td>
                  <Time at={until} relative />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

/** The number of drifts that are not corrected yet. Gray until it is known. */
function Drift() {
  const { data, isError } = useDrifts();
  if (data === undefined) return <Badge color="gray">{isError ? 'Not known' : 'Loading…'}</Badge>;
  const open = data.data.filter(({ corrected_at }) => corrected_at === null).length;
  return <Good is={open === 0} yes="None" no={countText(open)} />;
}

function Good({ is, yes, no }: { is: boolean; yes: string; no: string }) {
  return <Badge color={is ? 'green' : 'red'}>{is ? yes : no}</Badge>;
}
