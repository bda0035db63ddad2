import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { unpricedOf } from '../usage/UnitsTable.tsx';

/** The totals of a statement, with every digit of the spend. */
export function StatementFacts({ statement: { total, adjustments } }: { statement: Schema<'Statement'> }) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Spend',
      <span key="spend">
        <Money usd={total.spend} exact />
        {total.partly_priced && <PartlyPriced units={unpricedOf(total.units)} />}
      </span>,
    ],
    ['Requests', countText(total.admitted_requests)],
    ['of them estimated', countText(total.estimated_requests)],
    ['Refused', countText(total.refused_requests)],
    ['Tokens', countText(total.total_tokens)],
    ...(adjustments.count === 0
      ? []
      : ([[`${countText(adjustments.count)} adjustments`, <Money key="adjustments" usd={adjustments.spend} exact />]] as const)),
  ];
  return (
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
  );
}
