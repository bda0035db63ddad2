/** Service accounts of an organization or of the platform. They own admin tokens and never sign in. A person answers for each. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { tokenAccounts } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type TokenAccountRow = typeof tokenAccounts.$inferSelect;

/**
 * Finds a service account that is not deleted. Global, because ids are unique over all tenants: the caller must check
 * permissions.
 */
export async function find(db: Database, id: string): Promise<TokenAccountRow | null> {
  const [row] = await db.select().from(tokenAccounts).where(present(id));
  return row ?? null;
}

export async function lock(tx: Database, id: string): Promise<TokenAccountRow | null> {
  const [row] = await tx.select().from(tokenAccounts).where(present(id)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof tokenAccounts.$inferInsert): Promise<TokenAccountRow> {
  const [inserted] = await tx.insert(tokenAccounts).values(row).returning();
  return inserted as TokenAccountRow;
}

/** Updates a service account and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof tokenAccounts.$inferInsert>,
  at: Date,
): Promise<TokenAccountRow> {
  const [row] = await tx
    .update(tokenAccounts)
    .set({ ...changes, version: sql`${tokenAccounts.version} + 1`, updatedAt: at })
    .where(eq(tokenAccounts.id, id))
    .returning();
  return row as TokenAccountRow;
}

/** Returns service accounts by id. Includes deleted ones, because their tokens name them. */
export async function byIds(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, TokenAccountRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(tokenAccounts)
    .where(inArray(tokenAccounts.id, [...new Set(ids)]));
  return new Map(rows.map((row) => [row.id, row]));
}

/** Returns the ids of the service accounts for which a person answers. */
export async function idsOfResponsible(db: Database, accountId: string): Promise<readonly string[]> {
  const rows = await db
    .select({ id: tokenAccounts.id })
    .from(tokenAccounts)
    .where(and(eq(tokenAccounts.responsibleAccountId, accountId), isNull(tokenAccounts.deletedAt)));
  return rows.map((row) => row.id);
}

export interface TokenAccountFilter {
  readonly reach: readonly Reach[];
  /** Null for the platform's own. */
  readonly organizationId: string | null;
  readonly search?: string | undefined;
}

export function list(db: Database, filter: TokenAccountFilter, page: PageRequest): Promise<Listed<TokenAccountRow>> {
  const { organizationId } = filter;
  const wanted = [
    withinReach(filter.reach, { organizationId: tokenAccounts.organizationId }),
    organizationId === null ? isNull(tokenAccounts.organizationId) : eq(tokenAccounts.organizationId, organizationId),
    isNull(tokenAccounts.deletedAt),
    named(tokenAccounts, filter.search),
  ];
  return listNamed(db, tokenAccounts, { list: 'token-accounts', wanted, page });
}

function present(id: string) {
  return and(eq(tokenAccounts.id, id), isNull(tokenAccounts.deletedAt));
}
