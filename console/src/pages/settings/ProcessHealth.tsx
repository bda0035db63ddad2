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
import { words } from './words.ts';

const REFRESH_MS = 5_000;

/** The health of the answering process: whether it can serve, and what it has not stored yet. Refreshes every five seconds. */
export function ProcessHealth() {
  const query = useQuery({ queryKey: ['health'], queryFn: () => asked(api.GET('/health')), refetchInterval: REFRESH_MS });
  return <Asked query={query}>{(health) => <Shown health={health} />}</Asked>;
}

function Shown({ health }: { health: Schema<'Health'> }) {
  const { journal, database, in_memory: memory } = health;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [words.requests, <Good key="status" is={health.status === 'ready'} yes={words.served} no={words.refused} />],
    [
      words.database,
      <Good
        key="database"
        is={database.status === 'ok'}
        yes={words.connected(database.kind)}
        no={words.cannotBeReached(database.kind)}
      />,
    ],
    [words.version, health.version],
    [words.started, <Time key="started" at={health.started_at} relative />],
    [words.inFlight, countText(health.requests_in_flight)],
    [words.rowsNotStoredYet, countText(journal.unstored_rows)],
    [words.oldestRowNotStored, durationText(journal.oldest_unstored_ms)],
    [
      words.rowsTheDatabaseRefused,
      <Good key="rejected" is={journal.rejected_rows === 0} yes={words.none} no={countText(journal.rejected_rows)} />,
    ],
    [words.sumsThatDifferFromTheLedger, <Drift key="drift" />],
    [words.journal, words.ofBytes(bytesText(journal.file_bytes), bytesText(journal.bytes_max))],
    [words.organizationsInMemory, countText(memory.organizations)],
    [words.keysInMemory, countText(memory.keys)],
    [words.countersInMemory, countText(memory.counters)],
  ];
  return (
    <Stack gap="md">
      {health.reason !== null && <Alert color="red">{health.reason}</Alert>}
      <Facts facts={facts} />
      <Title order={2}>{words.deploymentsCoolingDown}</Title>
      {health.cooling_deployments.length === 0 ? (
        <Text fz="sm" c="dimmed">
          {words.noneCoolsDown}
        </Text>
      ) : (
        <Table fz="sm" withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.deployment}</Table.Th>
              <Table.Th>{words.nextTry}</Table.Th>
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
  if (data === undefined) return <Badge color="gray">{isError ? words.notKnown : words.loading}</Badge>;
  const open = data.data.filter(({ corrected_at }) => corrected_at === null).length;
  return <Good is={open === 0} yes={words.none} no={countText(open)} />;
}

function Good({ is, yes, no }: { is: boolean; yes: string; no: string }) {
  return <Badge color={is ? 'green' : 'red'}>{is ? yes : no}</Badge>;
}
