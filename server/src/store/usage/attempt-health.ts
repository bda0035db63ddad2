/**
 * Health by attempts: numbers that are exact over all replicas, and times from the newest rows. A request counts in the rollups
 * as one attempt at its deployment; `attempt_rollups` has all others. Errors of requests that earlier versions stored are not
 * known.
 */
import { and, eq, gte, lt, sql } from 'drizzle-orm';
import { type AttemptRecord, ERROR_RESULTS, parseAttempts } from '../../domain/usage/attempt.ts';
import { requestTimeMs } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { attemptRollups, deployments, hasIdIn, newestOfOrganization, requestLog } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { answered, answeredAt, attemptSums, faultsSince, lastSuccess, msOf, ofDeployment } from './attempt-counts.ts';
import type { OverviewScope } from './overview.ts';
import { instantOf } from './usage-rows.ts';

/** The attempts of a deployment or a provider in a span. */
export interface AttemptHealth {
  readonly attempts: number;
  readonly errors: number;
  readonly callerErrors: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly failingSinceMs: number | null;
  readonly lastFaultMs: number | null;
  readonly lastError: LastError | null;
}

/** The last error, with its attempt; null if its row has expired. */
export interface LastError {
  readonly timeMs: number;
  readonly requestId: string;
  readonly organizationId: string;
  readonly teamId: string | null;
  readonly memberId: string | null;
  readonly attempt: Pick<AttemptRecord, 'code' | 'status' | 'message'> | null;
}

/** The newest answers of each deployment, or of each organization, from which times are taken. */
const SAMPLE_MAX = 500;

/** The provider's time of a row is one attempt's only if there was no other. */
const ofOneAttempt = sql`${answered} and attempts = 1 and provider_ms is not null`;
const percentiles = sql`percentile_cont(0.5) within group (order by provider_ms) as p50,
  percentile_cont(0.95) within group (order by provider_ms) as p95`;

interface HealthRow extends Record<string, unknown> {
  readonly of: string;
  readonly attempts: string | null;
  readonly errors: string | null;
  readonly caller_errors: string | null;
  readonly p50?: number | null;
  readonly p95?: number | null;
  readonly failing_since: number | null;
  readonly last_fault: number | null;
  readonly error_at: number | null;
  readonly error_request: string | null;
  readonly error_organization: string | null;
}

/** Returns the attempts of these deployments since an instant, over all tenants. The last error may be older. */
export async function deploymentHealth(
  db: Database,
  ids: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, AttemptHealth>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.execute<HealthRow>(sql`
    with asked as (select id from unnest(${sql.param([...ids])}::text[]) as t(id)),
    sums as (${attemptSums(since, sql`deployment_id in (select id from asked)`)})
    select id as of, attempts, errors, caller_errors, p50, p95, ${msOf(sql`failing_since`)} as failing_since,
      ${msOf(sql`last_fault`)} as last_fault, ${msOf(sql`error_at`)} as error_at, error_request, error_organization
    from asked left join sums on deployment_id = id,
    lateral (select ${percentiles} from (
      select provider_ms from ${requestLog}
      where ${ofDeployment} and admitted_at >= ${since} and ${ofOneAttempt} order by admitted_at desc limit ${SAMPLE_MAX}) as newest
    ) as times,
    lateral (${lastSuccess}) as success,
    lateral (${faultsSince}) as faults
    left join lateral (
      select last_error_at as error_at, last_error_request_id as error_request, organization_id as error_organization
      from ${attemptRollups} where deployment_id = id and last_error_at is not null
      order by bucket_start desc, last_error_at desc limit 1
    ) as error on true`);
  return healthOf(db, rows, (attempt, id) => attempt.deploymentId === id);
}

/** The newest answers of one provider. */
interface ProviderTimes {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly lastSuccess: Date | null;
}

/**
 * Returns the attempts of each provider that a reader may see. The numbers are those beyond the rollups: add what the rollups
 * admitted. Quarters of an hour that begin in the span count whole. Times are taken from the newest answers of `organizationIds`.
 */
export async function providerHealth(
  db: Database,
  scope: OverviewScope,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, AttemptHealth>> {
  const times = await providerTimes(db, scope, organizationIds);
  const { organizationId, teamId, memberId: membershipId } = attemptRollups;
  const wanted = and(
    scope.organizationId === undefined ? undefined : eq(organizationId, scope.organizationId),
    gte(attemptRollups.bucketStart, instantOf(scope.fromMs)),
    lt(attemptRollups.bucketStart, instantOf(scope.toMs)),
    withinReach(scope.reaches, { organizationId, teamId, membershipId }),
  );
  const known = [...times].map(([provider, { lastSuccess }]) => ({ provider, at: lastSuccess?.toISOString() ?? null }));
  const { rows } = await db.execute<HealthRow>(sql`
    select ${attemptRollups.provider} as of, sum(attempts) as attempts, sum(errors) as errors, sum(caller_errors) as caller_errors,
      ${msOf(sql`min(greatest(first_fault_at, last_success)) filter (where last_fault_at > coalesce(last_success, '-infinity'))`)}
        as failing_since,
      ${msOf(sql`max(last_fault_at)`)} as last_fault, ${msOf(sql`max(last_error_at)`)} as error_at,
      (array_agg(last_error_request_id order by last_error_at desc nulls last))[1] as error_request,
      (array_agg(organization_id order by last_error_at desc nulls last))[1] as error_organization
    from ${attemptRollups} left join unnest(${sql.param(known.map((one) => one.provider))}::text[],
      ${sql.param(known.map((one) => one.at))}::timestamptz[]) as k(name, last_success) on name = ${attemptRollups.provider}
    where ${wanted} group by 1`);
  const health = await healthOf(db, rows, (attempt, provider) => attempt.provider === provider);
  const names = new Set([...times.keys(), ...health.keys()]);
  return new Map(
    [...names].map((name) => {
      const { p50 = null, p95 = null } = times.get(name) ?? {};
      return [name, { ...(health.get(name) ?? NO_ATTEMPTS), p50Ms: rounded(p50), p95Ms: rounded(p95) }];
    }),
  );
}

/** The health without attempts. */
export const NO_ATTEMPTS: AttemptHealth = {
  attempts: 0,
  errors: 0,
  callerErrors: 0,
  p50Ms: null,
  p95Ms: null,
  failingSinceMs: null,
  lastFaultMs: null,
  lastError: null,
};

async function providerTimes(
  db: Database,
  scope: OverviewScope,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, ProviderTimes>> {
  if (organizationIds.length === 0) return new Map();
  const each = Math.ceil((10 * SAMPLE_MAX) / organizationIds.length);
  const { organizationId, teamId, memberId: membershipId, admittedAt } = requestLog;
  const seen = and(
    gte(admittedAt, instantOf(scope.fromMs)),
    lt(admittedAt, instantOf(scope.toMs)),
    withinReach(scope.reaches, { organizationId, teamId, membershipId }),
    answered,
  );
  const columns = sql`${requestLog.deploymentId} as answered_by, ${answeredAt} as at,
    case when ${requestLog.attempts} = 1 then ${requestLog.providerMs} end as ms`;
  const { rows } = await db.execute<{ provider: string; p50: number | null; p95: number | null; last: number }>(sql`
    select ${deployments.provider} as provider, percentile_cont(0.5) within group (order by ms) as p50,
      percentile_cont(0.95) within group (order by ms) as p95, ${msOf(sql`max(at)`)} as last
    from unnest(${sql.param([...organizationIds])}::text[]) as busy(id), lateral (${newestOfOrganization(sql`busy.id`, columns, seen, each)}) as newest
    join ${deployments} on ${deployments.id} = answered_by group by 1`);
  return new Map(rows.map(({ provider, p50, p95, last }) => [provider, { p50, p95, lastSuccess: new Date(Number(last)) }]));
}

async function healthOf(
  db: Database,
  rows: readonly HealthRow[],
  isOf: (attempt: AttemptRecord, name: string) => boolean,
): Promise<Map<string, AttemptHealth>> {
  const requests = await requestsOfErrors(db, rows);
  return new Map(
    rows.map((row) => [
      row.of,
      {
        attempts: Number(row.attempts ?? 0),
        errors: Number(row.errors ?? 0),
        callerErrors: Number(row.caller_errors ?? 0),
        p50Ms: rounded(row.p50),
        p95Ms: rounded(row.p95),
        failingSinceMs: row.failing_since === null ? null : Number(row.failing_since),
        lastFaultMs: row.last_fault === null ? null : Number(row.last_fault),
        lastError: lastErrorOf(row, requests, isOf),
      },
    ]),
  );
}

interface ErrorRequest extends Record<string, unknown> {
  readonly request_id: string;
  readonly team_id: string;
  readonly member_id: string | null;
  readonly tried: string | null;
}

/** Finds the requests of the last errors, by their keys. */
async function requestsOfErrors(db: Database, rows: readonly HealthRow[]): Promise<ReadonlyMap<string, ErrorRequest>> {
  const ids = rows.flatMap(({ error_request: id, error_organization: organizationId }) => {
    const atMs = id === null ? null : requestTimeMs(id);
    return id === null || organizationId === null || atMs === null
      ? []
      : [{ id, organizationId, at: new Date(atMs).toISOString() }];
  });
  if (ids.length === 0) return new Map();
  const found = await db.execute<ErrorRequest>(sql`
    select l.* from unnest(${sql.param(ids.map((one) => one.organizationId))}::text[],
      ${sql.param(ids.map((one) => one.at))}::timestamptz[], ${sql.param(ids.map((one) => one.id))}::text[]) as k(o, at, id)
    cross join lateral (select request_id, team_id, member_id, tried from ${requestLog} as l
      where ${hasIdIn('l', 'organization_id', sql`o`)} and l.admitted_at = at and ${hasIdIn('l', 'request_id', sql`id`)} offset 0) as l`);
  return new Map(found.rows.map((row) => [row.request_id, row]));
}

function lastErrorOf(
  { of, error_at: at, error_request: requestId, error_organization: organizationId }: HealthRow,
  requests: ReadonlyMap<string, ErrorRequest>,
  isOf: (attempt: AttemptRecord, name: string) => boolean,
): LastError | null {
  if (at === null || requestId === null || organizationId === null) return null;
  const request = requests.get(requestId);
  const attempts = parseAttempts(request?.tried ?? '') ?? [];
  const isError = ({ result }: AttemptRecord) => ERROR_RESULTS.some((one) => one === result);
  const attempt = attempts.findLast((one) => isError(one) && isOf(one, of)) ?? null;
  const { team_id: teamId = null, member_id: memberId = null } = request ?? {};
  return { timeMs: Number(at), requestId, organizationId, teamId, memberId, attempt };
}

function rounded(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(Number(ms) * 10) / 10;
}
