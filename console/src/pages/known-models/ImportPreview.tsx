import { Badge, Group, Loader, ScrollArea, Stack, Table, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { priceLine } from '../../components/money/price-words.ts';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

type Report = Schema<'PriceListImport'>;
type Outcome = Report['rows'][number]['outcome'];

const COLORS: Readonly<Record<Outcome, string>> = {
  refused: 'red',
  changed: 'blue',
  removed: 'orange',
  added: 'green',
  skipped: 'gray',
  same: 'gray',
};
const OUTCOMES = Object.keys(COLORS) as Outcome[];
const SHOWN_PX = 260;

interface ImportPreviewProps {
  /** False while there is nothing to try. */
  readonly isAsked: boolean;
  readonly query: { readonly isFetching: boolean; readonly error: Error | null; readonly data: Report | undefined };
}

/** The report of a dry run: what becomes of each entry, and which prices of deployments change. */
export function ImportPreview({ isAsked, query: { isFetching, error, data } }: ImportPreviewProps) {
  if (!isAsked)
    return (
      <Text fz="sm" c="dimmed">
        {words.previewAppears}
      </Text>
    );
  if (error !== null && !isFetching) return <ProblemNote error={error} />;
  if (data === undefined)
    return (
      <Text fz="sm" c="dimmed">
        <Loader size={12} mr={6} aria-hidden /> {words.computing}
      </Text>
    );
  return <Shown report={data} />;
}

function Shown({ report: { counts, rows, deployments } }: { report: Report }) {
  return (
    <Stack gap={6}>
      <Group gap={6} role="status">
        {OUTCOMES.filter((name) => counts[name] > 0).map((name) => (
          <Badge key={name} color={COLORS[name]} variant="light" miw="max-content">
            {words.outcomeNames[name]} {countText(counts[name])}
          </Badge>
        ))}
      </Group>
      <Text fz="sm">{words.pricesOfDeployments(deployments.length)}</Text>
      <ScrollArea.Autosize mah={SHOWN_PX} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': words.whatWouldChange }}>
        <Table fz="sm" aria-label={words.whatWouldChange} verticalSpacing={4}>
          <Table.Tbody>
            {deployments.map(({ deployment_id: id, model, before, after }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Badge color="blue" miw="max-content">
                    {words.newPrice}
                  </Badge>
                </Table.Td>
                <Table.Td>{model}</Table.Td>
                <Table.Td>
                  {priceLine(before)} → {priceLine(after)}
                </Table.Td>
              </Table.Tr>
            ))}
            {rows.map((row) => (
              <Table.Tr key={`${row.outcome} ${row.name}`}>
                <Table.Td>
                  <Badge color={COLORS[row.outcome]} miw="max-content">
                    {words.outcomeNames[row.outcome]}
                  </Badge>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  <bdi>{row.name}</bdi>
                </Table.Td>
                <Table.Td>{row.reason ?? (row.prices === null ? words.noPriceInIt : priceLine(row.prices))}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
    </Stack>
  );
}
