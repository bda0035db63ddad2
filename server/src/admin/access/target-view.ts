import { z } from 'zod';
import { type Price, priceAt } from '../../domain/money/price.ts';
import { type GivenPrice, givenPrice } from '../../domain/money/price-units.ts';
import { CACHE_SECONDS_MAX, type CallableTarget, ROUTING_STRATEGIES } from '../../domain/routing/catalogue.ts';
import { USAGE_BUCKETS, USAGE_UNITS } from '../../domain/usage/usage.ts';
import { mode } from '../catalogue/deployment-view.ts';
import { pricesOut, renderPrices } from '../catalogue/price-fields.ts';

/** The API view of a callable target, for lists from which people choose. */

export const targetType = z.enum(['model', 'route_group']);
export const strategy = z.enum(ROUTING_STRATEGIES).meta({
  description:
    'How deployments are ordered. `weighted`: drawn by weight. `priority`: lowest first, by weight among equals. The others put the lowest first, and draw by weight among those within 10%. `least_busy`: requests in flight for each weight. `latency`: time to the first output. `cheapest`: cost of the request. `usage`: tokens of this minute as a share of `limits.tpm`. `headroom`: use of the vendor’s rate limits.',
});

export const sticky = z.boolean().meta({
  description:
    'If true, requests of one session go to one deployment while it is healthy. A session is named by `x-headgate-session`, `prompt_cache_key`, `x-claude-code-session-id`, `session-id` or `x-session-affinity`; the first that a request has counts.',
});

export const cacheSeconds = z.int().min(1).max(CACHE_SECONDS_MAX).nullable().meta({
  description:
    'The oldest answer that the exact cache may give again, in seconds. Null (the default) keeps no answers. An organization decides with `cache_scope` whether its requests use the cache.',
});

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
