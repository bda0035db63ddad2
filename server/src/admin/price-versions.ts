import { newId } from '../lib/id.ts';
import type { PriceRow } from '../store/prices.ts';
import * as prices from '../store/prices.ts';
import type { Change } from './change.ts';
import type { PerMillion } from './price-fields.ts';
import { invalid } from './problem.ts';

/** A caller's clock may be behind ours by this much. */
const CLOCK_SKEW_MS_MAX = 60_000;

/** From when a price holds: now unless said. Throws 400 for the past, because what was charged stays. */
export function effectiveFrom(text: string | undefined, now: Date): Date {
  if (text === undefined) return now;
  const from = new Date(text);
  if (from.getTime() < now.getTime() - CLOCK_SKEW_MS_MAX) {
    throw invalid('/effective_from', 'a price holds from now or later on: what was charged stays');
  }
  return from > now ? from : now;
}

/** Adds a version. Of two that begin at one instant the newer holds. `source`: where the price was taken from, where nobody gave it. */
export async function addPriceVersion(
  { tx, now }: Change,
  deploymentId: string,
  from: Date,
  perMillion: PerMillion,
  source: PriceRow['source'] = null,
): Promise<PriceRow> {
  const id = newId('price', now.getTime());
  return prices.insert(tx, { id, deploymentId, effectiveFrom: from, perMillion, source, createdAt: now });
}
