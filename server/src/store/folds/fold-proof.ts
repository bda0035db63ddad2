/**
 * Finds organizations with quarters to fold, and checks folded sums against the rollups. It compares sums of whole organizations:
 * a row that the fold missed is missing there as well as in its team, user and key.
 */
import { sql } from 'drizzle-orm';
import { localDayAt } from '../../domain/usage/folded-span.ts';
import type { Database } from '../database.ts';
import { organizationDays, organizations, rollups, scopeDays, scopeMarks, scopeMonths, teamRollups } from '../schema.ts';
import { DAY_MS, instantOf } from '../usage/usage-rows.ts';
import { type FoldMark, wideUntilMs } from './folds.ts';

/** Returns the time of the database's clock, in milliseconds, which the fold uses. */
export async function databaseNowMs(db: Database): Promise<number> {
  const { rows } = await db.execute<{ at_ms: number }>(sql`select (extract(epoch from now()) * 1000)::float8 as at_ms`);
  return rows[0]?.at_ms ?? 0;
}

/**
 * Returns up to `most` organizations by id, after `after`, that have quarters before `beforeMs` to fold or refold in a new time
 * zone.
 */
export async function toFoldAfter(
  db: Database,
  { beforeMs, after, most }: { readonly beforeMs: number; readonly after: string; readonly most: number },
): Promise<readonly string[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    select o.id from ${organizations} as o left join ${scopeMarks} as m on m.organization_id = o.id
    where o.id > ${after} and exists (select from ${rollups} as r where r.organization_id = o.id and r.bucket_start < ${instantOf(beforeMs)}
      and r.bucket_start >= case when m.fold > 0 and m.time_zone = o.time_zone then m.until else '-infinity' end)
    order by o.id limit ${most}`);
  return rows.map(({ id }) => id);
}

/**
 * Returns the organization with the least folded past, except `but`. Null if all others are folded back to their first request.
 */
export async function nextToFill(db: Database, but: readonly string[] = []): Promise<string | null> {
  const { rows } = await db.execute<{ id: string }>(sql`
    select organization_id as id from ${scopeMarks} where since > '1970-01-01 00:00:00+00'
      and organization_id <> all(${sql.param([...but])}::text[]) order by since desc limit 1`);
  return rows[0]?.id ?? null;
}

/** The delay of the fold, and the number of organizations that are not folded back to their first request. */
export interface FoldLag {
  /** The time for which the oldest unfolded quarter is overdue. 0 if none is. */
  readonly behindMs: number;
  readonly unfilled: number;
}

export async function foldLag(db: Database): Promise<FoldLag> {
  const { rows } = await db.execute<{ behind_ms: number | null; unfilled: number }>(sql`
    select (select extract(epoch from now() - interval '1 hour' - min(next.bucket_start)) * 1000 from ${scopeMarks} as m, lateral (
        select bucket_start from ${rollups} as r where r.organization_id = m.organization_id and r.bucket_start >= m.until
          and r.bucket_start < now() - interval '75 minutes' order by bucket_start limit 1) as next where m.fold > 0)::float8 as behind_ms,
      (select count(*) from ${scopeMarks} where since > '1970-01-01 00:00:00+00')::integer as unfilled`);
  return { behindMs: Math.max(0, rows[0]?.behind_ms ?? 0), unfilled: rows[0]?.unfilled ?? 0 };
}

const RECENT_DAYS = 3;

/** Returns the marks of up to `most` organizations with usage in the last days, by id, after `after`. */
export async function recentMarksAfter(
  db: Database,
  { nowMs, after, most }: { readonly nowMs: number; readonly after: string; readonly most: number },
): Promise<readonly FoldMark[]> {
  return marksWhere(
    db,
    sql`organization_id > ${after} and fold > 0 and exists (select from ${organizationDays} as d
      where d.organization_id = scope_marks.organization_id and d.day_start > ${instantOf(nowMs - (RECENT_DAYS + 1) * DAY_MS)})`,
    most,
  );
}

/** Returns the marks of up to `most` organizations that are folded back to their first request, by id, after `after`. */
export function wholeMarksAfter(db: Database, after: string, most: number): Promise<readonly FoldMark[]> {
  return marksWhere(db, sql`organization_id > ${after} and fold > 0 and since = '1970-01-01 00:00:00+00'`, most);
}

async function marksWhere(db: Database, condition: ReturnType<typeof sql>, most: number): Promise<readonly FoldMark[]> {
  const rows = await db.select().from(scopeMarks).where(condition).orderBy(scopeMarks.organizationId).limit(most);
  return rows.map(({ organizationId, fold, timeZone, since, until }) => ({
    ...{ organizationId, fold, timeZone },
    ...{ sinceMs: since.getTime(), untilMs: until.getTime() },
  }));
}

/** Returns the start of the last days to compare, in the time zone of a mark. */
export function recentFromMs({ timeZone, sinceMs }: FoldMark, nowMs: number): number {
  return Math.max(sinceMs, localDayAt(timeZone, nowMs - (RECENT_DAYS - 1) * DAY_MS).startMs);
}

/** Returns the marks whose sums of the last days differ from the sums of their hours. */
export async function recentDrifts(db: Database, marks: readonly FoldMark[], nowMs: number): Promise<readonly FoldMark[]> {
  const asked = marks
    .map((mark) => ({ mark, fromMs: recentFromMs(mark, nowMs) }))
    .filter(({ mark, fromMs }) => fromMs < wideUntilMs(mark));
  if (asked.length === 0) return [];
  const column = (of: (one: (typeof asked)[number]) => string) => sql.param(asked.map(of));
  const firstHour = sql`date_trunc('hour', q.since + interval '3599.999 seconds', 'UTC')`;
  const lastHour = sql`greatest(date_trunc('hour', m.until, 'UTC'), m.since)`;
  const { rows } = await db.execute<{ id: string }>(sql`
    select q.organization_id as id from unnest(${column(({ mark }) => mark.organizationId)}::text[],
        ${column(({ mark, fromMs }) => localDayAt(mark.timeZone, fromMs).day)}::date[],
        ${column(({ fromMs }) => instantOf(fromMs).toISOString())}::timestamptz[]) as q(organization_id, day, since)
      join ${scopeMarks} as m on m.organization_id = q.organization_id,
      lateral (select coalesce(sum(requests), 0) as requests, coalesce(sum(tokens), 0) as tokens, coalesce(sum(nano_usd), 0) as nano_usd
        from ${scopeDays} as d where d.organization_id = q.organization_id and d.fold = m.fold and d.scope = 'o' and d.scope_id = ''
          and d.called_name = '' and d.day >= q.day) as folded,
      lateral (select coalesce(sum(admitted), 0) as requests, coalesce(sum(total_tokens), 0) as tokens, coalesce(sum(spend_nano_usd), 0) as nano_usd
        from (select admitted, total_tokens, spend_nano_usd from ${teamRollups} as h where h.organization_id = q.organization_id
            and h.hour_start >= ${firstHour} and h.hour_start < ${lastHour}
          union all select admitted, total_tokens, spend_nano_usd from ${rollups} as r where r.organization_id = q.organization_id
            and r.bucket_start >= q.since and r.bucket_start < least(${firstHour}, ${lastHour})) as rolled) as rolled
    where (folded.requests, folded.tokens, folded.nano_usd) <> (rolled.requests, rolled.tokens, rolled.nano_usd)`);
  return byIds(marks, rows);
}

/** Returns the marks, of those folded back to the first request, whose sums of months differ from the rollups of all time. */
export async function wholeDrifts(db: Database, marks: readonly FoldMark[]): Promise<readonly FoldMark[]> {
  if (marks.length === 0) return [];
  const until = sql`date_trunc('hour', m.until, 'UTC')`;
  const lastDay = sql`date_trunc('day', m.until, 'UTC')`;
  const { rows } = await db.execute<{ id: string }>(sql`
    select m.organization_id as id from ${scopeMarks} as m,
      lateral (select coalesce(sum(requests), 0) as requests, coalesce(sum(tokens), 0) as tokens, coalesce(sum(nano_usd), 0) as nano_usd
        from ${scopeMonths} as d where d.organization_id = m.organization_id and d.fold = m.fold and d.scope = 'o' and d.scope_id = ''
          and d.called_name = '') as folded,
      lateral (select coalesce(sum(admitted), 0) as requests, coalesce(sum(total_tokens), 0) as tokens, coalesce(sum(spend_nano_usd), 0) as nano_usd
        from (select admitted, total_tokens, spend_nano_usd from ${organizationDays} as d where d.organization_id = m.organization_id
            and d.day_start < ${lastDay}
          union all select admitted, total_tokens, spend_nano_usd from ${teamRollups} as h where h.organization_id = m.organization_id
            and h.hour_start >= ${lastDay} and h.hour_start < ${until}) as rolled) as rolled
    where m.organization_id = any(${sql.param(marks.map(({ organizationId }) => organizationId))}::text[])
      and m.since = '1970-01-01 00:00:00+00'
      and (folded.requests, folded.tokens, folded.nano_usd) <> (rolled.requests, rolled.tokens, rolled.nano_usd)`);
  return byIds(marks, rows);
}

function byIds(marks: readonly FoldMark[], rows: readonly { readonly id: string }[]): readonly FoldMark[] {
  const ids = new Set(rows.map(({ id }) => id));
  return marks.filter(({ organizationId }) => ids.has(organizationId));
}
