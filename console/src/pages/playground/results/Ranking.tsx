import { Table } from '@mantine/core';
import type { Json } from '../../../api/dialects/dialect.ts';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';
import { Score } from './Score.tsx';

/** The documents in the order of their relevance, each with its score. */
export function Ranking({ answer, documents }: { answer: Json; documents: readonly string[] }) {
  const results: unknown = answer?.results;
  if (!Array.isArray(results) || results.length === 0) return <NoResult />;
  return (
    <TableScroll minWidth={300}>
      <Table withTableBorder fz="sm" verticalSpacing={5} data-testid="answer">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={70}>{words.rank}</Table.Th>
            <Table.Th>{words.document}</Table.Th>
            <Table.Th>{words.score}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {results.map(({ index, relevance_score: score }: Json, place) => (
            <Table.Tr key={index}>
              <Table.Td>{place + 1}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{documents[index] ?? words.entry(Number(index) + 1)}</Table.Td>
              <Table.Td w="35%">
                <Score value={score} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}
