/** Batches as processes work on them. A process works on a batch while it vouches for it, and only one does at a time. */
import { and, asc, eq, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import { BATCH_DAYS } from '../../domain/batches/batch.ts';
import type { Database } from '../database.ts';
import { batches, batchLines, hasAnyId, requestLog } from '../schema.ts';
import { type BatchAddress, type BatchRow, isAt, isRunning } from './batches.ts';

/** The process that asks for batches to work on. */
export interface Claim {
  readonly owner: string;
  readonly at: Date;
  readonly until: Date;
  /** True if no other process can exist, so that all batches are its own. */
  readonly isAlone: boolean;
}

/** The batches of nobody, of the asker, or of a process that no longer vouches for them. */
function isFree({ owner, at, isAlone }: Claim): SQL | undefined {
  return isAlone
    ? undefined
    : or(isNull(batches.owner), eq(batches.owner, owner), isNull(batches.ownedUntil), lt(batches.ownedUntil, at));
}

/** Takes batches whose holds nobody vouches for, and those with a step that is due. Returns at most `most`, the most urgent first. */
export async function claim(db: Database, asked: Claim, most: number): Promise<readonly BatchRow[]> {
  const wanted = db
    .select({ id: batches.id })
    .from(batches)
    .where(and(eq(batches.isCleaned, false), lte(batches.nextAt, asked.at), isFree(asked)))
    .orderBy(asc(batches.nextAt))
    .limit(most)
    .for('update', { skipLocked: true });
  return db
    .update(batches)
    .set({ owner: asked.owner, ownedUntil: asked.until })
    .where(sql`${batches.id} in (${wanted})`)
    .returning();
}

/** Takes the holds of running batches that nobody vouches for, due or not. */
export async function adopt(db: Database, asked: Claim): Promise<readonly BatchRow[]> {
  return db
    .update(batches)
    .set({ owner: asked.owner, ownedUntil: asked.until })
    .where(and(isRunning(), isFree(asked)))
    .returning();
}

/** Vouches again for all batches of a process. */
export async function renew(db: Database, owner: string, until: Date): Promise<void> {
  await db
    .update(batches)
    .set({ ownedUntil: until })
    .where(and(eq(batches.owner, owner), eq(batches.isCleaned, false)));
}

/** The fields that a step changes. */
export type BatchStep = Partial<
  Omit<BatchRow, 'organizationId' | 'id' | 'teamId' | 'keyId' | 'memberId' | 'serviceAccountId' | 'owner' | 'ownedUntil'>
>;

/** Notes a step of a batch. Returns null if the process does not own the batch any more: then it must stop working on it. */
export async function note(db: Database, address: BatchAddress, owner: string, step: BatchStep): Promise<BatchRow | null> {
  const [row] = await db
    .update(batches)
    .set(step)
    .where(and(isAt(address), eq(batches.owner, owner)))
    .returning();
  return row ?? null;
}

/** Moves a batch to a state unless its cancellation was requested meanwhile. Returns the batch as it is then; null as `note`. */
export async function noteUnlessCancelling(
  db: Database,
  address: BatchAddress,
  owner: string,
  step: BatchStep,
): Promise<BatchRow | null> {
  const [row] = await db
    .update(batches)
    .set({
      ...step,
      ...(step.status === undefined
        ? {}
        : { status: sql`case when ${batches.status} = 'cancelling' then 'cancelling' else ${step.status} end` }),
    })
    .where(and(isAt(address), eq(batches.owner, owner)))
    .returning();
  return row ?? null;
}

/** Gives back a batch that the process does not work on any more. */
export async function giveUp(db: Database, owner: string): Promise<void> {
  await db
    .update(batches)
    .set({ ownedUntil: null })
    .where(and(eq(batches.owner, owner), eq(batches.isCleaned, false)));
}

/** The lines of a batch, packed. */
export interface StoredLines {
  readonly plan: Buffer;
  readonly settled: Buffer;
}

export async function linesOf(db: Database, { organizationId, id }: BatchAddress): Promise<StoredLines | null> {
  const [row] = await db
    .select({ plan: batchLines.plan, settled: batchLines.settled })
    .from(batchLines)
    .where(and(eq(batchLines.organizationId, organizationId), eq(batchLines.batchId, id)));
  return row ?? null;
}

/** Notes lines that are settled, in the same transaction as the sums over them. Returns null as `note`. */
export function noteSettled(
  db: Database,
  address: BatchAddress,
  owner: string,
  settled: Buffer,
  step: BatchStep,
): Promise<BatchRow | null> {
  return db.transaction(async (tx) => {
    const row = await note(tx, address, owner, step);
    if (row === null) return null;
    await tx
      .update(batchLines)
      .set({ settled })
      .where(and(eq(batchLines.organizationId, address.organizationId), eq(batchLines.batchId, address.id)));
    return row;
  });
}

/** The sums in the row of a line that is settled. */
export interface SettledLine {
  readonly requestId: string;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** Returns those of some lines that have a row already. All lines of a batch have the same time. */
export async function settledAmong(
  db: Database,
  organizationId: string,
  admittedAt: Date,
  requestIds: readonly string[],
): Promise<readonly SettledLine[]> {
  if (requestIds.length === 0) return [];
  const rows = await db
    .select({ requestId: requestLog.requestId, tokens: requestLog.totalTokens, nanoUsd: requestLog.nanoUsd })
    .from(requestLog)
    .where(
      and(
        hasAnyId(requestLog.organizationId, [organizationId]),
        eq(requestLog.admittedAt, admittedAt),
        hasAnyId(requestLog.requestId, requestIds),
      ),
    );
  return rows.map(({ requestId, tokens, nanoUsd }) => ({
    requestId,
    tokens: Number(tokens ?? 0),
    nanoUsd: Number(nanoUsd ?? 0),
  }));
}

/** Deletes batches that ended longer ago than batches are kept. Returns how many. */
export async function dropOld(db: Database, at: Date, most: number): Promise<number> {
  const before = new Date(at.getTime() - BATCH_DAYS * 86_400_000);
  const wanted = db
    .select({ id: batches.id })
    .from(batches)
    .where(and(eq(batches.isCleaned, true), lt(batches.createdAt, before)))
    .limit(most);
  const { rowCount } = await db.delete(batches).where(sql`${batches.id} in (${wanted})`);
  return rowCount ?? 0;
}
