import { Box, Group as Row, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { type Figure, FigureStrip } from '../../components/FigureStrip.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Change } from '../../numbers/Change.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { spanText } from '../../numbers/times.ts';
import { unpricedOf } from './UnitsTable.tsx';
import { words } from './words.ts';

/** A range that ended less than this ago goes on. */
const JUST_NOW_MS = 60_000;

/** The totals over the whole result, as the server computed them, with those of the period before if they were asked for. */
export function Totals({ usage: { from, to, total, previous, time_zone } }: { usage: Schema<'Usage'> }) {
  const figures: readonly Figure[] = [
    [
      words.metrics.spend,
      <Row key="spend" gap={6}>
        <Money usd={total.spend} />
        {total.partly_priced && <PartlyPriced units={unpricedOf(total.units)} />}
      </Row>,
      previous && <Change previous={previous.total} />,
    ],
    [
      words.metrics.requests,
      countText(total.admitted_requests),
      previous && words.before(countText(previous.total.admitted_requests)),
    ],
    [words.metrics.total_tokens, countText(total.total_tokens), previous && words.before(countText(previous.total.total_tokens))],
    [words.estimatedRequests, countText(total.estimated_requests)],
    [words.refusedRequests, countText(total.refused_requests)],
    [words.requestsWithoutPrice, countText(total.unpriced_requests)],
  ];
  return (
    <Box>
      <FigureStrip figures={figures} />
      <Text fz="xs" c="dimmed" mt="xs">
        {spanText(from, to, time_zone)}
        {Date.parse(to) > Date.now() - JUST_NOW_MS ? words.soFar : ''} {words.daysIn(time_zone)}
      </Text>
      {previous !== undefined && (
        <Text fz="xs" c="dimmed" mt="xs">
          {words.comparedWith(spanText(previous.from, previous.to, time_zone), time_zone)} <Money usd={previous.total.spend} />{' '}
          {words.wasSpent}
        </Text>
      )}
    </Box>
  );
}
