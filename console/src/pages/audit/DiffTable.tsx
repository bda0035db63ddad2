import { Code, Table, Text } from '@mantine/core';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { fieldWords } from './action-words.ts';
import { changesBetween, type FieldChange } from './diff.ts';
import { words } from './words.ts';

/** The values before and after a change, field by field. A created or deleted object has only one side. */
export function DiffTable({ before, after }: { before: unknown; after: unknown }) {
  const changes = changesBetween(before ?? undefined, after ?? undefined);
  if (changes.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.noFieldChanged}
      </Text>
    );
  const hasBefore = before != null;
  const hasAfter = after != null;
  return (
    <TableScroll minWidth={420}>
      <Table withTableBorder fz="sm" verticalSpacing={4} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="34%">{words.field}</Table.Th>
            {hasBefore && <Table.Th>{words.before}</Table.Th>}
            {hasAfter && <Table.Th>{words.after}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map((change) => (
            <Row key={change.path} change={change} hasBefore={hasBefore} hasAfter={hasAfter} />
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

interface RowProps {
  readonly change: FieldChange;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

function Row({ change, hasBefore, hasAfter }: RowProps) {
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        {fieldWords(change.path)}
        <Text fz="xs" c="dimmed" className="mono">
          {change.path}
        </Text>
      </Table.Td>
      {hasBefore && (
        <Table.Td>
          <Value value={change.before} color={hasAfter ? 'red' : 'gray'} />
        </Table.Td>
      )}
      {hasAfter && (
        <Table.Td>
          <Value value={change.after} color={hasBefore ? 'green' : 'gray'} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function Value({ value, color }: { value: unknown; color: string }) {
  if (value === undefined) return <Text c="dimmed">–</Text>;
  return (
    <Code
      c="var(--mantine-color-text)"
      bg={`var(--mantine-color-${color}-light)`}
      style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', unicodeBidi: 'isolate' }}
    >
      {textOf(value)}
    </Code>
  );
}

function textOf(value: unknown): string {
  if (value === null) return words.none;
  if (typeof value === 'string') return value || '“”';
  if (!Array.isArray(value)) return JSON.stringify(value);
  if (value.length === 0) return words.empty;
  return value.every((one) => typeof one === 'string') ? value.join(', ') : JSON.stringify(value);
}
