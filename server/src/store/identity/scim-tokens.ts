/** The tokens of the SCIM endpoint. */
import { and, desc, eq, gt, inArray, isNull, or, type SQL } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, type PageRequest } from '../named-list.ts';
import { scimTokens } from '../schema.ts';

export type ScimTokenRow = typeof scimTokens.$inferSelect;

interface TokenKey {
  readonly organizationId: string;
  readonly id: string;
}

/** Finds a token by the hashes that its secret may have. Global: this lookup finds the tenant. Includes revoked and expired ones. */
export async function findByHash(db: Database, hashes: readonly Buffer[]): Promise<ScimTokenRow | null> {
  const [row] = await db
    .select()
    .from(scimTokens)
    .where(inArray(scimTokens.hash, [...hashes]));
  return row ?? null;
}

export async function find(db: Database, key: TokenKey): Promise<ScimTokenRow | null> {
  const [row] = await db.select().from(scimTokens).where(at(key));
  return row ?? null;
}

export async function insert(tx: Database, row: typeof scimTokens.$inferInsert): Promise<ScimTokenRow> {
  const [inserted] = await tx.insert(scimTokens).values(row).returning();
  return inserted as ScimTokenRow;
}

/** Returns the tokens that work at a time, newest first. */
export async function listLiving(db: Database, organizationId: string, now: Date): Promise<readonly ScimTokenRow[]> {
  return await db
    .select()
    .from(scimTokens)
    .where(and(eq(scimTokens.organizationId, organizationId), isLiving(now)))
    .orderBy(desc(scimTokens.createdAt), desc(scimTokens.id));
}

/** Returns one page of all tokens, revoked and expired ones included. */
export function list(db: Database, organizationId: string, page: PageRequest): Promise<Listed<ScimTokenRow>> {
  return listNamed(db, scimTokens, { list: 'scim-tokens', wanted: [eq(scimTokens.organizationId, organizationId)], page });
}

/** Revokes a token. Returns null if there is none, or if it was revoked before. */
export async function revoke(tx: Database, key: TokenKey, now: Date): Promise<ScimTokenRow | null> {
  const [row] = await tx
    .update(scimTokens)
    .set({ revokedAt: now })
    .where(and(at(key), isNull(scimTokens.revokedAt)))
    .returning();
  return row ?? null;
}

export async function revokeAll(tx: Database, organizationId: string, now: Date): Promise<void> {
  await tx
    .update(scimTokens)
    .set({ revokedAt: now })
    .where(and(eq(scimTokens.organizationId, organizationId), isNull(scimTokens.revokedAt)));
}

export async function markUsed(db: Database, key: TokenKey, now: Date): Promise<void> {
  await db.update(scimTokens).set({ lastUsedAt: now }).where(at(key));
}

function isLiving(now: Date): SQL | undefined {
  return and(isNull(scimTokens.revokedAt), or(isNull(scimTokens.expiresAt), gt(scimTokens.expiresAt, now)));
}

function at({ organizationId, id }: TokenKey): SQL | undefined {
  return and(eq(scimTokens.organizationId, organizationId), eq(scimTokens.id, id));
}
