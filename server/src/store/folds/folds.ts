/**
 * Folds an organization's usage from quarters of an hour into days and months of its time zone. Each step is one transaction that
 * locks the organization's mark. At any time, usage before the mark is in the days and usage after it only in the quarters.
 *
 * The fold stays an hour behind, so rows that settle in time come after the mark. A writer of a row that is half an hour late
 * locks the mark in its own transaction. If the mark has passed the row, it adds the row to days and quarters (late-rows.ts).
 */
import { sql } from 'drizzle-orm';
import { localDayAt, localDays, localMonthStartMs } from '../../domain/usage/folded-span.ts';
import type { Database } from '../database.ts';
import { organizations, rollups, scopeDays, scopeMarks, scopeMonths } from '../schema.ts';
import { HOUR_MS, instantOf, QUARTER_MS } from '../usage/usage-rows.ts';
import { addDays, correctDays } from './fold-statement.ts';

/** The mark of an organization, a row of scope_marks. Times are in milliseconds. */
export interface FoldMark {
  readonly organizationId: string;
  readonly fold: number;
  readonly timeZone: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The delay of the fold behind the database's clock. */
export const FOLD_BEHIND_MS = HOUR_MS;
/**
 * The approximate number of rows that one step reads. A step is at least one quarter, or one day of the past, however many rows
 * it has.
 */
const ROWS_FORWARD = 20_000;
const ROWS_BACK = 20_000;

export interface FoldOptions {
  readonly organizationId: string;
  readonly nowMs: number;
  /** The rows of one step, smaller in tests. */
  readonly rowsMax?: number;
}

/**
 * Returns the end of the folded days of organization and team: the last whole hour, because their sums per hour include later
 * quarters.
 */
export function wideUntilMs({ sinceMs, untilMs }: Pick<FoldMark, 'sinceMs' | 'untilMs'>): number {
  return Math.max(sinceMs, Math.floor(untilMs / HOUR_MS) * HOUR_MS);
}

/**
 * Folds one step forward, at most up to an hour before `nowMs`. Starts the organization's first fold if there is none, and a new
 * one if its time zone has changed. `done` means that nothing older than an hour is left to fold.
 */
export function foldForward(db: Database, options: FoldOptions): Promise<'done' | 'more'> {
  const { organizationId, nowMs, rowsMax = ROWS_FORWARD } = options;
  const targetMs = Math.floor((nowMs - FOLD_BEHIND_MS) / QUARTER_MS) * QUARTER_MS;
  return withMark(db, organizationId, async (tx, found) => {
    const timeZone = await zoneOf(tx, organizationId);
    if (timeZone === null) return 'done';
    const isFit = found.fold > 0 && found.timeZone === timeZone;
    const mark = isFit ? found : await begin(tx, found, timeZone, nowMs);
    if (mark === null) return 'done';
    const nextMs = await bucketAt(tx, mark, { fromMs: mark.untilMs, toMs: targetMs, order: 'asc', skip: 0 });
    if (nextMs === null) return 'done';
    const lastMs = await bucketAt(tx, mark, { fromMs: nextMs, toMs: targetMs, order: 'asc', skip: rowsMax });
    const untilMs = lastMs === null ? targetMs : Math.max(lastMs, nextMs + QUARTER_MS);
    const next = { ...mark, untilMs };
    await addDays(tx, mark, 'narrow', localDays(timeZone, Math.max(mark.untilMs, nextMs), untilMs));
    await addDays(tx, mark, 'wide', localDays(timeZone, wideUntilMs(mark), wideUntilMs(next)));
    await setMark(tx, next);
    return lastMs === null ? 'done' : 'more';
  });
}

/**
 * Folds one step back, newest days first, down to the organization's first request. `done` means that all of its past is folded.
 */
export function foldBack(
  db: Database,
  { organizationId, rowsMax = ROWS_BACK }: Omit<FoldOptions, 'nowMs'>,
): Promise<'done' | 'more'> {
  return withMark(db, organizationId, async (tx, mark) => {
    if (mark.fold === 0 || mark.sinceMs === 0) return 'done';
    const before = { fromMs: 0, toMs: mark.sinceMs };
    const farMs = await bucketAt(tx, mark, { ...before, order: 'desc', skip: rowsMax });
    const firstMs = await bucketAt(tx, mark, { ...before, order: 'asc', skip: 0 });
    const { timeZone } = mark;
    // The day of the last quarter that fits may have earlier quarters, so the next step takes it. A day that alone is too large
    // is one step.
    const sinceMs =
      farMs === null ? 0 : Math.min(localDayAt(timeZone, farMs).endMs, localDayAt(timeZone, mark.sinceMs - 1).startMs);
    const fromMs = sinceMs > 0 ? sinceMs : firstMs === null ? mark.sinceMs : localDayAt(timeZone, firstMs).startMs;
    const days = localDays(timeZone, fromMs, mark.sinceMs);
    await addDays(tx, mark, 'narrow', days);
    await addDays(tx, mark, 'wide', days);
    await setMark(tx, { ...mark, sinceMs });
    return sinceMs === 0 ? 'done' : 'more';
  });
}

/** Corrects the folded days of a span to the sums of their quarters. Returns the number of wrong sums. */
export function correctFold(
  db: Database,
  organizationId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<number> {
  return withMark(db, organizationId, async (tx, mark) => {
    if (mark.fold === 0) return 0;
    const startMs = Math.max(mark.sinceMs, localDayAt(mark.timeZone, fromMs).startMs);
    const endMs = localDayAt(mark.timeZone, toMs).endMs;
    const within = (untilMs: number) => localDays(mark.timeZone, startMs, Math.min(endMs, untilMs));
    const narrow = await correctDays(tx, mark, 'narrow', within(mark.untilMs));
    return narrow + (await correctDays(tx, mark, 'wide', within(wideUntilMs(mark))));
  });
}

/** Starts a new fold, which discards the old one. Until it is done, counters read their past from the quarters. */
export function foldAnew(db: Database, organizationId: string, nowMs: number): Promise<void> {
  return withMark(db, organizationId, async (tx, mark) => {
    const timeZone = await zoneOf(tx, organizationId);
    if (timeZone !== null) await begin(tx, mark, timeZone, nowMs);
  });
}

/** Deletes up to `most` rows of old folds from each of the two tables. Returns the number of deleted rows. */
export async function dropOldFolds(db: Database, most: number): Promise<number> {
  let dropped = 0;
  for (const table of [scopeDays, scopeMonths]) {
    const { rowCount } = await db.execute(sql`delete from ${table} where ctid = any(array(
      select d.ctid from ${scopeMarks} as m join ${table} as d on d.organization_id = m.organization_id and d.fold < m.fold
      where m.fold > 1 limit ${most}))`);
    dropped += rowCount ?? 0;
  }
  return dropped;
}

/** Runs work in a transaction with the organization's mark locked. Creates a missing mark. */
function withMark<T>(db: Database, organizationId: string, work: (tx: Database, mark: FoldMark) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.insert(scopeMarks).values({ organizationId }).onConflictDoNothing();
    const [row] = await tx.select().from(scopeMarks).where(sql`${scopeMarks.organizationId} = ${organizationId}`).for('update');
    if (row === undefined) throw new Error('the fold mark of the organization is missing');
    const { fold, timeZone, since, until } = row;
    return work(tx, { organizationId, fold, timeZone, sinceMs: since.getTime(), untilMs: until.getTime() });
  });
}

/**
 * Starts the next fold, in which nothing is folded yet. It starts at the present month and later goes back from there. An
 * organization whose first request is in this month has no earlier past. Returns null if there is nothing to fold.
 */
async function begin(
  tx: Database,
  { organizationId, fold }: FoldMark,
  timeZone: string,
  nowMs: number,
): Promise<FoldMark | null> {
  const firstMs = await bucketAt(tx, { organizationId }, { fromMs: 0, toMs: nowMs, order: 'asc', skip: 0 });
  if (firstMs === null) return null;
  const monthMs = localMonthStartMs(timeZone, nowMs - FOLD_BEHIND_MS);
  const isNew = firstMs >= monthMs;
  const untilMs = isNew ? localDayAt(timeZone, firstMs).startMs : monthMs;
  const mark = { organizationId, fold: fold + 1, timeZone, sinceMs: isNew ? 0 : monthMs, untilMs };
  await setMark(tx, mark);
  return mark;
}

async function setMark(tx: Database, { organizationId, fold, timeZone, sinceMs, untilMs }: FoldMark): Promise<void> {
  await tx
    .update(scopeMarks)
    .set({ fold, timeZone, since: instantOf(sinceMs), until: instantOf(untilMs) })
    .where(sql`${scopeMarks.organizationId} = ${organizationId}`);
}

async function zoneOf(tx: Database, organizationId: string): Promise<string | null> {
  const [row] = await tx
    .select({ timeZone: organizations.timeZone })
    .from(organizations)
    .where(sql`${organizations.id} = ${organizationId}`);
  return row?.timeZone ?? null;
}

interface BucketQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly order: 'asc' | 'desc';
  /** The number of rows to skip. */
  readonly skip: number;
}

/** Returns the quarter of one row of the organization's rollups within a span, or null if there are not that many rows. */
async function bucketAt(
  tx: Database,
  { organizationId }: Pick<FoldMark, 'organizationId'>,
  { fromMs, toMs, order, skip }: BucketQuestion,
): Promise<number | null> {
  const { rows } = await tx.execute<{ at_ms: string }>(sql`
    select (extract(epoch from bucket_start) * 1000)::bigint::text as at_ms from ${rollups}
    where organization_id = ${organizationId} and bucket_start >= ${instantOf(fromMs)} and bucket_start < ${instantOf(toMs)}
    order by bucket_start ${sql.raw(order)} offset ${skip} limit 1`);
  const [row] = rows;
  return row === undefined ? null : Number(row.at_ms);
}
