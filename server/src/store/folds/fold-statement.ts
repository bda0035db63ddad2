/** The statement that changes days and months of scopes: by quarters of an hour, by late rows, or by corrections. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../../domain/usage/folded-span.ts';
import type { Database } from '../database.ts';
import { rollups, scopeDays } from '../schema.ts';
import { instantOf } from '../usage/usage-rows.ts';

/**
 * The scopes that are folded together: organization and team, which have sums per hour (`wide`), or members and keys, which do
 * not.
 */
export type FoldedScopes = 'wide' | 'narrow';

/** The letter of each scope in the tables, and its column in the rollups. The column is null for the organization itself. */
const SCOPES: Readonly<Record<FoldedScopes, readonly (readonly [mark: string, column: string | null])[]>> = {
  wide: [
    ['o', null],
    ['t', 'team_id'],
  ],
  narrow: [
    ['u', 'member_id'],
    ['k', 'key_id'],
  ],
};

export interface FoldOf {
  readonly organizationId: string;
  readonly fold: number;
}

/**
 * Adds the quarters of these days or parts of days. Returns the number of changed day sums. Add each quarter only once: see
 * folds.ts.
 */
export async function addDays(tx: Database, of: FoldOf, scopes: FoldedScopes, days: readonly LocalDay[]): Promise<number> {
  if (days.length === 0) return 0;
  return move(tx, of, scopedSums(of.organizationId, scopes, days));
}

/** Corrects these days to the sums of the given parts of their quarters, and nothing else. Returns the number of wrong sums. */
export async function correctDays(tx: Database, of: FoldOf, scopes: FoldedScopes, days: readonly LocalDay[]): Promise<number> {
  if (days.length === 0) return 0;
  const marks = SCOPES[scopes].map(([mark]) => mark);
  const have = sql`select scope, scope_id, called_name, day, -requests, -tokens, -nano_usd from ${scopeDays}
    where organization_id = ${of.organizationId} and fold = ${of.fold} and scope = any(${sql.param(marks)}::text[])
    and day = any(${sql.param([...new Set(days.map(({ day }) => day))])}::date[])`;
  return move(tx, of, sql`${scopedSums(of.organizationId, scopes, days)} union all ${have}`);
}

/** Returns a query with rows of `scope`, `scope_id`, `called_name`, `day` and three sums. */
function scopedSums(organizationId: string, scopes: FoldedScopes, days: readonly LocalDay[]): SQL {
  const columns = SCOPES[scopes].flatMap(([, column]) => (column === null ? [] : [column]));
  const dimensions = sql.raw([...columns, 'called_name'].map((name) => `r.${name}`).join(', '));
  return sql`select s.scope, s.scope_id, n.called_name, used.day, used.requests, used.tokens, used.nano_usd
    from (select d.day, ${dimensions}, sum(r.admitted)::bigint as requests, sum(r.total_tokens)::bigint as tokens,
        sum(r.spend_nano_usd)::bigint as nano_usd
      from unnest(${sql.param(days.map(({ day }) => day))}::date[],
        ${sql.param(days.map(({ startMs }) => instantOf(startMs).toISOString()))}::timestamptz[],
        ${sql.param(days.map(({ endMs }) => instantOf(endMs).toISOString()))}::timestamptz[]) as d(day, since, before)
      join ${rollups} as r on r.organization_id = ${organizationId} and r.bucket_start >= d.since and r.bucket_start < d.before
        -- Constant, so that the planner sees how little of a large table this is.
        and r.bucket_start >= ${instantOf(Math.min(...days.map(({ startMs }) => startMs)))} and r.bucket_start < ${instantOf(Math.max(...days.map(({ endMs }) => endMs)))}
      group by d.day, ${dimensions}) as used,
    ${sql.raw(eachScope(scopes, 'used'))}`;
}

/**
 * Returns SQL that expands a source with the columns of the rollups: a row per scope, for the called name and for all names
 * together.
 */
export function eachScope(scopes: FoldedScopes, source: string): string {
  const values = SCOPES[scopes].map(([mark, column]) => `('${mark}', ${column === null ? "''" : `${source}.${column}`})`);
  return `lateral (values ${values.join(', ')}) as s(scope, scope_id),
    unnest(case when ${source}.called_name = '' then array[''] else array['', ${source}.called_name] end) as n(called_name)
    where (s.scope = 'o' or s.scope_id <> '')`;
}

async function move(tx: Database, { organizationId, fold }: FoldOf, moves: SQL): Promise<number> {
  const { rows } = await tx.execute<{ moved: number }>(sql`
    with moves (scope, scope_id, called_name, day, requests, tokens, nano_usd) as (${moves}),
    scoped as materialized (
      select ${organizationId}::text as organization_id, ${fold}::integer as fold, scope, scope_id, called_name, day,
        sum(requests)::bigint as requests, sum(tokens)::bigint as tokens, sum(nano_usd)::bigint as nano_usd
      from moves group by scope, scope_id, called_name, day
      having sum(requests) <> 0 or sum(tokens) <> 0 or sum(nano_usd) <> 0
    ), ${sql.raw(ADDED)}
    select count(*)::integer as moved from scoped`);
  return rows[0]?.moved ?? 0;
}

const ADD = (table: string) => `do update set requests = ${table}.requests + excluded.requests,
  tokens = ${table}.tokens + excluded.tokens, nano_usd = ${table}.nano_usd + excluded.nano_usd`;
const KEY = 'organization_id, fold, scope, scope_id, called_name';

/** SQL that adds the rows of `scoped` to days and months. Sorted, so that concurrent statements cannot deadlock. */
export const ADDED = `in_days as (
  insert into scope_days (${KEY}, day, requests, tokens, nano_usd)
  select ${KEY}, day, requests, tokens, nano_usd from scoped order by ${KEY}, day
  on conflict (${KEY}, day) ${ADD('scope_days')}
),
in_months as (
  insert into scope_months (${KEY}, month, requests, tokens, nano_usd)
  select ${KEY}, date_trunc('month', day)::date as month, sum(requests), sum(tokens), sum(nano_usd) from scoped
  group by ${KEY}, month order by ${KEY}, month
  on conflict (${KEY}, month) ${ADD('scope_months')}
)`;
