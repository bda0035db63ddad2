import { Box, Stack, Table, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { unitName } from '../../components/money/price-words.ts';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

export type UnitUse = Schema<'UnitUse'>;

/** Lists use in units that the totals do not show separately. Shows nothing if there is none. */
export function UnitsTable({ units }: { units: readonly UnitUse[] }) {
  if (units.length === 0) return null;
  const isPartly = units.some(({ unpriced_quantity }) => unpriced_quantity > 0);
  return (
    <Box component="section" aria-label={words.byUnit}>
      <Stack gap="xs">
        <Title order={2}>{words.byUnit}</Title>
        <Text fz="sm" c="dimmed">
          {words.unitsMean}
          {isPartly && words.unitsWithoutPrice}
        </Text>
        <TableScroll minWidth={420}>
          <Table withTableBorder fz="sm" aria-label={words.useByUnit}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.unit}</Table.Th>
                <Table.Th ta="right">{words.attempts}</Table.Th>
                <Table.Th ta="right">{words.quantity}</Table.Th>
                <Table.Th ta="right">{words.withoutPrice}</Table.Th>
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
