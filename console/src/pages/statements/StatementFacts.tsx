import type { Schema } from '../../api/client.ts';
import { type Figure, FigureStrip } from '../../components/FigureStrip.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { unpricedOf } from '../usage/UnitsTable.tsx';

/** The totals of a statement, with every digit of the spend. */
export function StatementFacts({ statement: { total, adjustments } }: { statement: Schema<'Statement'> }) {
  const figures: readonly Figure[] = [
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
  return <FigureStrip figures={figures} />;
}
