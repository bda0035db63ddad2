/** Ways through an identity provider, each for one browser and used once. Rows expire after minutes. */
import { and, eq, gt, isNotNull, isNull, lt } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { signInFlows } from '../schema.ts';

export type FlowRow = typeof signInFlows.$inferSelect;

export async function insert(tx: Database, row: typeof signInFlows.$inferInsert): Promise<void> {
  await tx.insert(signInFlows).values(row);
}

/** Finds a flow by the hash of its state, which discovers the tenant. Includes used and expired ones. */
export async function find(db: Database, stateHash: Buffer): Promise<FlowRow | null> {
  const [row] = await db.select().from(signInFlows).where(eq(signInFlows.stateHash, stateHash));
  return row ?? null;
}

/** Marks a flow as used. Returns false if another call used it first, or it has expired. */
export async function claim(tx: Database, stateHash: Buffer, now: Date): Promise<boolean> {
  const used = await tx
    .update(signInFlows)
    .set({ usedAt: now })
    .where(and(eq(signInFlows.stateHash, stateHash), isNull(signInFlows.usedAt), gt(signInFlows.expiresAt, now)))
    .returning({ organizationId: signInFlows.organizationId });
  return used.length > 0;
}

/** Keeps the result of a used flow until a time. */
export async function keepResult(
  tx: Database,
  stateHash: Buffer,
  { result, until }: { readonly result: Buffer; readonly until: Date },
): Promise<void> {
  await tx.update(signInFlows).set({ result, expiresAt: until }).where(eq(signInFlows.stateHash, stateHash));
}

/** Takes the result of a flow, once. Returns null if there is none, it was taken, or it has expired. */
export async function takeResult(tx: Database, stateHash: Buffer, now: Date): Promise<Buffer | null> {
  const held = and(eq(signInFlows.stateHash, stateHash), isNotNull(signInFlows.result), gt(signInFlows.expiresAt, now));
  const [row] = await tx.select({ result: signInFlows.result }).from(signInFlows).where(held).for('update');
  if (row === undefined) return null;
  await tx.update(signInFlows).set({ result: null }).where(eq(signInFlows.stateHash, stateHash));
  return row.result;
}

/** Deletes expired flows. */
export async function dropExpiredFlows(db: Database, at: Date): Promise<void> {
  await db.delete(signInFlows).where(lt(signInFlows.expiresAt, at));
}
