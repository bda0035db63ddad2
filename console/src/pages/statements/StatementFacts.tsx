import type { Schema } from '../../api/client.ts';
import { type Figure, FigureStrip } from '../../components/FigureStrip.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { unpricedOf } from '../usage/UnitsTable.tsx';
import { words } from './words.ts';

/** The totals of a statement, with every digit of the spend. */
export function StatementFacts({ statement: { total, adjustments } }: { statement: Schema<'Statement'> }) {
  const figures: readonly Figure[] = [
    [
      words.spend,
      <span key="spend">
        <Money usd={total.spend} exact />
        {total.partly_priced && <PartlyPriced units={unpricedOf(total.units)} />}
      </span>,
    ],
    [words.requests, countText(total.admitted_requests)],
    [words.estimatedRequests, countText(total.estimated_requests)],
    [words.refusedRequests, countText(total.refused_requests)],
    [words.tokens, countText(total.total_tokens)],
    ...(adjustments.count === 0
      ? []
      : ([[words.adjustments(adjustments.count), <Money key="adjustments" usd={adjustments.spend} exact />]] as const)),
  ];
  return <FigureStrip figures={figures} />;
}
