/** The queries of the job that refreshes standings. Global: it goes over every tenant, and each row names its own. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Budget } from '../../domain/limits/budget.ts';
import { heldExactly } from '../../lib/held-exactly.ts';
import { CATALOGUE_SCOPE, configVersions } from '../configuration/config-versions.ts';
import { budgetFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import {
  budgets,
  callableTargets,
  hasAnyId,
  organizationDays,
  organizationStandings,
  organizations,
  standingChanges,
  targetLabels,
} from '../schema.ts';
import { instantOf } from '../usage/usage-rows.ts';
import type { OrganizationRow } from './organizations.ts';

/** The judgement of one organization. Money is in nano-dollars. */
export interface Judged {
  readonly organizationId: string;
  readonly judgement: 'healthy' | 'near_limit' | 'over_budget' | 'idle';
  readonly budgetUsedPpm: number;
  readonly spendPeriodNanoUsd: number;
  readonly spend30dNanoUsd: number;
  readonly dailySpendNanoUsd: readonly number[];
  readonly requests30d: number;
  readonly grantedTargets: number;
  readonly catalogueVersion: number;
  readonly dueAtMs: number;
  /** The state of the organization's row when it was found due. */
  readonly found: Found;
}

/** The due time of an organization and the time of its last judgement. Any change or other judgement makes one of them differ. */
export interface Found {
  readonly dueAt: Date;
  readonly asOf: Date;
}

/** The callable names with their access groups, which are enough to count granted targets. */
export interface GrantableTargets {
  readonly version: number;
  readonly targets: readonly { readonly name: string; readonly accessGroups: ReadonlySet<string> }[];
}

/**
 * Makes up to `most` changed organizations due, except those judged in the last `restMs`: a busy one changes ten times a second.
 * Skips rows that another transaction has locked. Waiting could deadlock, because a change locks the standing first and its own
 * row second, and this function does the reverse. Returns the number of organizations made due.
 *
 * The due time is then on the first day of 1970, and differs with each change. So a refresher that judged an earlier state can
 * tell.
 */
export async function takeChanges(
  db: Database,
  { most, nowMs, restMs }: { readonly most: number; readonly nowMs: number; readonly restMs: number },
): Promise<number> {
  const [any] = await db.select({ id: standingChanges.organizationId }).from(standingChanges).limit(1);
  if (any === undefined) return 0;
  const { rows } = await db.execute<{ count: string }>(sql`
    with picked as (
      select organization_id from ${standingChanges} as changed where not exists (select 1 from ${organizationStandings} as judged
        where judged.organization_id = changed.organization_id and judged.as_of > ${new Date(nowMs - restMs)} and judged.as_of <= ${new Date(nowMs)})
      order by changed_at limit ${most} for update skip locked
    ), standing as (
      select organization_id from ${organizationStandings} where organization_id in (select organization_id from picked)
      for no key update skip locked
    ), gone as (
      select organization_id from picked where not exists (
        select 1 from ${organizationStandings} as s where s.organization_id = picked.organization_id)
    ), taken as (
      delete from ${standingChanges}
      where organization_id in (select organization_id from standing union all select organization_id from gone)
    ), due as (
      update ${organizationStandings} set due_at = case when due_at = mark then mark + interval '1 millisecond' else mark end
        from (select timestamptz 'epoch' + date_trunc('milliseconds', clock_timestamp()::time::interval) as mark) as fresh
        where organization_id in (select organization_id from standing)
    )
    select count(*) from standing`);
  return Number(rows[0]?.count ?? 0);
}

const JUDGED_COLUMNS = {
  id: organizations.id,
  slug: organizations.slug,
  name: organizations.name,
  timeZone: organizations.timeZone,
  rateLimits: organizations.rateLimits,
  modelLimits: organizations.modelLimits,
  accessMode: organizations.accessMode,
  accessTargets: organizations.accessTargets,
  accessGroups: organizations.accessGroups,
  found: { dueAt: organizationStandings.dueAt, asOf: organizationStandings.asOf },
};

/** The columns of an organization that its judgement needs. */
export type OrganizationToJudge = Pick<OrganizationRow, keyof typeof JUDGED_COLUMNS & keyof OrganizationRow> & {
  /** Read before all other facts of the judgement. */
  readonly found: Found;
};

/**
 * Returns up to `most` organizations that are due, or that were judged by an older catalogue. Prefers those that are due longest.
 */
export async function dueOrganizations(
  db: Database,
  { nowMs, catalogueVersion, most }: { readonly nowMs: number; readonly catalogueVersion: number; readonly most: number },
): Promise<readonly OrganizationToJudge[]> {
  const { rows } = await db.execute<{ organization_id: string }>(sql`
    (select organization_id from ${organizationStandings} where due_at <= ${new Date(nowMs)} order by due_at limit ${most})
    union all
    (select organization_id from ${organizationStandings} where catalogue_version < ${catalogueVersion} order by catalogue_version limit ${most})
    limit ${most}`);
  if (rows.length === 0) return [];
  const ids = [...new Set(rows.map((row) => row.organization_id))];
  return db
    .select(JUDGED_COLUMNS)
    .from(organizations)
    .innerJoin(organizationStandings, eq(organizationStandings.organizationId, organizations.id))
    .where(hasAnyId(organizations.id, ids));
}

/** Returns the version of the catalogue, 0 before its first change. */
export async function catalogueVersion(db: Database): Promise<number> {
  return (await configVersions(db, [CATALOGUE_SCOPE])).get(CATALOGUE_SCOPE) ?? 0;
}

/** Returns the callable names. Reads the version first, so that a change of the catalogue in between leads to a new count. */
export async function grantableTargets(db: Database): Promise<GrantableTargets> {
  const version = await catalogueVersion(db);
  const names = await db.select({ name: callableTargets.name }).from(callableTargets);
  const labels = Map.groupBy(await db.select().from(targetLabels), (label) => label.targetName);
  const groupsOf = (name: string) => new Set(labels.get(name)?.map((label) => label.accessGroup));
  return { version, targets: names.map(({ name }) => ({ name, accessGroups: groupsOf(name) })) };
}

/** Returns the budgets of the organization scope, by organization id. */
export async function ownBudgets(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Budget[]>> {
  const rows = await db
    .select()
    .from(budgets)
    .where(and(hasAnyId(budgets.organizationId, ids), eq(budgets.scope, 'organization'), isNull(budgets.deletedAt)));
  const byOrganization = Map.groupBy(rows, (row) => row.organizationId);
  return new Map([...byOrganization].map(([id, own]) => [id, own.map(budgetFrom)]));
}

/** One day of an organization's usage. `seen` includes refused requests. */
export interface UsedDay {
  readonly dayMs: number;
  readonly spendNanoUsd: number;
  readonly requests: number;
  readonly seen: number;
}

/** Returns the UTC days since a time, by organization id. Days without usage are absent. */
export async function usedDays(
  db: Database,
  ids: readonly string[],
  sinceMs: number,
): Promise<ReadonlyMap<string, readonly UsedDay[]>> {
  const { rows } = await db.execute<StoredDay>(sql`
    select organization_id, (extract(epoch from day_start) * 1000)::float8 as day_ms, spend_nano_usd::float8 as spend,
      requests::float8 + estimated_requests::float8 as requests,
      requests::float8 + estimated_requests::float8 + refused_requests::float8 as seen
    from ${organizationDays} where ${hasAnyId(organizationDays.organizationId, ids)} and ${organizationDays.dayStart} >= ${new Date(sinceMs)}`);
  const byOrganization = new Map<string, UsedDay[]>();
  for (const { organization_id: id, day_ms: dayMs, spend: spendNanoUsd, requests, seen } of rows) {
    const days = byOrganization.get(id);
    const day = { dayMs, spendNanoUsd, requests, seen };
    if (days === undefined) byOrganization.set(id, [day]);
    else days.push(day);
  }
  return byOrganization;
}

/** A row of usedDays. Sums stay far below 2^53, so doubles are exact. Those of damaged rows are approximate. */
interface StoredDay extends Record<string, unknown> {
  readonly organization_id: string;
  readonly day_ms: number;
  readonly spend: number;
  readonly requests: number;
  readonly seen: number;
}

/** Returns those of the organizations that had a request since a time. */
export async function activeSince(db: Database, ids: readonly string[], sinceMs: number): Promise<ReadonlySet<string>> {
  const { rows } = await db.execute<{ id: string }>(sql`select id from unnest(${sql.param(ids)}::text[]) as asked(id)
    where exists (select 1 from rollups where organization_id = asked.id and bucket_start >= ${new Date(sinceMs)})`);
  return new Set(rows.map((row) => row.id));
}

/**
 * Stores judgements in one statement. It locks rows in order of id, so that two refreshers cannot deadlock. After a change since
 * the organization was found due, the judgement is stored and the organization stays due, because the change was not considered.
 * After another judgement, that one stays, because its refresher saw every change that this one did.
 */
export async function storeJudged(db: Database, judged: readonly Judged[], at: Date): Promise<void> {
  const column = (name: keyof Judged, type: string) => sql`${sql.param(judged.map((one) => one[name]))}::${sql.raw(type)}[]`;
  // If the sums of one organization exceeded a bigint, none could be stored.
  const amounts = (name: 'budgetUsedPpm' | 'spendPeriodNanoUsd' | 'spend30dNanoUsd' | 'requests30d') =>
    sql`${sql.param(judged.map((one) => heldExactly(one[name])))}::bigint[]`;
  // PostgreSQL's nested arrays must all have one length, so each organization's days are sent as one text.
  const days = sql.param(judged.map((one) => `{${one.dailySpendNanoUsd.map(heldExactly).join(',')}}`));
  const due = sql.param(judged.map((one) => instantOf(one.dueAtMs).toISOString()));
  const found = (name: keyof Found) => sql.param(judged.map((one) => one.found[name].toISOString()));
  await db.execute(sql`
    with held as (
      select organization_id from ${organizationStandings} where organization_id = any(${column('organizationId', 'text')})
      order by organization_id for no key update
    )
    update ${organizationStandings} set judgement = j.judgement, budget_used_ppm = j.ppm, spend_period_nano_usd = j.period,
      spend_30d_nano_usd = j.spend, daily_spend_nano_usd = j.days::bigint[], requests_30d = j.requests, granted_targets = j.targets,
      catalogue_version = j.version, as_of = ${at},
      due_at = case when due_at = j.found_due then greatest(j.due, timestamptz 'epoch') else due_at end
    from unnest(${column('organizationId', 'text')}, ${column('judgement', 'text')}, ${amounts('budgetUsedPpm')},
      ${amounts('spendPeriodNanoUsd')}, ${amounts('spend30dNanoUsd')}, ${days}::text[], ${amounts('requests30d')},
      ${column('grantedTargets', 'integer')}, ${column('catalogueVersion', 'bigint')}, ${due}::timestamptz[],
      ${found('dueAt')}::timestamptz[], ${found('asOf')}::timestamptz[])
      as j(id, judgement, ppm, period, spend, days, requests, targets, version, due, found_due, found_as_of)
    where organization_id = j.id and organization_id in (select organization_id from held) and ((due_at = j.found_due and as_of = j.found_as_of)
      or (due_at <= timestamptz 'epoch' + interval '1 day' and (as_of <= ${at} or catalogue_version < 0)))`);
}
