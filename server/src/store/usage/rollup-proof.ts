/**
 * Checks that rollups add up to the ledger, and repairs them. One statement writes ledger and rollups, so any single statement
 * must see them agree, whatever is being written and however late it settled.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { PgTable, PgView } from 'drizzle-orm/pg-core';
import { type Apart, togetherOrApart } from '../apart.ts';
import type { Database } from '../database.ts';
import {
  deployments,
  ledger,
  organizationDays,
  organizations,
  platformRollups,
  requestLog,
  rollups,
  teamRollups,
  unitRollups,
} from '../schema.ts';
import { keptDays } from './retention.ts';
import { ROLLUP_KEY, UNIT_ROLLUP_COLUMNS, UNIT_ROLLUP_KEY, UNIT_ROLLUP_SUMS, unitsOf } from './rollup-columns.ts';
import { DAY_MS, HOUR_MS, instantOf, QUARTER_MS, type Span, USAGE_SUMS } from './usage-rows.ts';

/** The differing sums of one organization over a span, in nano-dollars. */
export interface RollupDrift {
  readonly organizationId: string;
  readonly ledgerNanoUsd: number;
  readonly rollupsNanoUsd: number;
}

/** Returns the organizations whose ledger, rollups and hours differ in tokens or money. The span must be whole hours. */
export async function rollupDrifts(db: Database, span: Span): Promise<readonly RollupDrift[]> {
  const [from, to] = [instantOf(span.fromMs), instantOf(span.toMs)];
  const { rows } = await db.execute<{ organization_id: string; owed: string; rolled: string }>(sql`
    with owed as (select organization_id, sum(total_tokens) as tokens, sum(coalesce(nano_usd, 0)) as nano
      from ${ledger} where admitted_at >= ${from} and admitted_at < ${to} group by 1),
    rolled as (select organization_id, sum(total_tokens) as tokens, sum(spend_nano_usd) as nano
      from ${rollups} where bucket_start >= ${from} and bucket_start < ${to} group by 1),
    hours as (select organization_id, sum(total_tokens) as tokens, sum(spend_nano_usd) as nano
      from ${teamRollups} where hour_start >= ${from} and hour_start < ${to} group by 1)
    select organization_id, coalesce(owed.nano, 0) as owed, coalesce(rolled.nano, 0) as rolled
    from owed full join rolled using (organization_id) full join hours using (organization_id)
    where (coalesce(owed.tokens, 0), coalesce(owed.nano, 0)) <> (coalesce(rolled.tokens, 0), coalesce(rolled.nano, 0))
      or (coalesce(owed.tokens, 0), coalesce(owed.nano, 0)) <> (coalesce(hours.tokens, 0), coalesce(hours.nano, 0))
    order by 1`);
  return rows.map((row) => ({
    organizationId: row.organization_id,
    ledgerNanoUsd: Number(row.owed),
    rollupsNanoUsd: Number(row.rolled),
  }));
}

export interface RepairOptions {
  /** The span to repair: an hour for quarters and units, whole days for the coarser levels. */
  readonly span: Span;
  /** The installation's limit for request-log rows, in days. Deleted rows cannot be counted again. Null: no limit. */
  readonly logDaysMax: number | null;
  readonly at: Date;
}

const SUMS = sql.raw(USAGE_SUMS.join(', '));
const COUNTS = USAGE_SUMS.slice(0, 5);
const AMOUNTS = USAGE_SUMS.slice(5);
const zero = (names: readonly string[]) => sql.raw(names.map((name) => `0::bigint as ${name}`).join(', '));

/**
 * Repairs the quarters of an hour. It adds the difference between the single rows and the stored sums, so that usage settled
 * meanwhile is kept. Triggers then update the coarser sums. Returns the organization of each corrected row.
 */
export function repairQuarters(db: Database, { span, logDaysMax, at }: RepairOptions): Promise<Apart<string>> {
  const [from, to] = [instantOf(span.fromMs), instantOf(span.toMs)];
  const bucket = sql.raw(`${quarterOf('admitted_at')} as bucket_start`);
  const people = sql`coalesce(member_id, '') as member_id, coalesce(service_account_id, '') as service_account_id`;
  // If an organization's log does not reach back to the start of the span, its counts are kept as they are in the rollups.
  const isWhole = sql`exists (select 1 from ${organizations} as o where o.id = organization_id and coalesce(
    ${at}::timestamptz - make_interval(days => least(${keptDays('event_retention_days')}, ${logDaysMax}::integer)) < ${from}, true))`;
  const wanted = sql`
    with ${providersOf(from, to)}
    select organization_id, ${bucket}, team_id, key_id, ${people}, called_name, coalesce(deployment_id, '') as deployment_id, provider,
      (case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end)::bigint as requests,
      (case when status = 'estimated' then count else 0 end)::bigint as estimated_requests,
      (case when status = 'refused' then count else 0 end)::bigint as refused_requests,
      (case when status = 'refused' then 0 else count end)::bigint as admitted,
      is_unpriced::integer::bigint as unpriced_requests, ${zero(AMOUNTS)}
    from counted where ${isWhole}
    union all
    select organization_id, ${bucket}, team_id, key_id, ${people}, called_name, deployment_id, provider, ${zero(COUNTS)},
      ${sql.raw(AMOUNTS.slice(0, -1).join(', '))}, coalesce(nano_usd, 0) as spend_nano_usd
    from ${ledger} where admitted_at >= ${from} and admitted_at < ${to}
    union all
    select ${sql.raw(ROLLUP_KEY.join(', '))}, ${sql.raw(COUNTS.join(', '))}, ${zero(AMOUNTS)}
    from ${rollups} where bucket_start >= ${from} and bucket_start < ${to} and not (${isWhole})`;
  const have = sql`select ${sql.raw(ROLLUP_KEY.join(', '))}, ${SUMS} from ${rollups} where bucket_start >= ${from} and bucket_start < ${to}`;
  const parts = organizationsIn(span, [
    [requestLog, 'admitted_at'],
    [ledger, 'admitted_at'],
    [rollups, 'bucket_start'],
  ]);
  return addDifference(db, { table: 'rollups', key: ROLLUP_KEY, sums: USAGE_SUMS, parts }, wanted, have);
}

/**
 * Repairs the sums of units without a column. A difference is not a drift: replicas of the previous version write the ledger
 * without these sums, which are added here. Returns the organization of each corrected row.
 */
export function repairUnits(db: Database, { span }: Pick<RepairOptions, 'span'>): Promise<Apart<string>> {
  const [from, to] = [instantOf(span.fromMs), instantOf(span.toMs)];
  const columns = sql.raw(UNIT_ROLLUP_COLUMNS.join(', '));
  const wanted = sql`
    with of_span as (select * from ${ledger} where admitted_at >= ${from} and admitted_at < ${to})
    select * from (${sql.raw(unitsOf('of_span'))}) as used (${columns})`;
  const have = sql`select ${columns} from ${unitRollups} where bucket_start >= ${from} and bucket_start < ${to}`;
  const parts = organizationsIn(span, [
    [ledger, 'admitted_at'],
    [unitRollups, 'bucket_start'],
  ]);
  return addDifference(db, { table: 'unit_rollups', key: UNIT_ROLLUP_KEY, sums: UNIT_ROLLUP_SUMS, parts }, wanted, have);
}

/**
 * Returns the rows of the log as `counted`, with the provider under which each was counted, and whether an entry lacks a price. The
 * provider is that of the ledger entries. A request without entries counts under its deployment's provider, or under none if an
 * existing rollup row has none. All of it is joined as sets: a look-up for each row costs as much as the rows of its key, and a key
 * can have a row for each name that it ever called.
 */
function providersOf(from: Date, to: Date): SQL {
  const request = ['organization_id', 'admitted_at', 'request_id'];
  const names = (of: readonly string[]) => sql.raw(of.join(', '));
  const blankKey = ROLLUP_KEY.filter((name) => name !== 'provider');
  const ofLog: Readonly<Record<string, string>> = {
    bucket_start: QUARTER_OF_LOG,
    member_id: `coalesce(l.member_id, '')`,
    service_account_id: `coalesce(l.service_account_id, '')`,
  };
  const same = (other: string, on: readonly string[]) =>
    sql.raw(on.map((name) => `${other}.${name} = ${ofLog[name] ?? `l.${name}`}`).join(' and '));
  return sql`owed as materialized (
      select ${names(request)}, deployment_id, min(provider) as provider, bool_or(nano_usd is null) as is_unpriced
      from ${ledger} where admitted_at >= ${from} and admitted_at < ${to} group by ${names(request)}, deployment_id),
    unpriced as materialized (select distinct ${names(request)} from owed where is_unpriced),
    blank as materialized (
      select ${names(blankKey)} from ${rollups} where bucket_start >= ${from} and bucket_start < ${to} and provider = '' and admitted > 0),
    counted as (
      select l.*, u.request_id is not null as is_unpriced,
        coalesce(o.provider, case when b.organization_id is not null then '' end, d.provider, '') as provider
      from ${requestLog} as l
        left join owed as o on ${same('o', [...request, 'deployment_id'])}
        left join unpriced as u on ${same('u', request)}
        left join blank as b on ${same('b', blankKey)}
        left join ${deployments} as d on d.id = l.deployment_id
      where l.admitted_at >= ${from} and l.admitted_at < ${to})`;
}

function quarterOf(column: string): string {
  return `date_bin('15 minutes', ${column}, timestamptz '2000-01-01 00:00:00+00')`;
}

const QUARTER_OF_LOG = quarterOf('l.admitted_at');

/**
 * Repairs hours by team, days by organization and the platform's quarters from the next finer level, because each can be wrong on
 * its own.
 */
export async function repairCoarser(db: Database, { span }: Pick<RepairOptions, 'span'>): Promise<Apart<string>> {
  const [from, to] = [instantOf(span.fromMs), instantOf(span.toMs)];
  const called = ['called_name', 'deployment_id', 'provider'];
  const hourKey = ['organization_id', 'hour_start', 'team_id', ...called];
  const hourParts = organizationsIn(span, [
    [rollups, 'bucket_start'],
    [teamRollups, 'hour_start'],
  ]);
  const hours = await addDifference(
    db,
    { table: 'team_rollups', key: hourKey, sums: USAGE_SUMS, parts: hourParts },
    sql`select organization_id, date_trunc('hour', bucket_start, 'UTC') as hour_start, team_id, ${sql.raw(called.join(', '))}, ${SUMS}
      from ${rollups} where bucket_start >= ${from} and bucket_start < ${to}`,
    sql`select organization_id, hour_start, team_id, ${sql.raw(called.join(', '))}, ${SUMS} from ${teamRollups}
      where hour_start >= ${from} and hour_start < ${to}`,
  );
  const dayParts = organizationsIn(span, [
    [teamRollups, 'hour_start'],
    [organizationDays, 'day_start'],
  ]);
  const days = await addDifference(
    db,
    { table: 'organization_days', key: ['organization_id', 'day_start'], sums: USAGE_SUMS, parts: dayParts },
    sql`select organization_id, date_trunc('day', hour_start, 'UTC') as day_start, ${SUMS} from ${teamRollups}
      where hour_start >= ${from} and hour_start < ${to}`,
    sql`select organization_id, day_start, ${SUMS} from ${organizationDays} where day_start >= ${from} and day_start < ${to}`,
  );
  const platform = await addDifference(
    db,
    { table: 'platform_rollups', key: ['bucket_start', ...called], sums: USAGE_SUMS, parts: quartersOf(span) },
    sql`select bucket_start, ${sql.raw(called.join(', '))}, ${SUMS} from ${rollups} where bucket_start >= ${from} and bucket_start < ${to}`,
    sql`select bucket_start, ${sql.raw(called.join(', '))}, ${SUMS} from ${platformRollups} where bucket_start >= ${from} and bucket_start < ${to}`,
  );
  return {
    done: [...hours.done, ...days.done, ...platform.done],
    passedOver: [...hours.passedOver, ...days.passedOver, ...platform.passedOver.map((at) => `the installation's sums of ${at}`)],
  };
}

/** The parts of a table that can be skipped if they cannot be added up, so that the rest can be repaired. */
interface Parts {
  readonly of: (db: Database) => Promise<readonly string[]>;
  readonly are: (only: readonly string[]) => SQL;
}

/** Returns as parts the organizations that have rows of a span in any of these tables. */
function organizationsIn({ fromMs, toMs }: Span, sources: readonly (readonly [table: PgTable | PgView, at: string])[]): Parts {
  const within = sources.map(([table, at]) => {
    const column = sql.identifier(at);
    return sql`select organization_id from ${table} where ${column} >= ${instantOf(fromMs)} and ${column} < ${instantOf(toMs)}`;
  });
  return {
    of: async (db) => {
      const { rows } = await db.execute<{ id: string }>(
        sql`select distinct organization_id as id from (${sql.join(within, sql` union all `)}) as any_of order by 1`,
      );
      return rows.map(({ id }) => id);
    },
    are: (only) => sql`organization_id = any(${sql.param([...only])}::text[])`,
  };
}

/** Returns as parts the quarters of a span, for the sums over all organizations. */
function quartersOf({ fromMs, toMs }: Span): Parts {
  const instants = Array.from({ length: Math.ceil((toMs - fromMs) / QUARTER_MS) }, (_, index) =>
    instantOf(fromMs + index * QUARTER_MS).toISOString(),
  );
  return {
    of: async () => instants,
    are: (only) => sql`bucket_start = any(${sql.param([...only])}::timestamptz[])`,
  };
}

/** A table of sums: its key columns, its sum columns, and the parts that can be skipped. */
interface Sums {
  readonly table: string;
  readonly key: readonly string[];
  readonly sums: readonly string[];
  readonly parts: Parts;
}

/**
 * Adds the difference between wanted and stored sums to a table. Returns the organization of each corrected row, '' for rows
 * without one. Skips parts that cannot be added up, and wanted sums of more than 16 digits. Such sums are not real, and in the
 * sums of the whole installation they would leave no room for others.
 */
function addDifference(db: Database, { table, key, sums, parts }: Sums, wanted: SQL, have: SQL): Promise<Apart<string>> {
  const names = sql.raw(key.join(', '));
  const summed = (from: SQL, type: string, where: SQL) => sql`
    select ${names}, ${sql.raw(sums.map((name) => `sum(${name})::${type} as ${name}`).join(', '))} from (${from}) as one ${where} group by ${names}`;
  const difference = sql.raw(sums.map((name) => `coalesce(w.${name}, 0) - coalesce(h.${name}, 0) as ${name}`).join(', '));
  const isAny = sql.raw(sums.map((name) => `coalesce(w.${name}, 0) <> coalesce(h.${name}, 0)`).join(' or '));
  const added = sql.raw(sums.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', '));
  const organization = key.includes('organization_id') ? sql`organization_id` : sql`''`;
  const statementFor = (where: SQL) => sql`
    insert into ${sql.identifier(table)} (${names}, ${sql.raw(sums.join(', '))})
    select ${names}, ${difference} from (${summed(wanted, 'numeric(16)::bigint', where)}) as w
      full join (${summed(have, 'bigint', where)}) as h using (${names})
    where ${isAny} order by ${names}
    on conflict (${names}) do update set ${added}
    returning ${organization} as organization_id`;
  return togetherOrApart(
    () => parts.of(db),
    (only) =>
      db.transaction(async (tx) => {
        // Without the lock, two concurrent repairs could both add the same difference.
        await tx.execute(sql`select pg_advisory_xact_lock(${REPAIR_LOCK})`);
        await tx.execute(JOIN_BY_HASH);
        const statement = statementFor(only === null ? sql`` : sql`where ${parts.are(only)}`);
        const { rows } = await tx.execute<{ organization_id: string }>(statement);
        return rows.map((row) => row.organization_id);
      }),
  );
}

/**
 * For the rest of a transaction. Without statistics, as in the embedded database, the planner expects few rows and would compare
 * each with many. What is switched off but needed costs so much on paper that every statement would be compiled, so that is off too.
 */
const JOIN_BY_HASH = sql`select set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`;

/** The advisory lock of repairs, any fixed number. */
const REPAIR_LOCK = '8245928655720973683';

/** Returns the hours of a UTC day. */
export function hoursOf(dayMs: number): readonly Span[] {
  return Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => ({
    fromMs: dayMs + hour * HOUR_MS,
    toMs: dayMs + (hour + 1) * HOUR_MS,
  }));
}
