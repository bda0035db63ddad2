/** Deletes names of callers that are past their retention: sums by end user and session, and the lists that bound names. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { keptDays, type Retention } from './retention.ts';

/** The shortest time for which sums by end user are kept, in days: their budgets of a month read them after a restart. */
const SUMS_DAYS_MIN = 35;
/** The time after which the names of a day or a month bound nothing: rows of it may be stored late. */
const BOUNDS_DAYS = 40;

/**
 * Deletes up to `most` sums by end user and session that are older than the organization keeps rows of requests. Those by tag and client
 * name no people, and stay. Returns the number of deleted rows.
 */
export async function dropNamedSums(
  db: Database,
  { at, logDaysMax }: Omit<Retention, 'archives'>,
  most: number,
): Promise<number> {
  const days = sql`greatest(least(${keptDays('event_retention_days')}, ${logDaysMax}::integer), ${SUMS_DAYS_MIN})`;
  const { rowCount } = await db.execute(sql`delete from attribution_rollups where ctid = any(array(
    select r.ctid from organizations as o join attribution_rollups as r on r.organization_id = o.id
    where r.kind in ('end_user', 'session') and least(${keptDays('event_retention_days')}, ${logDaysMax}::integer) is not null
      and r.bucket_start < ${at}::timestamptz - make_interval(days => ${days}) limit ${most}))`);
  return rowCount ?? 0;
}

/** Deletes up to `most` of the names that bounded a day or month long past, then their counts. Returns the number of deleted rows. */
export async function dropPastNames(db: Database, at: Date, most: number): Promise<number> {
  const before = sql`${at}::timestamptz - make_interval(days => ${BOUNDS_DAYS}) - case kind when 'tag' then interval '31 days' else interval '1 day' end`;
  let total = 0;
  for (const table of ['usage_names', 'usage_name_counts']) {
    const name = sql.identifier(table);
    const { rowCount } = await db.execute(
      sql`delete from ${name} where ctid = any(array(select ctid from ${name} where period < ${before} limit ${most}))`,
    );
    total += rowCount ?? 0;
  }
  return total;
}
