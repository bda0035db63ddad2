import { Badge, Loader, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { ProblemNote } from '../../../components/Asked.tsx';
import { LIMIT_WORDS } from '../../../components/limits/LimitBar.tsx';
import { countText } from '../../../numbers/numbers.ts';
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
        Choose what to change. The preview shows each organization before anything is stored.
      </Text>
    );
  if (error !== null && !isFetching) return <ProblemNote error={error} />;
  if (rows.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {isFetching ? (
          <>
            <Loader size={12} mr={6} aria-hidden /> Computing what changes…
          </>
        ) : (
          'No organization is found.'
        )}
      </Text>
    );
  const changed = rows.filter(({ is_changed }) => is_changed).length;
  const over = rows.filter((row) => (row.keys_over_new_limit ?? []).length > 0).length;
  return (
    <Stack gap={6}>
      <Text fz="sm" fw={500} role="status">
        {countText(changed)} of {countText(rows.length)} {rows.length === 1 ? 'organization changes' : 'organizations change'}
        {over > 0 && `, ${countText(over)} over a new limit already`}. All are changed together, or none.
      </Text>
      <ScrollArea.Autosize mah={SHOWN_PX} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'What changes' }}>
        <Table fz="sm" aria-label="What changes" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Organization</Table.Th>
              <Table.Th>Before</Table.Th>
              <Table.Th>After</Table.Th>
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
            no change
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
            {one.key_id === undefined ? 'the organization' : 'a key'} used {one.used} of {one.value}{' '}
            {LIMIT_WORDS[one.limit] ?? one.limit}
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
        no limits
      </Text>
    );
  return lines.map((line) => <div key={line}>{line}</div>);
}
