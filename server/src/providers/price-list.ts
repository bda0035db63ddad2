import type { ProviderName } from '../domain/catalogue.ts';
import type { Price } from '../domain/price.ts';
import { priceFor } from './price-table.ts';

/** The package that the published list comes in, and its version. */
export const PRICE_LIST_EDITION = '@pydantic/genai-prices 0.1.8';

/** The whole list price of a vendor's model; null when the list does not know it. */
export function listPrice(provider: ProviderName, upstreamModel: string): Pick<Price, 'perMillion' | 'units'> | null {
  const perMillion = priceFor(provider, upstreamModel);
  return perMillion === null ? null : { perMillion };
}
