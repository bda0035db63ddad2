import { z } from 'zod';
import { type Price, priceAt } from '../../domain/money/price.ts';
import { type GivenPrice, givenPrice } from '../../domain/money/price-units.ts';
import type { CallableTarget } from '../../domain/routing/catalogue.ts';
import { USAGE_BUCKETS, USAGE_UNITS } from '../../domain/usage/usage.ts';
import { mode } from '../catalogue/deployment-view.ts';
import { pricesOut, renderPrices } from '../catalogue/price-fields.ts';

/** The API view of a callable target, for lists from which people choose. */

export const targetType = z.enum(['model', 'route_group']);
export const strategy = z.enum(['weighted', 'priority']);

export const targetOut = z
  .object({
    name: z.string(),
    type: targetType,
    mode,
    strategy,
    providers: z.array(z.string()),
    deployment_count: z.int(),
    access_groups: z.array(z.string()),
    fallbacks: z.array(z.string()).meta({ description: 'The fallbacks that the caller may see, in order.' }),
    prices: pricesOut.nullable().meta({
      description:
        'The highest price among its deployments, by bucket and by unit. Tiers are listed at each deployment. Null if none has a price.',
    }),
    unpriced_deployment_count: z.int(),
  })
  .meta({ id: 'CallableTarget' });

/** Renders a target with its prices at `atMs`. `isSeen` reports whether the caller may learn of a target by this name. */
export function renderTarget(
  target: CallableTarget,
  isSeen: (name: string) => boolean,
  atMs: number,
): z.output<typeof targetOut> {
  const deployments = target.members.map((member) => member.deployment);
  const prices = deployments.flatMap((deployment) => priceAt(deployment.prices, atMs) ?? []);
  return {
    name: target.name,
    type: target.kind,
    mode: target.mode,
    strategy: target.strategy,
    providers: [...new Set(deployments.map((deployment) => deployment.provider))].sort(),
    deployment_count: deployments.length,
    access_groups: [...target.accessGroups].sort(),
    fallbacks: target.fallbacks.filter(isSeen),
    prices: renderPrices(dearestOf(prices)),
    unpriced_deployment_count: deployments.length - prices.length,
  };
}

function dearestOf(prices: readonly Price[]): GivenPrice {
  return givenPrice({
    perMillion: dearestByName(USAGE_BUCKETS, ({ perMillion }) => perMillion, prices),
    units: { perUnit: dearestByName(USAGE_UNITS, ({ units }) => units?.perUnit ?? {}, prices) },
  });
}

type ByName<Name extends string> = Readonly<Partial<Record<Name, number>>>;

function dearestByName<Name extends string>(
  names: readonly Name[],
  pick: (price: Price) => ByName<Name>,
  prices: readonly Price[],
): ByName<Name> {
  const dearest: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const given = prices.flatMap((price) => pick(price)[name] ?? []);
    if (given.length > 0) dearest[name] = Math.max(...given);
  }
  return dearest;
}
