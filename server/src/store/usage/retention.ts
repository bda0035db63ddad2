/** Deletes expired rows of the request log and of stored content. The ledger, rollups and audit events are never deleted. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import type { Partition } from '../partitions.ts';
import { organizations } from '../schema.ts';

/** The tables whose rows are kept for a time that each organization sets. */
export const RETAINED_TABLES = ['request_records', 'request_log', 'request_content'] as const;
export type RetainedTable = (typeof RETAINED_TABLES)[number];

export interface Retention {
  readonly at: Date;
  /** The installation's limit for request-log rows, in days. Null: none. */
  readonly logDaysMax: number | null;
  /**
   * True if whole months of the request log go to an archive at the installation's limit. Then single rows are deleted only for
   * organizations with a limit of their own.
   */
  readonly archives?: boolean;
}

/**
 * Returns SQL for the retention in days of an organization `o`, from this column. Null means for ever. A number outside 1 to
 * 36,500 also counts as null, because a timestamp out of range would fail the statement for every organization.
 */
export function keptDays(column: 'event_retention_days' | 'content_retention_days'): SQL {
  const name = sql.raw(`o.${column}`);
  return sql`(case when ${name} between 1 and 36500 then ${name} end)`;
}

/**
 * Returns SQL for the time before which an organization keeps nothing. Null means that it keeps everything. Content expires at
 * the latest with its request-log row, and at once if its key is destroyed.
 */
function cutoff(table: RetainedTable, { at, logDaysMax, archives = false }: Retention): SQL {
  const own = keptDays('event_retention_days');
  const logDays = sql`least(${own}, ${logDaysMax}::integer)`;
  const rowDays = archives ? sql`(case when ${own} is not null then ${logDays} end)` : logDays;
  const days = table !== 'request_content' ? rowDays : sql`least(${keptDays('content_retention_days')}, ${logDays})`;
  const kept = sql`${at}::timestamptz - make_interval(days => ${days})`;
  return table !== 'request_content' ? kept : sql`case when o.content_key is null then ${at}::timestamptz else ${kept} end`;
}

/** Returns SQL for the id of the organization `o` as a table stores it. */
function idIn(table: RetainedTable): SQL {
  return table === 'request_records' ? sql`short_id('org', o.id)` : sql`o.id`;
}

/** A whole month is dropped only this long after its end, because a replica may deliver rows late. */
const LATE_MS = 7 * 86_400_000;

/** Reports whether a whole month is past the installation's limit, so that it can go to an archive. */
export function isPastLimit({ endMs }: Partition, at: Date, logDaysMax: number): boolean {
  return endMs + Math.max(LATE_MS, logDaysMax * 86_400_000) <= at.getTime();
}

/** Reports whether no organization keeps any row of a month, so that it can be dropped. False until 7 days after its end. */
export async function isSpent(db: Database, table: RetainedTable, part: Partition, retention: Retention): Promise<boolean> {
  if (part.endMs + LATE_MS > retention.at.getTime()) return false;
  const before = cutoff(table, retention);
  const { rows } = await db.execute<{ is_kept: boolean }>(sql`select exists (
    select 1 from ${organizations} as o where (${before} is null or ${before} < ${new Date(part.endMs)})
      and exists (select 1 from ${sql.identifier(part.name)} as p where p.organization_id = ${idIn(table)}
        and p.admitted_at >= coalesce(${before}, '-infinity'))) as is_kept`);
  return rows[0]?.is_kept === false;
}

/** Deletes up to `most` expired rows of one month. Returns the number of deleted rows. */
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
    select p.ctid from ${organizations} as o join ${name} as p on p.organization_id = ${idIn(table)}
    where ${before} is not null and p.admitted_at < ${before} limit ${most}))`);
  return rowCount ?? 0;
}
