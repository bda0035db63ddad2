/**
 * Usage of a stretch of time as rows that can be added up: from the 15-minute rollups where whole quarters lie inside it, and from single
 * requests for what is left at its ends. So sums are exact for any stretch, and cheap for long ones.
 */
import { and, eq, gte, inArray, lt, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { deployments, ledger, organizations, requestLog, rollups } from './schema.ts';

/** From `fromMs` up to, not including, `toMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The columns that all three sources have. */
export interface UsageColumns {
  readonly organizationId: PgColumn;
  readonly teamId: PgColumn;
  readonly keyId: PgColumn;
  readonly memberId: PgColumn;
  readonly calledName: PgColumn;
}

/** Whose usage, as a condition on each source's own columns; undefined is everybody's. */
export type Whose = (columns: UsageColumns) => SQL | undefined;

export const BUCKET_MS = 900_000;

/** What is added up; every row of the source has each of them. */
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
 * A subquery with the columns `at` and `until` (a quarter's beginning and end, or twice the admission), `organization_id`, `team_id`, `key_id`, `member_id`,
 * `called_name`, `deployment_id`, `provider` (the empty string where absent) and USAGE_SUMS.
 */
export function usageRows(span: Span, whose: Whose, conditions: readonly Condition[] = []): SQL {
  const { quarters, rest } = split(span);
  const parts = quarters === null ? [] : [ofRollups(quarters, whose, conditions)];
  for (const end of rest) parts.push(ofRequests(end, whose, conditions), ofLedger(end, whose, conditions));
  return sql`(${sql.join(parts, sql` union all `)})`;
}

/** A further condition on columns by name, where the columns of the sources differ: `deployment_id`, `provider`. */
export interface Condition {
  readonly column: 'deployment_id' | 'provider';
  readonly values: readonly string[];
}

/** Organization first, so that every index serves: without it the server would read all rows of that time, whoever's they are. */
export function ofEveryOrganization(organizationId: SQLWrapper): SQL {
  return sql`${organizationId} = any(array(select ${organizations.id} from ${organizations}))`;
}

/** What PostgreSQL can hold of an instant; counters ask up to the end of time. */
export function instantOf(ms: number): Date {
  return new Date(Math.min(Math.max(ms, 0), LAST_MS));
}

const LAST_MS = Date.UTC(9999, 0);

interface Split {
  readonly quarters: Span | null;
  readonly rest: readonly Span[];
}

/** Whole quarters of an hour, and the two ends that are none. Both ends of a stretch within one quarter are one. */
function split({ fromMs, toMs }: Span): Split {
  const firstMs = Math.ceil(fromMs / BUCKET_MS) * BUCKET_MS;
  const lastMs = toMs >= LAST_MS ? toMs : Math.floor(toMs / BUCKET_MS) * BUCKET_MS;
  if (lastMs < firstMs) return { quarters: null, rest: [{ fromMs, toMs }] };
  const rest = [
    { fromMs, toMs: firstMs },
    { fromMs: lastMs, toMs },
  ];
  return { quarters: { fromMs: firstMs, toMs: lastMs }, rest: rest.filter((end) => end.fromMs < end.toMs) };
}

const NOTHING = (names: readonly string[]) => sql.raw(names.map((name) => `0::bigint as ${name}`).join(', '));
const COUNTS = USAGE_SUMS.slice(0, 5);
const AMOUNTS = USAGE_SUMS.slice(5);
const TOKENS = USAGE_SUMS.slice(5, -1);

function ofRollups(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose(rollups) ?? ofEveryOrganization(rollups.organizationId),
    within(rollups.bucketStart, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? rollups.provider : rollups.deploymentId, [...values]),
    ),
  );
  return sql`select ${rollups.bucketStart} as at, ${rollups.bucketStart} + interval '899.999 seconds' as until, organization_id, team_id, key_id, member_id, called_name, deployment_id, provider,
    ${sql.raw(USAGE_SUMS.join(', '))} from ${rollups} where ${wanted}`;
}

/** What a request counts as, whatever its attempts used. A request-log row does not keep the provider; its deployment does. */
function ofRequests(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose(requestLog) ?? ofEveryOrganization(requestLog.organizationId),
    within(requestLog.admittedAt, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? deployments.provider : requestLog.deploymentId, [...values]),
    ),
  );
  return sql`select admitted_at as at, admitted_at as until, organization_id, team_id, key_id, coalesce(member_id, '') as member_id, called_name,
    coalesce(deployment_id, '') as deployment_id, coalesce(${deployments.provider}, '') as provider,
    case when ${requestLog.status} in ('succeeded', 'failed', 'cancelled') then count else 0 end as requests,
    case when ${requestLog.status} = 'estimated' then count else 0 end as estimated_requests,
    case when ${requestLog.status} = 'refused' then count else 0 end as refused_requests,
    case when ${requestLog.status} = 'refused' then 0 else count end as admitted,
    case when ${isUnpriced()} then 1 else 0 end as unpriced_requests, ${NOTHING(AMOUNTS)}
    from ${requestLog} left join ${deployments} on ${deployments.id} = ${requestLog.deploymentId} where ${wanted}`;
}

/** A request that used something at a deployment without a price. */
function isUnpriced(): SQL {
  return sql`exists (select 1 from ${ledger} where ${and(
    eq(ledger.organizationId, requestLog.organizationId),
    eq(ledger.admittedAt, requestLog.admittedAt),
    eq(ledger.requestId, requestLog.requestId),
  )} and ${ledger.nanoUsd} is null)`;
}

function ofLedger(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose(ledger) ?? ofEveryOrganization(ledger.organizationId),
    within(ledger.admittedAt, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? ledger.provider : ledger.deploymentId, [...values]),
    ),
  );
  return sql`select admitted_at as at, admitted_at as until, organization_id, team_id, key_id, coalesce(member_id, '') as member_id, called_name, deployment_id,
    provider, ${NOTHING(COUNTS)}, ${sql.raw(TOKENS.join(', '))}, coalesce(nano_usd, 0) as spend_nano_usd from ${ledger} where ${wanted}`;
}

function within(column: PgColumn, span: Span): SQL | undefined {
  return and(gte(column, instantOf(span.fromMs)), lt(column, instantOf(span.toMs)));
}
