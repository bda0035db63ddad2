/** Data of the console's first page besides usage: failures, latency, and the budgets that a reader may see. */
import { and, asc, eq, gte, inArray, isNotNull, isNull, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Budget } from '../../domain/limits/budget.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import { budgetFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import {
  accounts,
  budgets,
  deployments,
  hasId,
  isUnsuccessful,
  keys,
  memberships,
  newestOfOrganization,
  organizations,
  requestLog,
  teams,
} from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { slotOf } from './usage-report.ts';
import { instantOf } from './usage-rows.ts';

/** The requests that a reader may see from `fromMs` up to, not including, `toMs`. */
export interface OverviewScope {
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent for every organization in reach. */
  readonly organizationId?: string | undefined;
  readonly reaches: readonly Reach[];
}

/** The failed requests of one interval. */
export interface Failures {
  readonly startMs: number | null;
  readonly requests: number;
}

/**
 * Counts failures exactly, from the request log, because rollups do not separate them. `starts` are the ascending starts of
 * intervals.
 */
export async function countFailures(db: Database, scope: OverviewScope, starts: readonly number[]): Promise<readonly Failures[]> {
  const slot = slotOf(requestLog.admittedAt, starts);
  const { rows } = await db.execute<{ slot: number; requests: string }>(sql`
    select ${slot} as slot, sum(${requestLog.count}) as requests from ${requestLog}
    where ${and(requestsOf(scope), eq(requestLog.status, 'failed'), isUnsuccessful(requestLog.status))} group by 1`);
  return rows.map((row) => ({ startMs: starts[Number(row.slot) - 1] ?? null, requests: Number(row.requests) }));
}

/** Percentiles of the time from a request's arrival to the end of its answer, in milliseconds. Null without requests. */
export interface Latency {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** The number of requests in the sample. */
  readonly sample: number;
}

const SAMPLE_MAX = 5_000;

/**
 * Computes latency over the newest succeeded requests of these organizations: about 5,000 in all, with an equal limit for each.
 */
export async function readLatency(db: Database, scope: OverviewScope, organizationIds: readonly string[]): Promise<Latency> {
  if (organizationIds.length === 0) return { p50Ms: null, p95Ms: null, sample: 0 };
  const each = Math.ceil(SAMPLE_MAX / organizationIds.length);
  const wanted = and(during(scope), eq(requestLog.status, 'succeeded'), seenBy(scope.reaches));
  const ms = sql`${requestLog.gatewayUs} / 1000.0 + coalesce(${requestLog.providerMs}, 0) as ms`;
  const { rows } = await db.execute<{ p50: number | null; p95: number | null; sample: string }>(sql`
    select percentile_cont(0.5) within group (order by ms) as p50, percentile_cont(0.95) within group (order by ms) as p95,
      count(*) as sample
    from unnest(${sql.param([...organizationIds])}::text[]) as busy(id),
      lateral (${newestOfOrganization(sql`busy.id`, ms, wanted, each)}) as newest`);
  const [row] = rows;
  const rounded = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : Math.round(Number(ms) * 10) / 10);
  return { p50Ms: rounded(row?.p50), p95Ms: rounded(row?.p95), sample: Number(row?.sample ?? 0) };
}

/** A budget with its scope and organization. */
export interface PlacedBudget {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly timeZone: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly scopeName: string;
  readonly budget: Budget;
}

/** Returns up to `limit` budgets of these organizations that a reader may see, widest scope first. */
export async function budgetsInReach(
  db: Database,
  organizationIds: readonly string[],
  reaches: readonly Reach[],
  limit: number,
): Promise<readonly PlacedBudget[]> {
  if (organizationIds.length === 0) return [];
  const of = (table: { readonly organizationId: PgColumn; readonly id: PgColumn }, scope: Scope) =>
    and(eq(budgets.scope, scope), eq(table.organizationId, budgets.organizationId), eq(table.id, budgets.scopeId));
  const rows = await db
    .select({
      row: budgets,
      organizationName: organizations.name,
      timeZone: organizations.timeZone,
      scopeName: sql<string>`coalesce(${teams.name}, ${accounts.name}, ${keys.name}, ${organizations.name})`,
    })
    .from(budgets)
    .innerJoin(organizations, eq(organizations.id, budgets.organizationId))
    .leftJoin(teams, of(teams, 'team'))
    .leftJoin(memberships, of(memberships, 'user'))
    .leftJoin(accounts, eq(accounts.id, memberships.accountId))
    .leftJoin(keys, of(keys, 'key'))
    .where(and(inArray(budgets.organizationId, [...organizationIds]), isNull(budgets.deletedAt), isVisible(reaches)))
    .orderBy(sql`array_position(array['organization', 'team', 'user', 'key'], ${budgets.scope})`, asc(budgets.id))
    .limit(limit);
  return rows.map(({ row, ...named }) => ({
    ...named,
    organizationId: row.organizationId,
    scope: row.scope,
    scopeId: row.scopeId,
    budget: budgetFrom(row),
  }));
}

/**
 * Returns the condition for budgets that a reader may see. Each kind of scope needs its own reach, and must not be deleted,
 * removed or revoked. A person's budget counts their spend in all teams, so a reach into one team does not show it.
 */
function isVisible(reaches: readonly Reach[]): SQL | undefined {
  const beyondTeams = reaches.filter((reach) => reach.is !== 'team' && !(reach.is === 'own' && reach.teamId !== null));
  const { organizationId, scope, scopeId } = budgets;
  const ofKey = { organizationId, teamId: keys.teamId, membershipId: keys.ownerMembershipId };
  return or(
    and(eq(scope, 'organization'), ne(organizations.status, 'deleted'), withinReach(reaches, { organizationId })),
    and(
      eq(scope, 'team'),
      isNotNull(teams.id),
      isNull(teams.deletedAt),
      withinReach(reaches, { organizationId, teamId: scopeId }),
    ),
    and(
      eq(scope, 'user'),
      ne(memberships.status, 'removed'),
      withinReach(beyondTeams, { organizationId, membershipId: scopeId }),
    ),
    and(eq(scope, 'key'), ne(keys.status, 'revoked'), withinReach(reaches, ofKey)),
  );
}

/** Returns the names of organizations and keys by id. Unknown ids are absent. */
export async function namesOf(
  db: Database,
  { organizationIds, keyIds }: { readonly organizationIds: readonly string[]; readonly keyIds: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  const named = await db
    .select({ id: organizations.id, name: organizations.name })
    .from(organizations)
    .where(inArray(organizations.id, [...organizationIds, '']));
  const keysNamed = await db
    .select({ id: keys.id, name: keys.name })
    .from(keys)
    .where(and(inArray(keys.organizationId, [...organizationIds, '']), inArray(keys.id, [...keyIds, ''])));
  return new Map([...named, ...keysNamed].map(({ id, name }) => [id, name]));
}

/** Returns every deployment of the platform that is not deleted, with its provider. */
export async function deploymentsOf(db: Database): Promise<readonly { readonly id: string; readonly provider: string }[]> {
  return db
    .select({ id: deployments.id, provider: deployments.provider })
    .from(deployments)
    .where(and(isNull(deployments.deletedAt), eq(deployments.owner, '')));
}

function requestsOf(scope: OverviewScope): SQL | undefined {
  const whose = scope.organizationId === undefined ? undefined : hasId(requestLog.organizationId, scope.organizationId);
  return and(whose, during(scope), seenBy(scope.reaches));
}

function during({ fromMs, toMs }: Pick<OverviewScope, 'fromMs' | 'toMs'>): SQL | undefined {
  return and(gte(requestLog.admittedAt, instantOf(fromMs)), lt(requestLog.admittedAt, instantOf(toMs)));
}

function seenBy(reaches: readonly Reach[]): SQL | undefined {
  const { organizationId, teamId, memberId: membershipId } = requestLog;
  return withinReach(reaches, { organizationId, teamId, membershipId });
}
