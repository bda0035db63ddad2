import { Box, Group as Row, SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { unpricedOf } from './UnitsTable.tsx';

/** The totals over the whole result, as the server computed them. */
export function Totals({ total }: { total: Schema<'Usage'>['total'] }) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Spend',
      <Row key="spend" gap={6}>
        <Money usd={total.spend} />
        {total.partly_priced && <PartlyPriced units={unpricedOf(total.units)} />}
      </Row>,
    ],
    ['Requests', countText(total.admitted_requests)],
    ['Tokens', countText(total.total_tokens)],
    ['of them estimated', countText(total.estimated_requests)],
    ['Refused', countText(total.refused_requests)],
    ['Without a price', countText(total.unpriced_requests)],
  ];
  return (
    <Box>
      <SimpleGrid component="dl" m={0} cols={{ base: 2, xs: 3, md: 6 }} verticalSpacing="sm">
        {facts.map(([name, value]) => (
          <div key={name}>
            <Text component="dt" fz="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} fz="lg" fw={600}>
              {value}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Box>
  );
}
