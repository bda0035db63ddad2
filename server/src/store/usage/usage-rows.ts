/**
 * Usage of a span of time as rows to add up. They come from rollups for whole days, hours or quarters of an hour within the span,
 * and from single requests at its ends. So sums are exact for any span, and cheap for long ones.
 */
import { and, gte, inArray, lt, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import {
  deployments,
  hasAnyId,
  hasIdIn,
  ledger,
  organizationDays,
  organizations,
  platformRollups,
  requestLog,
  rollups,
  teamRollups,
} from '../schema.ts';

/** A span from `fromMs` up to, not including, `toMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The columns of sources with teams. */
export interface TeamColumns {
  readonly organizationId: PgColumn;
  readonly teamId: PgColumn;
  readonly calledName: PgColumn;
}

/** The columns of sources with organizations. Below are those of sources without tenants. */
export type OrganizationColumns = Pick<TeamColumns, 'organizationId'>;
export type PlatformColumns = Pick<TeamColumns, 'calledName'>;

/** The columns of sources with keys and people. */
export interface KeyColumns extends TeamColumns {
  readonly keyId: PgColumn;
  readonly memberId: PgColumn;
  readonly serviceAccountId: PgColumn;
}

/**
 * The scope of usage, as a condition on the columns of each source. An undefined condition means all usage. A wider kind reads
 * coarser rows: hours by team, days by organization, or quarters of an hour of the whole platform.
 */
export type Whose =
  | { readonly is: 'platform'; readonly condition: (columns: PlatformColumns) => SQL | undefined }
  | { readonly is: 'organizations'; readonly condition: (columns: OrganizationColumns) => SQL | undefined }
  | { readonly is: 'teams'; readonly condition: (columns: TeamColumns) => SQL | undefined }
  | { readonly is: 'keys'; readonly condition: (columns: KeyColumns) => SQL | undefined };

export const QUARTER_MS = 900_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The columns to add up. Every source has all of them. */
export const USAGE_SUMS = [
  'requests',
  'estimated_requests',
  'refused_requests',
  'admitted',
  'unpriced_requests',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
  'spend_nano_usd',
] as const;
export type UsageSum = (typeof USAGE_SUMS)[number];

/**
 * Returns a subquery of usage. `at` and `until` are a rollup's start and end, or twice the admission. The other columns are
 * `organization_id`, `team_id`, `key_id`, `member_id`, `service_account_id`, `called_name`, `deployment_id`, `provider` and
 * USAGE_SUMS. A dimension that a source does not have is empty.
 */
export function usageRows(span: Span, whose: Whose, conditions: readonly Condition[] = []): SQL {
  const parts = cover(span, STEPS[whose.is]).flatMap(({ stepMs, ...part }) => {
    if (stepMs === null) return [ofRequests(part, whose, conditions), ofLedger(part, whose, conditions)];
    if (stepMs === DAY_MS) return [ofDays(part, whose)];
    if (whose.is === 'platform') return [ofPlatform(part, whose, conditions)];
    return [stepMs === HOUR_MS ? ofHours(part, whose, conditions) : ofQuarters(part, whose, conditions)];
  });
  return sql`(${sql.join(parts, sql` union all `)})`;
}

const STEPS: Readonly<Record<Whose['is'], readonly number[]>> = {
  platform: [QUARTER_MS],
  organizations: [DAY_MS, HOUR_MS, QUARTER_MS],
  teams: [HOUR_MS, QUARTER_MS],
  keys: [QUARTER_MS],
};

/** A further condition on a column by name, because the sources define `deployment_id` and `provider` differently. */
export interface Condition {
  readonly column: 'deployment_id' | 'provider';
  readonly values: readonly string[];
}

/**
 * Returns a condition that every organization meets. It lets PostgreSQL loop over the organizations and use the indexes that
 * start with them. For a short time that is much cheaper than reading all rows of the time; for a long one the planner can still
 * do that.
 */
export function ofEveryOrganization(organizationId: SQLWrapper): SQL {
  return sql`${organizationId} in (select ${organizations.id} from ${organizations})`;
}

/** Returns a time as a Date, limited to 1970 to 9999, which PostgreSQL can store. Counters use times up to infinity. */
export function instantOf(ms: number): Date {
  return new Date(Math.min(Math.max(ms, 0), LAST_MS));
}

const LAST_MS = Date.UTC(9999, 0);

/** A part of a span. It is read from rollups of length `stepMs`, or row by row if that is null. */
type Part = Span & { readonly stepMs: number | null };

/** Splits a span into the widest whole steps, and the rest at both ends into the next finer ones. */
export function cover(span: Span, steps: readonly number[]): Part[] {
  if (span.fromMs >= span.toMs) return [];
  const [stepMs, ...finer] = steps;
  if (stepMs === undefined) return [{ ...span, stepMs: null }];
  const firstMs = Math.ceil(span.fromMs / stepMs) * stepMs;
  const lastMs = span.toMs >= LAST_MS ? span.toMs : Math.floor(span.toMs / stepMs) * stepMs;
  if (firstMs >= lastMs) return cover(span, finer);
  const whole = { fromMs: firstMs, toMs: lastMs, stepMs };
  return [...cover({ fromMs: span.fromMs, toMs: firstMs }, finer), whole, ...cover({ fromMs: lastMs, toMs: span.toMs }, finer)];
}

/** Splits a span into whole steps, the widest that fit. Returns null if it begins or ends within the finest step. */
export function wholeSteps(span: Span, steps: readonly number[]): readonly (Span & { readonly stepMs: number })[] | null {
  const parts = cover(span, steps);
  const whole = parts.flatMap(({ stepMs, ...part }) => (stepMs === null ? [] : [{ ...part, stepMs }]));
  return whole.length === parts.length ? whole : null;
}

const NOTHING = (names: readonly string[]) => sql.raw(names.map((name) => `0::bigint as ${name}`).join(', '));
const COUNTS = USAGE_SUMS.slice(0, 5);
const AMOUNTS = USAGE_SUMS.slice(5);
const TOKENS = USAGE_SUMS.slice(5, -1);

/** Returns rows of days, only for organizations and without further conditions. The other dimensions are then not used. */
function ofDays(span: Span, whose: Whose): SQL {
  const condition = whose.is === 'organizations' ? whose.condition(organizationDays) : sql`false`;
  const wanted = and(condition, within(organizationDays.dayStart, span));
  return sql`select ${organizationDays.dayStart} as at, ${organizationDays.dayStart} + interval '86399.999 seconds' as until, organization_id,
    '' as team_id, '' as key_id, '' as member_id, '' as service_account_id, '' as called_name, '' as deployment_id, '' as provider, ${sql.raw(USAGE_SUMS.join(', '))}
    from ${organizationDays} where ${wanted}`;
}

function ofPlatform(span: Span, whose: Extract<Whose, { is: 'platform' }>, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(platformRollups),
    within(platformRollups.bucketStart, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? platformRollups.provider : platformRollups.deploymentId, [...values]),
    ),
  );
  return sql`select ${platformRollups.bucketStart} as at, ${platformRollups.bucketStart} + interval '899.999 seconds' as until,
    '' as organization_id, '' as team_id, '' as key_id, '' as member_id, '' as service_account_id, called_name, deployment_id, provider,
    ${sql.raw(USAGE_SUMS.join(', '))} from ${platformRollups} where ${wanted}`;
}

function ofHours(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  // Not called for keys, so the key and member columns are not used.
  const condition = whose.is === 'teams' || whose.is === 'organizations' ? whose.condition(teamRollups) : sql`false`;
  const wanted = and(
    condition ?? ofEveryOrganization(teamRollups.organizationId),
    within(teamRollups.hourStart, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? teamRollups.provider : teamRollups.deploymentId, [...values]),
    ),
  );
  return sql`select ${teamRollups.hourStart} as at, ${teamRollups.hourStart} + interval '3599.999 seconds' as until, organization_id, team_id,
    '' as key_id, '' as member_id, '' as service_account_id, called_name, deployment_id, provider, ${sql.raw(USAGE_SUMS.join(', '))} from ${teamRollups} where ${wanted}`;
}

function ofQuarters(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(rollups) ?? ofEveryOrganization(rollups.organizationId),
    within(rollups.bucketStart, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? rollups.provider : rollups.deploymentId, [...values]),
    ),
  );
  return sql`select ${rollups.bucketStart} as at, ${rollups.bucketStart} + interval '899.999 seconds' as until, organization_id, team_id, key_id,
    member_id, service_account_id, called_name, deployment_id, provider, ${sql.raw(USAGE_SUMS.join(', '))} from ${rollups} where ${wanted}`;
}

/**
 * Returns rows of single requests with their counts but no amounts. The provider is that of the deployment: the log does not
 * store it.
 */
function ofRequests(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(requestLog),
    within(requestLog.admittedAt, span),
    ...conditions.map(({ column, values }) =>
      column === 'provider' ? inArray(deployments.provider, [...values]) : hasAnyId(requestLog.deploymentId, values),
    ),
  );
  return sql`select admitted_at as at, admitted_at as until, organization_id, team_id, key_id, coalesce(member_id, '') as member_id,
    coalesce(service_account_id, '') as service_account_id, called_name, coalesce(deployment_id, '') as deployment_id, coalesce(${deployments.provider}, '') as provider,
    case when ${requestLog.status} in ('succeeded', 'failed', 'cancelled') then count else 0 end as requests,
    case when ${requestLog.status} = 'estimated' then count else 0 end as estimated_requests,
    case when ${requestLog.status} = 'refused' then count else 0 end as refused_requests,
    case when ${requestLog.status} = 'refused' then 0 else count end as admitted,
    case when ${isUnpriced()} then 1 else 0 end as unpriced_requests, ${NOTHING(AMOUNTS)}
    from ${requestLog} left join ${deployments} on ${deployments.id} = ${requestLog.deploymentId} where ${wanted}`;
}

/** Returns the condition for a request that used a deployment without a price. */
function isUnpriced(): SQL {
  // With an offset the planner asks by index for each request, and does not join all entries.
  return sql`exists (select 1 from ${ledger} as l where ${hasIdIn('l', 'organization_id', sql`${requestLog.organizationId}`)}
    and l.admitted_at = ${requestLog.admittedAt} and ${hasIdIn('l', 'request_id', sql`${requestLog.requestId}`)} and l.nano_usd is null offset 0)`;
}

function ofLedger(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(ledger),
    within(ledger.admittedAt, span),
    ...conditions.map(({ column, values }) =>
      column === 'provider' ? inArray(ledger.provider, [...values]) : hasAnyId(ledger.deploymentId, values),
    ),
  );
  return sql`select admitted_at as at, admitted_at as until, organization_id, team_id, key_id, coalesce(member_id, '') as member_id,
    coalesce(service_account_id, '') as service_account_id, called_name, deployment_id, provider, ${NOTHING(COUNTS)}, ${sql.raw(TOKENS.join(', '))}, coalesce(nano_usd, 0) as spend_nano_usd from ${ledger} where ${wanted}`;
}

function within(column: PgColumn, span: Span): SQL | undefined {
  return and(gte(column, instantOf(span.fromMs)), lt(column, instantOf(span.toMs)));
}
