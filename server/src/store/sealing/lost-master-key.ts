/**
 * Recovery after the loss of the master key: creates new data keys under a new master key. Data sealed under the lost keys stays
 * unreadable; everything else works. Each step can be repeated.
 */
import { and, asc, eq, gt, isNotNull, isNull } from 'drizzle-orm';
import { type ContentWrappers, newDataKey, openContentKey, UnsealFailure } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import { auditSecret, newKeys } from '../installation/installation.ts';
import { idempotencyKeys, installation, organizations } from '../schema.ts';
import { wrapContentKey } from './content-keys.ts';

const AT_ONCE = 200;
/** The time for closing all audit chains under the new key. After it, an event without a MAC of that key is a fault. */
const CLOSING_MS = 86_400_000;

/** Replaces all data keys by new ones, wrapped by the new master key. Deletes stored idempotency answers. */
export async function replaceDataKeys(tx: Database, masterKey: Buffer, nowMs: number): Promise<void> {
  const audit = auditSecret(nowMs + CLOSING_MS, { isReplaced: true });
  await tx.update(installation).set({ ...newKeys(masterKey, audit), nextWrappedKeys: null, nextMasterKeyCheck: null });
  // Idempotency answers are sealed under the lost keys, and a repeated call would read them.
  await tx.delete(idempotencyKeys);
}

/**
 * Gives each organization whose content key cannot be opened a new one. Its old content stays unreadable. Returns the number of
 * new keys.
 */
export async function replaceContentKeys(db: Database, wrappers: ContentWrappers): Promise<number> {
  let [replaced, after] = [0, ''];
  for (;;) {
    const rows = await db
      .select({ id: organizations.id, bytes: organizations.contentKey, by: organizations.contentKeyBy })
      .from(organizations)
      .where(and(isNotNull(organizations.contentKey), isNull(organizations.deletedAt), gt(organizations.id, after)))
      .orderBy(asc(organizations.id))
      .limit(AT_ONCE);
    const last = rows.at(-1);
    if (last === undefined) return replaced;
    for (const { id, bytes, by } of rows) {
      if (bytes === null || isOpen(wrappers, id, { bytes, by })) continue;
      await db.transaction((tx) => replaceOne(tx, wrappers, id, bytes));
      replaced += 1;
    }
    after = last.id;
  }
}

function isOpen(wrappers: ContentWrappers, id: string, wrapped: Parameters<typeof openContentKey>[2]): boolean {
  try {
    openContentKey(wrappers, id, wrapped);
    return true;
  } catch (error) {
    if (error instanceof UnsealFailure) return false;
    throw error;
  }
}

async function replaceOne(tx: Database, wrappers: ContentWrappers, id: string, was: Buffer): Promise<void> {
  const { bytes, by } = await wrapContentKey(tx, wrappers, id, newDataKey());
  await tx
    .update(organizations)
    .set({ contentKey: Buffer.from(bytes), contentKeyBy: by })
    .where(and(eq(organizations.id, id), eq(organizations.contentKey, was)));
}
