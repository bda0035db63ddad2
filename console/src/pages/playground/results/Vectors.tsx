import { Table, Text } from '@mantine/core';
import type { Json } from '../../../api/dialects/dialect.ts';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { countText, scoreText } from '../../../numbers/numbers.ts';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';

const NUMBERS_SHOWN = 6;

/** The vector of each text: its length and its beginning, and how near the texts are to the first one. */
export function Vectors({ answer, inputs }: { answer: Json; inputs: readonly string[] }) {
  const vectors = vectorsIn(answer);
  const [first] = vectors;
  if (first === undefined) return <NoResult />;
  return (
    <TableScroll minWidth={520}>
      <Table withTableBorder fz="sm" verticalSpacing={5} data-testid="answer">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.text}</Table.Th>
            <Table.Th ta="right">{words.numbers}</Table.Th>
            <Table.Th>{words.beginsWith}</Table.Th>
            {vectors.length > 1 && <Table.Th ta="right">{words.likeTheFirst}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {vectors.map((vector, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the order of an answer is fixed.
            <Table.Tr key={index}>
              <Table.Td maw={260}>
                <Text fz="sm" lineClamp={2}>
                  {inputs[index] ?? words.entry(index + 1)}
                </Text>
              </Table.Td>
              <Table.Td ta="right">{countText(vector.length)}</Table.Td>
              <Table.Td className="mono">{vector.slice(0, NUMBERS_SHOWN).map(scoreText).join(', ')}…</Table.Td>
              {vectors.length > 1 && <Table.Td ta="right">{scoreText(likeness(first, vector))}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function vectorsIn(answer: Json): readonly (readonly number[])[] {
  const data: unknown = answer?.data;
  return Array.isArray(data) ? data.map((one: Json) => one?.embedding).filter((one) => Array.isArray(one)) : [];
}

/** Returns the cosine of the angle between two vectors: 1 for the same direction. */
function likeness(one: readonly number[], other: readonly number[]): number {
  const sum = (of: (index: number) => number) => one.reduce((all, _, index) => all + of(index), 0);
  const lengths = Math.sqrt(sum((at) => (one[at] ?? 0) ** 2)) * Math.sqrt(sum((at) => (other[at] ?? 0) ** 2));
  return lengths === 0 ? 0 : sum((at) => (one[at] ?? 0) * (other[at] ?? 0)) / lengths;
}
