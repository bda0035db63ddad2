/** Batches as clients make, find and cancel them. Every query names its organization. */
import { and, asc, count, desc, eq, gt, inArray, isNull, lt, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { BATCH_DAYS, ENDED_STATUSES } from '../../domain/batches/batch.ts';
import type { Database } from '../database.ts';
import { batches, batchLines, teams } from '../schema.ts';

/** The address of one batch. */
export interface BatchAddress {
  readonly organizationId: string;
  readonly id: string;
}

export type BatchRow = typeof batches.$inferSelect;
export type NewBatch = typeof batches.$inferInsert;

const DAY_MS = 86_400_000;

/** Stores a batch with its lines, both or neither. */
export async function insert(
  db: Database,
  row: NewBatch,
  lines: { readonly plan: Buffer; readonly settled: Buffer },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.insert(batches).values(row);
    await tx.insert(batchLines).values({ organizationId: row.organizationId, batchId: row.id, ...lines });
  });
}

/** Finds a batch that is not older than batches are kept, and whose team exists. Returns null if there is none. */
export async function find(db: Database, address: BatchAddress, at: Date): Promise<BatchRow | null> {
  const [row] = await db
    .select()
    .from(batches)
    .where(and(isAt(address), isFound(at)));
  return row ?? null;
}

/** A page of an organization's batches, by age. `teamId` and `keyId` null: of any. */
export interface BatchesQuestion {
  readonly organizationId: string;
  readonly teamId: string | null;
  readonly keyId: string | null;
  /** The last batch of the page before. It need not exist any more. */
  readonly after: string | null;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Returns batches that `find` would find. Their ids sort by age. */
export function list(db: Database, question: BatchesQuestion, at: Date): Promise<readonly BatchRow[]> {
  const { organizationId, teamId, keyId, after, order, limit } = question;
  return db
    .select()
    .from(batches)
    .where(
      and(
        eq(batches.organizationId, organizationId),
        teamId === null ? undefined : eq(batches.teamId, teamId),
        keyId === null ? undefined : eq(batches.keyId, keyId),
        after === null ? undefined : (order === 'asc' ? gt : lt)(batches.id, after),
        isFound(at),
      ),
    )
    .orderBy((order === 'asc' ? asc : desc)(batches.id))
    .limit(limit);
}

/** Counts an organization's batches that have not ended. */
export async function countRunning(db: Database, organizationId: string): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(batches)
    .where(and(eq(batches.organizationId, organizationId), isRunning()));
  return row?.total ?? 0;
}

/** Asks for the end of a batch that runs at the provider or is about to. Returns the batch as it is then; null if there is none. */
export async function requestCancel(db: Database, address: BatchAddress, at: Date): Promise<BatchRow | null> {
  const [row] = await db
    .update(batches)
    .set({ status: 'cancelling', cancellingAt: at, nextAt: at })
    .where(and(isAt(address), inArray(batches.status, ['validating', 'in_progress']), isNull(batches.vendorEnd)))
    .returning();
  return row ?? find(db, address, at);
}

export function isAt({ organizationId, id }: BatchAddress): SQL | undefined {
  return and(eq(batches.organizationId, organizationId), eq(batches.id, id));
}

export function isRunning(): SQL {
  return notInArray(batches.status, [...ENDED_STATUSES]);
}

/** One that runs is found however old it is. */
function isFound(at: Date): SQL | undefined {
  const team = sql`exists (select 1 from ${teams} where ${teams.organizationId} = ${batches.organizationId}
    and ${teams.id} = ${batches.teamId} and ${isNull(teams.deletedAt)})`;
  return and(or(gt(batches.createdAt, new Date(at.getTime() - BATCH_DAYS * DAY_MS)), isRunning()), team);
}
