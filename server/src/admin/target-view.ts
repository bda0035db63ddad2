import { z } from 'zod';
import type { CallableTarget } from '../domain/catalogue.ts';
import { priceAt } from '../domain/price.ts';
import { USAGE_BUCKETS, type UsageBucket } from '../domain/usage.ts';
import { mode } from './deployment-view.ts';
import { type PerMillion, pricesOut, renderPrices } from './price-fields.ts';

/** A callable target as it is shown where targets are chosen. */

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
    fallbacks: z.array(z.string()),
    prices: pricesOut.nullable().meta({ description: 'The dearest of its deployments by bucket, at which holds are taken.' }),
    unpriced_deployment_count: z.int(),
  })
  .meta({ id: 'CallableTarget' });

export function renderTarget(target: CallableTarget, atMs: number): z.output<typeof targetOut> {
  const deployments = target.members.map((member) => member.deployment);
  const prices = deployments.flatMap((deployment) => priceAt(deployment.prices, atMs)?.perMillion ?? []);
  return {
    name: target.name,
    type: target.kind,
    mode: target.mode,
    strategy: target.strategy,
    providers: [...new Set(deployments.map((deployment) => deployment.provider))].sort(),
    deployment_count: deployments.length,
    access_groups: [...target.accessGroups].sort(),
    fallbacks: [...target.fallbacks],
    prices: renderPrices(dearestOf(prices)),
    unpriced_deployment_count: deployments.length - prices.length,
  };
}

function dearestOf(prices: readonly PerMillion[]): PerMillion {
  const dearest: Partial<Record<UsageBucket, number>> = {};
  for (const bucket of USAGE_BUCKETS) {
    const given = prices.flatMap((perMillion) => perMillion[bucket] ?? []);
    if (given.length > 0) dearest[bucket] = Math.max(...given);
  }
  return dearest;
}
