/** Admin tokens. A lookup by hash or by id finds the tenant; the other queries name it. */
import { and, asc, count, eq, gt, inArray, isNotNull, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { adminTokens } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type AdminTokenRow = typeof adminTokens.$inferSelect;

/** The columns that hold the owner of a token. */
export type TokenOwnerColumns = Pick<AdminTokenRow, 'makerAccountId' | 'serviceAccountId' | 'origin' | 'unownedEndsAt'>;

const NO_OWNER = { makerAccountId: null, serviceAccountId: null, origin: null, unownedEndsAt: null } as const;

/** Returns the owner columns of a token that a person made or took over. */
export function ofPerson(accountId: string): TokenOwnerColumns {
  return { ...NO_OWNER, makerAccountId: accountId };
}

/** Returns the owner columns of a service account's token. The maker is null if no person made it. */
export function ofServiceAccount(serviceAccountId: string, makerAccountId: string | null): TokenOwnerColumns {
  return { ...NO_OWNER, serviceAccountId, makerAccountId };
}

/** Returns the owner columns of a token of the installation. */
export function ofInstallation(origin: NonNullable<AdminTokenRow['origin']>): TokenOwnerColumns {
  return { ...NO_OWNER, origin };
}

type NewAdminToken = typeof adminTokens.$inferInsert & TokenOwnerColumns;

/**
 * Finds a token by the hashes that its secret may have. Global: this lookup finds the tenant. Includes revoked and expired ones.
 */
export async function findByHash(db: Database, hashes: readonly Buffer[]): Promise<AdminTokenRow | null> {
  const [row] = await db
    .select()
    .from(adminTokens)
    .where(inArray(adminTokens.hash, [...hashes]));
  return row ?? null;
}

/** Finds a token by id. Global, because ids are unique over all tenants: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<AdminTokenRow | null> {
  const [row] = await db.select().from(adminTokens).where(eq(adminTokens.id, id));
  return row ?? null;
}

export async function lock(tx: Database, id: string): Promise<AdminTokenRow | null> {
  const [row] = await tx.select().from(adminTokens).where(eq(adminTokens.id, id)).for('update');
  return row ?? null;
}

export async function insert(db: Database, row: NewAdminToken): Promise<AdminTokenRow> {
  const [inserted] = await db.insert(adminTokens).values(row).returning();
  return inserted as AdminTokenRow;
}

/** Updates a token and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof adminTokens.$inferInsert>,
): Promise<AdminTokenRow> {
  const [row] = await tx
    .update(adminTokens)
    .set({ ...changes, version: sql`${adminTokens.version} + 1` })
    .where(eq(adminTokens.id, id))
    .returning();
  return row as AdminTokenRow;
}

/**
 * Stores the configured token, and lets tokens that were configured before expire at this moment. A token that is configured
 * again works again. A revoked one stays revoked.
 */
export async function keepConfigured(db: Database, row: NewAdminToken, at: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await tx
      .insert(adminTokens)
      .values(row)
      .onConflictDoUpdate({ target: adminTokens.hash, set: { ...ofInstallation('configured'), expiresAt: null } });
    await tx
      .update(adminTokens)
      .set({ expiresAt: at })
      .where(
        and(
          eq(adminTokens.origin, 'configured'),
          ne(adminTokens.hash, row.hash),
          or(isNull(adminTokens.expiresAt), gt(adminTokens.expiresAt, at)),
        ),
      );
  });
}

/** Records the time and the IP address of a use. */
export async function markUsed(
  db: Database,
  token: { readonly id: string; readonly at: Date; readonly ip: string | null },
): Promise<void> {
  await db.update(adminTokens).set({ lastUsedAt: token.at, lastUsedIp: token.ip }).where(eq(adminTokens.id, token.id));
}

/** Revokes a token and returns its new row. Returns null if there is none, or if it was revoked before. */
export async function revoke(db: Database, token: { readonly id: string; readonly at: Date }): Promise<AdminTokenRow | null> {
  const [row] = await db
    .update(adminTokens)
    .set({ revokedAt: token.at })
    .where(and(eq(adminTokens.id, token.id), isNull(adminTokens.revokedAt)))
    .returning();
  return row ?? null;
}

/** Counts the tokens of one organization that are not revoked. */
export async function countLiving(db: Database, organizationId: string): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(adminTokens)
    .where(and(eq(adminTokens.organizationId, organizationId), isNull(adminTokens.revokedAt)));
  return row?.total ?? 0;
}

/** Revokes every token of an organization. */
export async function revokeAll(tx: Database, wanted: { readonly organizationId: string; readonly at: Date }): Promise<void> {
  await tx
    .update(adminTokens)
    .set({ revokedAt: wanted.at })
    .where(and(eq(adminTokens.organizationId, wanted.organizationId), isNull(adminTokens.revokedAt)));
}

/** Locks and returns a person's own tokens that are not revoked, oldest first. Omits those of service accounts. */
export async function lockOfPerson(tx: Database, accountId: string): Promise<readonly AdminTokenRow[]> {
  return await tx
    .select()
    .from(adminTokens)
    .where(and(eq(adminTokens.makerAccountId, accountId), isNull(adminTokens.serviceAccountId), isNull(adminTokens.revokedAt)))
    .orderBy(asc(adminTokens.id))
    .for('update');
}

/** Locks and returns the tokens of these service accounts that are not revoked, oldest first. */
export async function lockOfServiceAccounts(tx: Database, ids: readonly string[]): Promise<readonly AdminTokenRow[]> {
  if (ids.length === 0) return [];
  return await tx
    .select()
    .from(adminTokens)
    .where(and(inArray(adminTokens.serviceAccountId, [...ids]), isNull(adminTokens.revokedAt)))
    .orderBy(asc(adminTokens.id))
    .for('update');
}

/** Returns working tokens without an owner, at most `limit`. Those that end first come first. */
export async function listUnowned(db: Database, at: Date, limit: number): Promise<readonly AdminTokenRow[]> {
  return await db
    .select()
    .from(adminTokens)
    .where(unownedAndWorking(at))
    .orderBy(asc(adminTokens.unownedEndsAt), asc(adminTokens.id))
    .limit(limit);
}

/** Counts working tokens without an owner, of one organization or of the whole installation. */
export async function countUnowned(db: Database, at: Date, organizationId?: string): Promise<number> {
  const place = organizationId === undefined ? undefined : eq(adminTokens.organizationId, organizationId);
  const [row] = await db
    .select({ total: count() })
    .from(adminTokens)
    .where(and(place, unownedAndWorking(at)));
  return row?.total ?? 0;
}

function unownedAndWorking(at: Date): SQL | undefined {
  return and(
    isNull(adminTokens.makerAccountId),
    isNull(adminTokens.serviceAccountId),
    isNull(adminTokens.origin),
    isNull(adminTokens.revokedAt),
    or(isNull(adminTokens.expiresAt), gt(adminTokens.expiresAt, at)),
    gt(adminTokens.unownedEndsAt, at),
  );
}

export interface AdminTokenFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly status?: 'active' | 'revoked' | undefined;
  /** Only tokens of this service account. */
  readonly serviceAccountId?: string | undefined;
  /** Only tokens without an owner that still work at this time. */
  readonly unownedAt?: Date | undefined;
  readonly search?: string | undefined;
}

export function list(db: Database, filter: AdminTokenFilter, page: PageRequest): Promise<Listed<AdminTokenRow>> {
  const { status } = filter;
  const wanted = [
    withinReach(filter.reach, { organizationId: adminTokens.organizationId }),
    filter.organizationId === undefined ? undefined : eq(adminTokens.organizationId, filter.organizationId),
    status === undefined ? undefined : status === 'revoked' ? isNotNull(adminTokens.revokedAt) : isNull(adminTokens.revokedAt),
    filter.serviceAccountId === undefined ? undefined : eq(adminTokens.serviceAccountId, filter.serviceAccountId),
    filter.unownedAt === undefined ? undefined : unownedAndWorking(filter.unownedAt),
    named(adminTokens, filter.search),
  ];
  return listNamed(db, adminTokens, { list: 'admin-tokens', wanted, page });
}

/** Reports whether any admin token exists or existed, revoked ones included. Global: the first start needs to know. */
export async function isAny(db: Database): Promise<boolean> {
  return (await db.select({ id: adminTokens.id }).from(adminTokens).limit(1)).length > 0;
}
