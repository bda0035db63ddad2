import { Badge, Stack, Table } from '@mantine/core';
import type { Json } from '../../../api/dialects/dialect.ts';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';
import { Score } from './Score.tsx';

/** The categories of a moderation, those with the highest score first. */
export function Categories({ answer }: { answer: Json }) {
  const result: Json = answer?.results?.[0];
  const categories: Readonly<Record<string, unknown>> = result?.categories ?? {};
  const scores: Readonly<Record<string, unknown>> = result?.category_scores ?? {};
  const names = Object.keys({ ...categories, ...scores });
  if (names.length === 0) return <NoResult />;
  const scoreOf = (name: string) => (typeof scores[name] === 'number' ? scores[name] : 0);
  return (
    <Stack gap="xs" data-testid="answer">
      <Badge color={result.flagged === true ? 'red' : 'green'} style={{ alignSelf: 'flex-start' }}>
        {result.flagged === true ? words.flagged : words.notFlagged}
      </Badge>
      <TableScroll minWidth={300}>
        <Table withTableBorder fz="sm" verticalSpacing={5}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.category}</Table.Th>
              <Table.Th>{words.flag}</Table.Th>
              <Table.Th>{words.score}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {names
              .sort((one, other) => scoreOf(other) - scoreOf(one))
              .map((name) => (
                <Table.Tr key={name}>
                  <Table.Td>{name}</Table.Td>
                  <Table.Td>{categories[name] === true ? words.yes : words.no}</Table.Td>
                  <Table.Td w="45%">
                    <Score value={scores[name]} color={categories[name] === true ? 'red' : 'blue'} />
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Stack>
  );
}
