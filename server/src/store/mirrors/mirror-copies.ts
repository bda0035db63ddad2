/** The copies of requests that mirrors got. Their cost is the platform's. */
import { and, eq, gte, lt, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { mirrorCopies } from '../schema.ts';

export type MirrorCopyRow = typeof mirrorCopies.$inferSelect;
export type NewMirrorCopy = typeof mirrorCopies.$inferInsert;

/** Stores rows. A row that is stored already stays, so that a repeated write counts nothing twice. */
export async function insertMany(db: Database, rows: readonly NewMirrorCopy[]): Promise<void> {
  if (rows.length > 0)
    await db
      .insert(mirrorCopies)
      .values([...rows])
      .onConflictDoNothing();
}

/** Returns the copy of a request, or why there was none; null if the request was in no mirror's share. */
export async function find(
  db: Database,
  { organizationId, requestId }: { readonly organizationId: string; readonly requestId: string },
): Promise<MirrorCopyRow | null> {
  const [row] = await db
    .select()
    .from(mirrorCopies)
    .where(and(eq(mirrorCopies.organizationId, organizationId), eq(mirrorCopies.requestId, requestId)));
  return row ?? null;
}

/** Deletes at most `count` rows before a time. Returns their number. */
export async function dropBefore(db: Database, at: Date, count: number): Promise<number> {
  const old = db.select({ ctid: sql`ctid` }).from(mirrorCopies).where(lt(mirrorCopies.at, at)).limit(count);
  const gone = await db.delete(mirrorCopies).where(sql`ctid in (${old})`).returning({ at: mirrorCopies.at });
  return gone.length;
}

/** The copies of one called name at one deployment; those that were skipped before one was chosen have none. */
export interface CopySums {
  readonly calledName: string;
  readonly deploymentId: string | null;
  readonly provider: string | null;
  readonly upstreamModel: string | null;
  readonly answered: number;
  readonly failed: number;
  readonly cut: number;
  readonly skipped: number;
  readonly tookMs: number | null;
  readonly unpriced: number;
  /** Whole nano-dollars, as text. */
  readonly nanoUsd: string;
}

/** Returns the sums of a time, dearest first, at most `limit`. */
export async function sums(db: Database, from: Date, to: Date, limit: number): Promise<readonly CopySums[]> {
  const of = (outcome: string) => sql<number>`count(*) filter (where ${mirrorCopies.outcome} = ${outcome})`.mapWith(Number);
  const cost = sql<string>`coalesce(sum(${mirrorCopies.nanoUsd}), 0)::text`;
  return db
    .select({
      calledName: mirrorCopies.calledName,
      deploymentId: mirrorCopies.deploymentId,
      provider: mirrorCopies.provider,
      upstreamModel: mirrorCopies.upstreamModel,
      answered: of('answered'),
      failed: of('failed'),
      cut: of('cut'),
      skipped: of('skipped'),
      tookMs: sql<number | null>`round(avg(${mirrorCopies.tookMs}))::int`,
      unpriced:
        sql<number>`count(*) filter (where ${mirrorCopies.deploymentId} is not null and ${mirrorCopies.nanoUsd} is null)`.mapWith(
          Number,
        ),
      nanoUsd: cost,
    })
    .from(mirrorCopies)
    .where(and(gte(mirrorCopies.at, from), lt(mirrorCopies.at, to)))
    .groupBy(mirrorCopies.calledName, mirrorCopies.deploymentId, mirrorCopies.provider, mirrorCopies.upstreamModel)
    .orderBy(sql`coalesce(sum(${mirrorCopies.nanoUsd}), 0) desc`, mirrorCopies.calledName, mirrorCopies.deploymentId)
    .limit(limit);
}
