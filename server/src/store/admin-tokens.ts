/** Admin tokens. Looking one up by its hash is how its tenant is discovered; everything else names the place it belongs to. */
import { and, count, eq, isNotNull, isNull } from 'drizzle-orm';
import type { Reach } from '../domain/permission.ts';
import type { Database } from './database.ts';
import { type Listed, listNamed, named, type PageRequest } from './named-list.ts';
import { withinReach } from './reach.ts';
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

/** Leaves the one alone that has this hash already, revoked ones too: others may store it at this moment. */
export async function insertUnlessKnown(db: Database, row: typeof adminTokens.$inferInsert): Promise<void> {
  await db.insert(adminTokens).values(row).onConflictDoNothing({ target: adminTokens.hash });
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

/** Those of one organization that are not revoked. */
export async function countLiving(db: Database, organizationId: string): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(adminTokens)
    .where(and(eq(adminTokens.organizationId, organizationId), isNull(adminTokens.revokedAt)));
  return row?.total ?? 0;
}

/** Revokes every one of an organization. */
export async function revokeAll(tx: Database, wanted: { readonly organizationId: string; readonly at: Date }): Promise<void> {
  await tx
    .update(adminTokens)
    .set({ revokedAt: wanted.at })
    .where(and(eq(adminTokens.organizationId, wanted.organizationId), isNull(adminTokens.revokedAt)));
}

export interface AdminTokenFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly status?: 'active' | 'revoked' | undefined;
  readonly search?: string | undefined;
}

export function list(db: Database, filter: AdminTokenFilter, page: PageRequest): Promise<Listed<AdminTokenRow>> {
  const { status } = filter;
  const wanted = [
    withinReach(filter.reach, { organizationId: adminTokens.organizationId }),
    filter.organizationId === undefined ? undefined : eq(adminTokens.organizationId, filter.organizationId),
    status === undefined ? undefined : status === 'revoked' ? isNotNull(adminTokens.revokedAt) : isNull(adminTokens.revokedAt),
    named(adminTokens, filter.search),
  ];
  return listNamed(db, adminTokens, { list: 'admin-tokens', wanted, page });
}

/** Global: whether there ever was one, which a first start has to know. */
export async function isAny(db: Database): Promise<boolean> {
  return (await db.select({ id: adminTokens.id }).from(adminTokens).limit(1)).length > 0;
}
