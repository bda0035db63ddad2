import type { Schema } from '../../api/client.ts';
import { durationText, rateText, roughMoneyText, scoreText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

export type Routing = NonNullable<Schema<'Decision'>['routing']>;

/** Returns a score in words; null if it says nothing. */
export function scoreWords(strategy: Routing['strategy'], score: number | null): string | null {
  switch (strategy) {
    case 'least_busy':
      return score === null ? null : words.inFlightForWeight(scoreText(score));
    case 'latency':
      return score === null ? words.notMeasured : words.firstOutputIn(durationText(score));
    case 'cheapest':
      return score === null ? words.hasNoPrice : words.expectedCost(roughMoneyText(score / 1e9));
    case 'usage':
      return score === null ? words.noCapacity : words.shareOfCapacity(rateText(score));
    case 'headroom':
      return score === null ? words.noVendorLimits : words.shareOfVendorLimits(rateText(score));
    default:
      return null;
  }
}

type PassedOver = Routing['candidates'][number]['passed_over'];

/** Returns why other deployments went before one, in words; null if it had its turn. */
export function passedOverWords(reason: PassedOver): string | null {
  return reason === null ? null : words.passedOver[reason];
}
