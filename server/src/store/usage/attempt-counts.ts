/**
 * The attempts of every deployment since an instant, from which lists order and filter by health. They are the numbers that
 * `attempt-health.ts` shows of one deployment, without its times. Only deployments with attempts are read, and the request log only
 * for those with errors: on a large installation a list costs the sums of a few quarters of an hour.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { AttemptCounts } from '../../domain/routing/deployment-state.ts';
import type { Database } from '../database.ts';
import { attemptRollups, hasIdAs, isOfForm, platformRollups, requestLog } from '../schema.ts';

/** An answer that arrived. */
export const answered = sql`status in ('succeeded', 'estimated') and http_status = 200`;
/** The end of an answer. A request's own failed attempts end before it. */
export const answeredAt = sql`admitted_at + (gateway_us / 1000.0 + coalesce(provider_ms, 0)) * interval '1 millisecond'`;
/** The requests of this version that the deployment `id` answered, in the order of an index. */
export const ofDeployment = sql`${isOfForm('short')} and ${hasIdAs('short', requestLog.deploymentId, sql`id`)}`;
export const msOf = (instant: SQL) => sql`(extract(epoch from ${instant}) * 1000)::float8`;

/** The attempts of the deployments of a condition on `deployment_id`, one row each. */
export function attemptSums(since: Date, wanted: SQL): SQL {
  return sql`select deployment_id, sum(attempts) as attempts, sum(errors) as errors, sum(caller_errors) as caller_errors from (
      select deployment_id, admitted as attempts, 0 as errors, 0 as caller_errors
      from ${platformRollups} where bucket_start >= ${since}
      union all
      select deployment_id, attempts, errors, caller_errors from ${attemptRollups} where bucket_start >= ${since}) as both_sums
    where ${wanted} group by 1`;
}

/** The last answer of the deployment `id` as `last_success`. Null if there is none. */
export const lastSuccess = sql`select (
  select ${answeredAt} from ${requestLog} where ${ofDeployment} and ${answered} order by admitted_at desc limit 1) as last_success`;

/** The faults of the deployment `id` since `last_success`: the time since which it fails, and the last one. */
export const faultsSince = sql`select min(greatest(first_fault_at, last_success)) as failing_since, max(last_fault_at) as last_fault
  from ${attemptRollups} where deployment_id = id and last_fault_at > coalesce(last_success, '-infinity')
    and bucket_start > coalesce(last_success, 'epoch') - interval '1 day'`;

interface CountsRow extends Record<string, unknown> {
  readonly id: string;
  readonly attempts: string;
  readonly errors: string;
  readonly caller_errors: string;
  readonly failing_since: number | null;
  readonly last_fault: number | null;
}

/** Returns the attempts of every deployment that had some since an instant, by id, over all tenants. */
export async function attemptCounts(db: Database, since: Date): Promise<ReadonlyMap<string, AttemptCounts>> {
  const { rows } = await db.execute<CountsRow>(sql`
    with sums as (${attemptSums(since, sql`deployment_id <> ''`)}),
    failed as (select deployment_id as id from sums where errors > caller_errors),
    faults as (
      select id, failing_since, last_fault from failed, lateral (${lastSuccess}) as success, lateral (${faultsSince}) as faults)
    select deployment_id as id, attempts, errors, caller_errors, ${msOf(sql`failing_since`)} as failing_since,
      ${msOf(sql`last_fault`)} as last_fault
    from sums left join faults on faults.id = deployment_id where attempts > 0`);
  return new Map(rows.map((row) => [row.id, countsOf(row)]));
}

function countsOf(row: CountsRow): AttemptCounts {
  return {
    attempts: Number(row.attempts),
    errors: Number(row.errors),
    callerErrors: Number(row.caller_errors),
    failingSinceMs: row.failing_since === null ? null : Number(row.failing_since),
    lastFaultMs: row.last_fault === null ? null : Number(row.last_fault),
  };
}
