/**
 * Moves an organization's use from quarters of an hour into days and months of its time zone. Each step is one transaction that holds the
 * organization's mark: what is before it is in the days, what is after it in the quarters, at any instant and whatever is written meanwhile.
 *
 * Rows that are settled in time are after the mark, because the fold stays an hour behind. Who brings a row half an hour late holds the mark
 * for its own transaction and adds the row to both where the mark has passed it (late-rows.ts).
 */
import { sql } from 'drizzle-orm';
import { localDayAt, localDays, localMonthStartMs } from '../../domain/usage/folded-span.ts';
import type { Database } from '../database.ts';
import { organizations, rollups, scopeDays, scopeMarks, scopeMonths } from '../schema.ts';
import { HOUR_MS, instantOf, QUARTER_MS } from '../usage/usage-rows.ts';
import { addDays, correctDays } from './fold-statement.ts';

/** How far an organization is folded; see scope_marks. Instants in milliseconds. */
export interface FoldMark {
  readonly organizationId: string;
  readonly fold: number;
  readonly timeZone: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The fold stays this far behind the database's clock. */
export const FOLD_BEHIND_MS = HOUR_MS;
/** One step reads about so many quarters; at least one quarter, or one day of the past, is a step however many it has. */
const ROWS_FORWARD = 20_000;
const ROWS_BACK = 20_000;

export interface FoldOptions {
  readonly organizationId: string;
  readonly nowMs: number;
  /** Smaller in tests. */
  readonly rowsMax?: number;
}

/** Until where days of organization and team reach: quarters of an hour that is not over are in no row of hours alone. */
export function wideUntilMs({ sinceMs, untilMs }: Pick<FoldMark, 'sinceMs' | 'untilMs'>): number {
  return Math.max(sinceMs, Math.floor(untilMs / HOUR_MS) * HOUR_MS);
}

/**
 * One step forward, up to an hour before `nowMs` at most. Begins the organization's first fold where there is none, and another one where its
 * time zone has changed. `done`: nothing older than an hour is left to fold.
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

/** One step back, the newest days first, until the organization's first request. `done`: all of its past is folded. */
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
    // The day of the last quarter that fits may have more before it, so it is left to the next step; but for a day that is too large by itself.
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

/** Makes the days of a span, as far as they are folded, say what their quarters say. Returns how many sums were wrong. */
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

/** Sets the mark back, so that everything is folded anew: from now on the past is read from quarters, and is right. */
export function foldAnew(db: Database, organizationId: string, nowMs: number): Promise<void> {
  return withMark(db, organizationId, async (tx, mark) => {
    const timeZone = await zoneOf(tx, organizationId);
    if (timeZone !== null) await begin(tx, mark, timeZone, nowMs);
  });
}

/** Deletes up to `most` rows of folds that are over. Returns how many. */
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

/** Makes the mark where it is missing, locks it until the transaction ends, and hands it on as it is then. */
function withMark<T>(db: Database, organizationId: string, work: (tx: Database, mark: FoldMark) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.insert(scopeMarks).values({ organizationId }).onConflictDoNothing();
    const [row] = await tx.select().from(scopeMarks).where(sql`${scopeMarks.organizationId} = ${organizationId}`).for('update');
    if (row === undefined) throw new Error('the mark of an organization is gone');
    const { fold, timeZone, since, until } = row;
    return work(tx, { organizationId, fold, timeZone, sinceMs: since.getTime(), untilMs: until.getTime() });
  });
}

/**
 * The next fold: nothing is folded yet. It goes on from the present month, and back from there; an organization whose first request is of this
 * month has nothing before. Null where there is nothing to fold.
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
  /** So many rows further. */
  readonly skip: number;
}

/** The quarter of one row of the organization's rollups within a span; null where there are not so many. */
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
