/** Recent usage without a price, by deployment and by organization. */
import { type SQL, sql } from 'drizzle-orm';
import { lacksPrice } from '../../domain/money/price-units.ts';
import type { Database } from '../database.ts';
import { budgets, deployments, organizationDays, unitRollups } from '../schema.ts';
import { DAY_MS, QUARTER_MS } from '../usage/usage-rows.ts';
import * as prices from './prices.ts';

/** The time for which usage without a price is reported. */
const TOLD_MS = 30 * DAY_MS;

/**
 * Returns, by deployment id, units used without a price in the 30 days before `at` that the price in force still lacks.
 * Deployments without any are absent. `ids` limits the deployments.
 */
export async function lackedUnits(
  db: Database,
  at: Date,
  ids?: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (ids?.length === 0) return new Map();
  const among = ids === undefined ? sql`` : sql` and deployment_id = any(${sql.param([...ids])}::text[])`;
  const { rows } = await db.execute<{ deployment_id: string; unit: string; last: string }>(sql`
    select deployment_id, unit, max(bucket_start) as last from ${unitRollups} where ${isUnpricedUse(at)}${among}
    group by deployment_id, unit order by unit`);
  const inForce = await prices.inForce(db, [...new Set(rows.map((row) => row.deployment_id))], at);
  const lacked = rows.filter(({ deployment_id: id, unit, last }) =>
    lacksPrice(inForce.get(id) ?? null, { unit, untilMs: new Date(last).getTime() + QUARTER_MS }),
  );
  const byDeployment = Map.groupBy(lacked, (row) => row.deployment_id);
  return new Map([...byDeployment].map(([id, own]) => [id, own.map(({ unit }) => unit)]));
}

/**
 * Returns a subquery of deployments without a price in force, or whose price lacks a unit used without one in the 30 days before
 * `at`.
 */
export async function unpricedDeployments(db: Database, at: Date): Promise<SQL> {
  const lacking = [...(await lackedUnits(db, at)).keys()];
  return sql`(select ${deployments.id} from ${deployments} where ${deployments.id} = any(${sql.param(lacking)}::text[])
    or coalesce((select per_million from prices where deployment_id = ${deployments.id} and effective_from <= ${at}
      order by effective_from desc, id desc limit 1), '{}') = '{}')`;
}

/**
 * Returns a subquery of organizations with a budget at any scope that used something without a price in the 30 days before `at`.
 */
export function organizationsWithIncompleteBudgets(at: Date): SQL {
  return sql`(select organization_id from ${budgets} where deleted_at is null and organization_id in (
    select organization_id from ${unitRollups} where ${isUnpricedUse(at)}
    union select organization_id from ${organizationDays} where day_start >= ${dayOf(at)} and unpriced_requests > 0))`;
}

/** Returns the condition for unpriced use, written so that a partial index of unpriced use could serve it. */
function isUnpricedUse(at: Date): SQL {
  return sql`${unitRollups.bucketStart} >= ${new Date(at.getTime() - TOLD_MS)} and ${unitRollups.unpricedQuantity} > 0`;
}

function dayOf(at: Date): Date {
  return new Date(Math.floor((at.getTime() - TOLD_MS) / DAY_MS) * DAY_MS);
}
