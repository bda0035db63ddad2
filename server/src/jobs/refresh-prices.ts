/** Compares deployments' list prices with the list. It only proposes a difference: a price is what people are charged by. */
import { isDeepStrictEqual } from 'node:util';
import type { Price } from '../domain/money/price.ts';
import { givenPrice } from '../domain/money/price-units.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import * as proposals from '../store/catalogue/price-proposals.ts';
import type { Announcer } from './alerts/announce.ts';
import type { Job } from './job.ts';

export interface PriceRefreshOptions {
  /** Returns the list price of an upstream model; null if the list does not have it. */
  readonly priceFor: (provider: ProviderName, upstreamModel: string) => Pick<Price, 'perMillion' | 'units'> | null;
  readonly announcer: Announcer;
}

export function priceJob({ priceFor, announcer }: PriceRefreshOptions): Job {
  return {
    name: 'price-refresh',
    about: 'Compares prices taken from the published list with the list in this version, and proposes those that differ.',
    cron: '37 3 * * *',
    run: async ({ database: { db }, clock }) => {
      const at = new Date(clock.nowMs());
      const all = await proposals.listPriced(db, at);
      const fresh: { readonly deployment_id: string; readonly model: string }[] = [];
      for (const { deploymentId, model, provider, upstreamModel, price } of all) {
        const found = priceFor(provider as ProviderName, upstreamModel);
        const listed = found === null ? null : givenPrice(found);
        if (listed === null || isDeepStrictEqual(listed, price)) await proposals.withdraw(db, deploymentId);
        else if (await proposals.propose(db, deploymentId, listed, at)) fresh.push({ deployment_id: deploymentId, model });
      }
      if (fresh.length > 0) {
        const data = { deployments: fresh.slice(0, 100) };
        const event = { organizationId: null, teamId: null, type: 'prices.changed', data, at } as const;
        await db.transaction((tx) => announcer.announce(tx, event));
      }
      return `Compared ${all.length} prices; proposed ${fresh.length} new ones.`;
    },
  };
}
