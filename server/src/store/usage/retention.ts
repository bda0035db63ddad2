/** Which rows of the request log and of stored content are kept no longer. The ledger, rollups and audit events are never taken away. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import type { Partition } from '../partitions.ts';
import { organizations } from '../schema.ts';

/** What is kept for a time that each organization says. */
export const RETAINED_TABLES = ['request_log', 'request_content'] as const;
export type RetainedTable = (typeof RETAINED_TABLES)[number];

export interface Retention {
  readonly at: Date;
  /** The installation's own bound on request-log rows; null: none. */
  readonly logDaysMax: number | null;
}

/**
 * How many days an organization `o` keeps what it says in this column; null: for ever, also where the number is none that can be set, since
 * an instant beyond all times would fail the statement for every organization.
 */
export function keptDays(column: 'event_retention_days' | 'content_retention_days'): SQL {
  const name = sql.raw(`o.${column}`);
  return sql`(case when ${name} between 1 and 36500 then ${name} end)`;
}

/**
 * The instant before which an organization keeps nothing; null: it keeps everything. Content goes at the latest with the row it belongs to,
 * and at once where the key it was sealed with is destroyed.
 */
function cutoff(table: RetainedTable, { at, logDaysMax }: Retention): SQL {
  const logDays = sql`least(${keptDays('event_retention_days')}, ${logDaysMax}::integer)`;
  const days = table === 'request_log' ? logDays : sql`least(${keptDays('content_retention_days')}, ${logDays})`;
  const kept = sql`${at}::timestamptz - make_interval(days => ${days})`;
  return table === 'request_log' ? kept : sql`case when o.content_key is null then ${at}::timestamptz else ${kept} end`;
}

/** A month is dropped whole only this long after its end: a replica that was away may still bring rows of it. */
const LATE_MS = 7 * 86_400_000;

/** Whether nothing in a month is kept by any organization. */
export async function isSpent(db: Database, table: RetainedTable, part: Partition, retention: Retention): Promise<boolean> {
  if (part.endMs + LATE_MS > retention.at.getTime()) return false;
  const before = cutoff(table, retention);
  const { rows } = await db.execute<{ is_kept: boolean }>(sql`select exists (
    select 1 from ${organizations} as o where (${before} is null or ${before} < ${new Date(part.endMs)})
      and exists (select 1 from ${sql.identifier(part.name)} as p where p.organization_id = o.id
        and p.admitted_at >= coalesce(${before}, '-infinity'))) as is_kept`);
  return rows[0]?.is_kept === false;
}

/** Takes away up to `most` rows of one month that their organizations do not keep. Returns how many. */
export async function dropRows(
  db: Database,
  table: RetainedTable,
  part: Partition,
  retention: Retention,
  most: number,
): Promise<number> {
  const name = sql.identifier(part.name);
  const before = cutoff(table, retention);
  const { rowCount } = await db.execute(sql`delete from ${name} where ctid = any(array(
    select p.ctid from ${organizations} as o join ${name} as p on p.organization_id = o.id
    where ${before} is not null and p.admitted_at < ${before} limit ${most}))`);
  return rowCount ?? 0;
}
