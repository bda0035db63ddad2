/** What was used without a price lately: at which deployments, and in which organizations. */
import { type SQL, sql } from 'drizzle-orm';
import { USAGE_BUCKETS } from '../domain/usage.ts';
import type { Database } from './database.ts';
import { budgets, deployments, organizationDays, prices, unitRollups } from './schema.ts';
import { DAY_MS } from './usage-rows.ts';

/** How long a use without a price is told of. */
const TOLD_MS = 30 * DAY_MS;

/**
 * Units that these deployments used without a price in the 30 days before `at`, and that the price in force still lacks, by deployment;
 * those without any are absent.
 */
export async function lackedUnits(
  db: Database,
  ids: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (ids.length === 0) return new Map();
  const among = sql` and deployment_id = any(${sql.param([...ids])}::text[])`;
  const { rows } = await db.execute<{ deployment_id: string; units: string[] }>(
    sql`select deployment_id, array_agg(unit order by unit) as units from ${lacked(at, among)} as lacked group by deployment_id`,
  );
  return new Map(rows.map(({ deployment_id: id, units }) => [id, units]));
}

/** Deployments without a price in force, or with one that lacks what was used without a price in the 30 days before `at`. */
export function unpricedDeployments(at: Date): SQL {
  return sql`(select ${deployments.id} from ${deployments} left join lateral ${priceInForce(sql`${deployments.id}`, at)} as price on true
    where coalesce(price.per_million, '{}') = '{}' union select deployment_id from ${lacked(at)} as lacked)`;
}

/** Organizations with a budget, their own or of a team, person or key, that used something without a price in the 30 days before `at`. */
export function organizationsWithIncompleteBudgets(at: Date): SQL {
  return sql`(select organization_id from ${budgets} where deleted_at is null and organization_id in (
    select organization_id from ${unitRollups} where ${isUnpricedUse(at)}
    union select organization_id from ${organizationDays} where day_start >= ${dayOf(at)} and unpriced_requests > 0))`;
}

/** Uses (`deployment_id`, `unit`) without a price, of which the price in force still has none. */
function lacked(at: Date, more: SQL = sql``): SQL {
  return sql`(select used.deployment_id, used.unit
    from (select distinct deployment_id, unit from ${unitRollups} where ${isUnpricedUse(at)}${more}) as used
    left join lateral ${priceInForce(sql`used.deployment_id`, at)} as price on true
    where not coalesce(${IS_PRICED}, false))`;
}

/** In words that an index of unpriced uses alone would have. */
function isUnpricedUse(at: Date): SQL {
  return sql`${unitRollups.bucketStart} >= ${new Date(at.getTime() - TOLD_MS)} and ${unitRollups.unpricedQuantity} > 0`;
}

/** A unit that is a bucket is priced by a rate of its own; a tier where it is named; anything else by the piece. */
const IS_PRICED = sql`case
  when used.unit = any(${sql.param([...USAGE_BUCKETS])}::text[]) then jsonb_exists(price.per_million, used.unit)
  when used.unit like 'service\\_tier:%' then jsonb_exists(price.units -> 'serviceTiers', split_part(used.unit, ':', 2))
  when used.unit = 'context_tier' then price.units -> 'contextTiers' is not null
  else jsonb_exists(price.units -> 'perUnit', used.unit) end`;

function priceInForce(deploymentId: SQL, at: Date): SQL {
  return sql`(select per_million, units from ${prices} where deployment_id = ${deploymentId} and effective_from <= ${at}
    order by effective_from desc, id desc limit 1)`;
}

function dayOf(at: Date): Date {
  return new Date(Math.floor((at.getTime() - TOLD_MS) / DAY_MS) * DAY_MS);
}
