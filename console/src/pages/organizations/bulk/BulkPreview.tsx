import { Badge, Loader, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { ProblemNote } from '../../../components/Asked.tsx';
import { LIMIT_WORDS } from '../../../components/limits/LimitBar.tsx';
import { words } from '../words.ts';
import { type BulkRow, linesOf } from './bulk-draft.ts';

const SHOWN_PX = 240;

interface BulkPreviewProps {
  /** False while nothing is entered that could be tried. */
  readonly asked: boolean;
  readonly query: { readonly isFetching: boolean; readonly error: Error | null };
  readonly rows: readonly BulkRow[];
}

/** Shows before saving what changes in each organization, and who is over a new limit already. */
export function BulkPreview({ asked, query: { isFetching, error }, rows }: BulkPreviewProps) {
  if (!asked)
    return (
      <Text fz="sm" c="dimmed">
        {words.chooseWhatToChange}
      </Text>
    );
  if (error !== null && !isFetching) return <ProblemNote error={error} />;
  if (rows.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {isFetching ? (
          <>
            <Loader size={12} mr={6} aria-hidden /> {words.computingChanges}
          </>
        ) : (
          words.noOrganizationMatches
        )}
      </Text>
    );
  const changed = rows.filter(({ is_changed }) => is_changed).length;
  const over = rows.filter((row) => (row.keys_over_new_limit ?? []).length > 0).length;
  return (
    <Stack gap={6}>
      <Text fz="sm" fw={500} role="status">
        {words.changesOf(changed, rows.length)} {over > 0 && words.alreadyOver(over)} {words.allOrNone}
      </Text>
      <ScrollArea.Autosize mah={SHOWN_PX} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': words.whatChanges }}>
        <Table fz="sm" aria-label={words.whatChanges} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.organization}</Table.Th>
              <Table.Th>{words.before}</Table.Th>
              <Table.Th>{words.after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
    </Stack>
  );
}

function Row({ row }: { row: BulkRow }) {
  const over = row.keys_over_new_limit ?? [];
  return (
    <Table.Tr>
      <Table.Td>
        <bdi>{row.name}</bdi>
        {!row.is_changed && (
          <Text component="span" fz="xs" c="dimmed">
            {' '}
            {words.noChange}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Lines lines={linesOf(row.before)} />
      </Table.Td>
      <Table.Td>
        <Lines lines={linesOf(row.after)} />
        {over.map((one) => (
          <Badge key={`${one.key_id} ${one.limit}`} color="orange" variant="light" miw="max-content" tt="none">
            {words.usedOfLimit(
              one.key_id === undefined ? words.theOrganization : words.aKey,
              one.used,
              one.value,
              LIMIT_WORDS[one.limit] ?? one.limit,
            )}
          </Badge>
        ))}
      </Table.Td>
    </Table.Tr>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0)
    return (
      <Text component="span" fz="sm" c="dimmed">
        {words.noLimits}
      </Text>
    );
  return lines.map((line) => <div key={line}>{line}</div>);
}
