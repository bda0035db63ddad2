/** Where sums did not agree with the ledger, and when that was put right. */
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
 * Keeps what was found; one that is open already is brought up to date. Returns it as it stood before, null where it is new. Sums beyond what
 * a number holds exactly, as of damaged rows, are kept as the largest one.
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

/** Those of this kind and subject are put right, but for those of organizations that were passed over. */
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

/** Subjects of a kind that are not put right yet. */
export async function openSubjects(db: Database, kind: DriftKind): Promise<readonly string[]> {
  const rows = await db.selectDistinct({ subject: ledgerDrifts.subject }).from(ledgerDrifts).where(isOpen(kind, null));
  return rows.map(({ subject }) => subject);
}

/** The newest, open ones first. */
export async function newest(db: Database, most: number): Promise<readonly DriftRow[]> {
  return db.select().from(ledgerDrifts).orderBy(sql`${ledgerDrifts.correctedAt} is not null`, desc(ledgerDrifts.id)).limit(most);
}

/** How many are open, and how many were found since an instant. */
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
