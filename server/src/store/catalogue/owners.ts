/** The owners of deployments, for what was requested of them. A deployment never changes its owner, so answers are kept. */
import { and, inArray, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { credentials, deployments, organizations } from '../schema.ts';
import { PLATFORM } from './credentials.ts';

const KEPT_MAX = 10_000;
const KEPT = new WeakMap<Database, Map<string, boolean>>();

/** Returns those of these deployments that organizations brought, deleted ones included. Ignores null and unknown ids. */
export async function ownAmong(db: Database, ids: Iterable<string | null>): Promise<ReadonlySet<string>> {
  const kept = KEPT.get(db) ?? new Map<string, boolean>();
  KEPT.set(db, kept);
  const asked = new Set([...ids].filter((id) => id !== null));
  const unknown = [...asked].filter((id) => !kept.has(id));
  const found =
    unknown.length === 0
      ? []
      : await db
          .select({ id: deployments.id, owner: deployments.owner })
          .from(deployments)
          .where(inArray(deployments.id, unknown));
  const own = new Set([...asked].filter((id) => kept.get(id) === true));
  if (kept.size + found.length > KEPT_MAX) kept.clear();
  for (const { id, owner } of found) {
    kept.set(id, owner !== PLATFORM);
    if (owner !== PLATFORM) own.add(id);
  }
  return own;
}

/**
 * Erases what deleted organizations brought. Deleting one does that at once; a replica of an earlier version that deletes one does
 * not know of it.
 */
export async function dropOwnOfDeleted(db: Database, at: Date): Promise<void> {
  const gone = sql`(select id from ${organizations} where status = 'deleted')`;
  await db
    .update(deployments)
    .set({ deletedAt: at, credentialId: null, updatedAt: at })
    .where(and(inArray(deployments.owner, gone), isNull(deployments.deletedAt)));
  await db.delete(credentials).where(inArray(credentials.owner, gone));
}
