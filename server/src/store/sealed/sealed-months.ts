/** Seals closed months of the ledger, and compares seals with what the ledger has. */
import { and, asc, desc, eq, gt, or, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { partitionsOf } from '../partitions.ts';
import { organizationDays, sealedMonths } from '../schema.ts';
import { addUp, monthAfter, type SealedSums, startOf } from './sealed-entries.ts';

/** A month is sealed when so many further months are over. */
const MONTHS_OPEN = 2;
/** Later entries are looked for in the seals of this many months. */
const MONTHS_WATCHED = 13;
/** No transaction that stores entries takes longer. An entry has the time at which its transaction began. */
const STORED_WITHIN_MS = 3_600_000;

export type SealedMonth = typeof sealedMonths.$inferSelect;

/** Returns the months that are closed and may have something to seal, oldest first, by their first day. */
export async function monthsToSeal(db: Database, now: Date): Promise<readonly string[]> {
  const newest = monthAfter(firstOf(now), -1 - MONTHS_OPEN);
  const watched = monthAfter(firstOf(now), -MONTHS_WATCHED);
  const parts = [...(await partitionsOf(db, 'ledger_records')), ...(await partitionsOf(db, 'ledger'))];
  const closed = [...new Set(parts.map(({ startMs }) => firstOf(new Date(startMs))))].filter((month) => month <= newest).sort();
  const months: string[] = [];
  for (const month of closed) if (month >= watched || !(await hasSeals(db, month))) months.push(month);
  return months;
}

/**
 * Returns the organizations whose seals of a month do not add up to their days in the rollups: those without a seal, and those with
 * later entries.
 */
export async function unsealedIn(db: Database, month: string): Promise<readonly string[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    with used as (select organization_id as id, sum(total_tokens) as tokens, sum(spend_nano_usd) as nano from ${organizationDays}
      where day_start >= ${startOf(month)} and day_start < ${startOf(monthAfter(month))} group by 1),
    sealed as (select organization_id as id, sum(total_tokens) as tokens, sum(nano_usd) as nano from ${sealedMonths}
      where month = ${month} group by 1)
    select used.id from used left join sealed using (id)
    where sealed.id is null or (used.tokens, used.nano) <> (sealed.tokens, sealed.nano) order by 1`);
  return rows.map(({ id }) => id);
}

/**
 * Seals what an organization's month has and no seal covers. Returns the number of entries. 0 after the first seal means that the
 * seals differ from the rollups, but no entry is new.
 */
export async function sealMonth(
  db: Database,
  { organizationId, month, now }: { readonly organizationId: string; readonly month: string; readonly now: Date },
  goOn: () => void,
): Promise<bigint> {
  const before = await newestSeal(db, organizationId, month);
  const through = new Date(now.getTime() - STORED_WITHIN_MS);
  const span = { organizationId, month, seal: (before?.seal ?? 0) + 1, from: before?.through ?? null, through };
  const sums = await addUp(db, span, goOn);
  // An organization with refused requests alone has no entries. Its seal says that.
  if (sums.entries === 0n && before !== null) return 0n;
  await db.insert(sealedMonths).values({ organizationId, month, seal: span.seal, through, sealedAt: now, ...sums });
  return sums.entries;
}

/** Yields every seal with what the ledger has for it now. */
export async function* provenSeals(
  db: Database,
  goOn: () => void = () => {},
): AsyncGenerator<{ readonly sealed: SealedMonth; readonly found: SealedSums; readonly isSame: boolean }> {
  for (let last: SealedMonth | null = null; ; ) {
    const [sealed] = await db
      .select()
      .from(sealedMonths)
      .where(isAfter(last))
      .orderBy(...ORDER)
      .limit(1);
    if (sealed === undefined) return;
    const isNext = last?.organizationId === sealed.organizationId && last.month === sealed.month;
    const from: Date | null = isNext ? (last as SealedMonth).through : null;
    const found: SealedSums = await addUp(db, { ...sealed, from }, goOn);
    yield { sealed, found, isSame: SUMS.every((name) => found[name] === sealed[name]) && found.hash.equals(sealed.hash) };
    last = sealed;
  }
}

const SUMS = ['entries', 'totalTokens', 'inputTokens', 'outputTokens', 'nanoUsd'] as const;
const ORDER = [asc(sealedMonths.organizationId), asc(sealedMonths.month), asc(sealedMonths.seal)];

function isAfter(last: SealedMonth | null) {
  if (last === null) return undefined;
  const { organizationId, month, seal } = sealedMonths;
  return or(
    gt(organizationId, last.organizationId),
    and(eq(organizationId, last.organizationId), gt(month, last.month)),
    and(eq(organizationId, last.organizationId), eq(month, last.month), gt(seal, last.seal)),
  );
}

async function newestSeal(db: Database, organizationId: string, month: string): Promise<SealedMonth | null> {
  const [row] = await db
    .select()
    .from(sealedMonths)
    .where(and(eq(sealedMonths.organizationId, organizationId), eq(sealedMonths.month, month)))
    .orderBy(desc(sealedMonths.seal))
    .limit(1);
  return row ?? null;
}

async function hasSeals(db: Database, month: string): Promise<boolean> {
  const rows = await db.select({ seal: sealedMonths.seal }).from(sealedMonths).where(eq(sealedMonths.month, month)).limit(1);
  return rows.length > 0;
}

function firstOf(at: Date): string {
  return `${at.toISOString().slice(0, 7)}-01`;
}
