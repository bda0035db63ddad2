/** Sums that differed from the ledger, and the times of their correction. */
import { and, desc, eq, gte, isNull, type SQL, sql } from 'drizzle-orm';
import { heldExactly } from '../../lib/held-exactly.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { ledgerDrifts } from '../schema.ts';

export type DriftRow = typeof ledgerDrifts.$inferSelect;
export type DriftKind = DriftRow['kind'];

export interface FoundDrift {
  readonly organizationId: string;
  readonly kind: DriftKind;
  readonly subject: string;
  readonly found: number;
  readonly ledger: number;
}

/**
 * Stores a drift, or updates it if it is already open. Returns the row before the update, or null if it is new. Sums that a
 * number cannot hold exactly, as of damaged rows, are stored as the largest exact number.
 */
export async function note(db: Database, { found, ledger, ...of }: FoundDrift, at: Date): Promise<DriftRow | null> {
  const drift = { ...of, found: heldExactly(found), ledger: heldExactly(ledger) };
  const [open] = await db
    .select()
    .from(ledgerDrifts)
    .where(and(isOpen(drift.kind, drift.subject), eq(ledgerDrifts.organizationId, drift.organizationId)));
  if (open === undefined) {
    await db.insert(ledgerDrifts).values({ id: newId('drift', at.getTime()), ...drift, foundAt: at });
    return null;
  }
  await db.update(ledgerDrifts).set({ found: drift.found, ledger: drift.ledger }).where(eq(ledgerDrifts.id, open.id));
  return open;
}

/** Marks the drifts of this kind and subject as corrected, except those of skipped organizations. */
export async function close(
  db: Database,
  { kind, subject, but = [] }: Pick<FoundDrift, 'kind' | 'subject'> & { readonly but?: readonly string[] },
  at: Date,
): Promise<void> {
  await db
    .update(ledgerDrifts)
    .set({ correctedAt: at })
    .where(and(isOpen(kind, subject), sql`${ledgerDrifts.organizationId} <> all(${sql.param([...but])}::text[])`));
}

/** Returns the subjects of a kind with an open drift. */
export async function openSubjects(db: Database, kind: DriftKind): Promise<readonly string[]> {
  const rows = await db.selectDistinct({ subject: ledgerDrifts.subject }).from(ledgerDrifts).where(isOpen(kind, null));
  return rows.map(({ subject }) => subject);
}

/** Returns up to `most` drifts, open ones first, then newest first. */
export async function newest(db: Database, most: number): Promise<readonly DriftRow[]> {
  return db.select().from(ledgerDrifts).orderBy(sql`${ledgerDrifts.correctedAt} is not null`, desc(ledgerDrifts.id)).limit(most);
}

/** Counts open drifts, and drifts found since a time. */
export async function counts(db: Database, since: Date): Promise<{ readonly open: number; readonly recent: number }> {
  const [row] = await db
    .select({
      open: sql<string>`count(*) filter (where ${ledgerDrifts.correctedAt} is null)`,
      recent: sql<string>`count(*) filter (where ${gte(ledgerDrifts.foundAt, since)})`,
    })
    .from(ledgerDrifts);
  return { open: Number(row?.open ?? 0), recent: Number(row?.recent ?? 0) };
}

function isOpen(kind: DriftKind, subject: string | null): SQL | undefined {
  return and(
    eq(ledgerDrifts.kind, kind),
    subject === null ? undefined : eq(ledgerDrifts.subject, subject),
    isNull(ledgerDrifts.correctedAt),
  );
}
