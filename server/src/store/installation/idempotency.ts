/** Stored answers by a caller's `Idempotency-Key`. The caller, an admin token or account, takes the place of the organization. */
import { and, eq, lt } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { idempotencyKeys } from '../schema.ts';

/** Claims a key for a request. Returns false if it is already claimed. Claims from before `expiredBefore` do not count. */
export async function claim(
  tx: Database,
  wanted: {
    readonly caller: string;
    readonly key: string;
    readonly requestHash: string;
    readonly at: Date;
    readonly expiredBefore: Date;
  },
): Promise<boolean> {
  await tx
    .delete(idempotencyKeys)
    .where(and(eq(idempotencyKeys.caller, wanted.caller), lt(idempotencyKeys.createdAt, wanted.expiredBefore)));
  const claimed = await tx
    .insert(idempotencyKeys)
    .values({ caller: wanted.caller, key: wanted.key, requestHash: wanted.requestHash, createdAt: wanted.at })
    .onConflictDoNothing()
    .returning({ key: idempotencyKeys.key });
  return claimed.length === 1;
}

export async function find(db: Database, wanted: { readonly caller: string; readonly key: string }) {
  const [row] = await db
    .select()
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.caller, wanted.caller), eq(idempotencyKeys.key, wanted.key)));
  return row ?? null;
}

/** Stores the sealed answer for a claimed key. */
export async function keep(
  db: Database,
  answer: { readonly caller: string; readonly key: string; readonly status: number; readonly body: string },
): Promise<void> {
  await db
    .update(idempotencyKeys)
    .set({ status: answer.status, body: answer.body })
    .where(and(eq(idempotencyKeys.caller, answer.caller), eq(idempotencyKeys.key, answer.key)));
}
