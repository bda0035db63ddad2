import { Box, Stack, Table, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { unitName } from '../../components/money/price-words.ts';
import { countText } from '../../numbers/numbers.ts';

export type UnitUse = Schema<'UnitUse'>;

/** Lists use in units that the totals do not show separately. Shows nothing if there is none. */
export function UnitsTable({ units }: { units: readonly UnitUse[] }) {
  if (units.length === 0) return null;
  const isPartly = units.some(({ unpriced_quantity }) => unpriced_quantity > 0);
  return (
    <Box component="section" aria-label="By unit">
      <Stack gap="xs">
        <Title order={2}>By unit</Title>
        <Text fz="sm" c="dimmed">
          Special kinds of tokens, which are also in the token count, and what providers bill per unit.
          {isPartly &&
            ' Spend does not include units without a price. A platform admin can set one on the deployment’s page. For tools and beta features, it is only known that they were requested.'}
        </Text>
        <TableScroll minWidth={420}>
          <Table withTableBorder fz="sm" aria-label="Use by unit">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Unit</Table.Th>
                <Table.Th ta="right">Attempts</Table.Th>
                <Table.Th ta="right">Quantity</Table.Th>
                <Table.Th ta="right">Without a price</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {units.map(({ unit, uses, quantity, unpriced_quantity: unpriced }) => (
                <Table.Tr key={unit}>
                  <Table.Td>{unitName(unit)}</Table.Td>
                  <Table.Td ta="right">{countText(uses)}</Table.Td>
                  <Table.Td ta="right">{countText(quantity)}</Table.Td>
                  <Table.Td ta="right" {...(unpriced === 0 ? { c: 'dimmed' } : { c: 'orange', fw: 600 })}>
                    {countText(unpriced)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
      </Stack>
    </Box>
  );
}

/** Returns the quantity without a price, by unit. Fully priced units are left out. */
export function unpricedOf(units: readonly UnitUse[]): Readonly<Record<string, number>> {
  const unpriced = units.filter(({ unpriced_quantity }) => unpriced_quantity > 0);
  return Object.fromEntries(unpriced.map(({ unit, unpriced_quantity }) => [unit, unpriced_quantity]));
}
