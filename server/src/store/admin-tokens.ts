/** Admin tokens. Looking one up by its hash is how its tenant is discovered; everything else names the place it belongs to. */
import { and, eq, isNull } from 'drizzle-orm';
import type { Database } from './database.ts';
import { adminTokens } from './schema.ts';

export type AdminTokenRow = typeof adminTokens.$inferSelect;

/** Global: it discovers the tenant. Revoked and expired ones are found too. */
export async function findByHash(db: Database, hash: Buffer): Promise<AdminTokenRow | null> {
  const [row] = await db.select().from(adminTokens).where(eq(adminTokens.hash, hash));
  return row ?? null;
}

/** Global, as ids of tokens are unique over all tenants; the caller's right to see it is asked afterwards. */
export async function find(db: Database, id: string): Promise<AdminTokenRow | null> {
  const [row] = await db.select().from(adminTokens).where(eq(adminTokens.id, id));
  return row ?? null;
}

export async function insert(db: Database, row: typeof adminTokens.$inferInsert): Promise<AdminTokenRow> {
  const [inserted] = await db.insert(adminTokens).values(row).returning();
  return inserted as AdminTokenRow;
}

export async function markUsed(db: Database, token: { readonly id: string; readonly at: Date }): Promise<void> {
  await db.update(adminTokens).set({ lastUsedAt: token.at }).where(eq(adminTokens.id, token.id));
}

/** Returns the row as it is now; null when there is none that is not yet revoked. */
export async function revoke(db: Database, token: { readonly id: string; readonly at: Date }): Promise<AdminTokenRow | null> {
  const [row] = await db
    .update(adminTokens)
    .set({ revokedAt: token.at })
    .where(and(eq(adminTokens.id, token.id), isNull(adminTokens.revokedAt)))
    .returning();
  return row ?? null;
}
