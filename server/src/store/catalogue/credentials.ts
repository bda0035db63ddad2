/**
 * Sealed credentials that we present to providers. Each has an owner: an organization, or the platform, whose owner is the empty
 * text. A function without an owner means the platform's, so that nothing finds a tenant's by mistake.
 */
import { and, count, eq, inArray, isNull, lte, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { credentials, deployments } from '../schema.ts';

export type CredentialRow = typeof credentials.$inferSelect;

/** The owner of everything that no organization brought. */
export const PLATFORM = '';

export async function find(db: Database, id: string, owner: string = PLATFORM): Promise<CredentialRow | null> {
  const [row] = await db.select().from(credentials).where(ownedBy(id, owner));
  return row ?? null;
}

/** Finds a credential of an organization, and so which organization. Check that the caller may see it. */
export async function findOwn(db: Database, id: string): Promise<CredentialRow | null> {
  const [row] = await db
    .select()
    .from(credentials)
    .where(and(eq(credentials.id, id), ne(credentials.owner, PLATFORM)));
  return row ?? null;
}

function ownedBy(id: string, owner: string): SQL | undefined {
  return and(eq(credentials.id, id), eq(credentials.owner, owner));
}

/** Finds a credential, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string, owner: string = PLATFORM): Promise<CredentialRow | null> {
  const [row] = await tx.select().from(credentials).where(ownedBy(id, owner)).for('update');
  return row ?? null;
}

/** Inserts a credential. Throws UniqueViolation of `credentials_name` if its owner has one of this name. */
export async function insert(tx: Database, row: typeof credentials.$inferInsert): Promise<CredentialRow> {
  const [inserted] = await tx.insert(credentials).values(row).returning();
  return inserted as CredentialRow;
}

/** Updates a credential and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof credentials.$inferInsert>,
  at: Date,
): Promise<CredentialRow> {
  const [row] = await tx
    .update(credentials)
    .set({ ...changes, version: sql`${credentials.version} + 1`, updatedAt: at })
    .where(eq(credentials.id, id))
    .returning();
  return row as CredentialRow;
}

/** Deletes a credential. Throws ForeignKeyViolation while a deployment uses it. */
export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(credentials).where(eq(credentials.id, id));
}

/** Deletes the replaced secrets whose time is over. Nothing uses them, so no version changes. Returns their number. */
export async function dropEndedSecrets(db: Database, at: Date): Promise<number> {
  const { rowCount } = await db
    .update(credentials)
    .set({ otherSealed: null, otherLastFour: '', otherUntil: null })
    .where(lte(credentials.otherUntil, at));
  return rowCount ?? 0;
}

/** Returns the number of an organization's own credentials. */
export async function countOf(db: Database, owner: string): Promise<number> {
  return db.$count(credentials, eq(credentials.owner, owner));
}

/** Deletes the own credentials of an organization, with their secrets. Its deployments must be deleted before. */
export async function removeAllOf(tx: Database, organizationId: string): Promise<number> {
  const { rowCount } = await tx
    .delete(credentials)
    .where(and(eq(credentials.owner, organizationId), ne(credentials.owner, PLATFORM)));
  return rowCount ?? 0;
}

export interface CredentialFilter {
  /** Those of one owner, or those of all organizations. Absent: all. */
  readonly owner?: string | 'organizations' | undefined;
  readonly provider?: string | undefined;
  /** The beginning of the name, or the whole id. */
  readonly search?: string | undefined;
}

export function list(
  db: Database,
  { owner, provider, search }: CredentialFilter,
  page: PageRequest,
): Promise<Listed<CredentialRow>> {
  const owned =
    owner === 'organizations' ? ne(credentials.owner, PLATFORM) : owner === undefined ? undefined : eq(credentials.owner, owner);
  const wanted = [owned, provider === undefined ? undefined : eq(credentials.provider, provider), named(credentials, search)];
  return listNamed(db, credentials, { list: 'credentials', wanted, page });
}

/** Counts the deployments that use each of these credentials, by credential id. Unused credentials are absent. */
export async function usage(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: deployments.credentialId, total: count() })
    .from(deployments)
    .where(and(inArray(deployments.credentialId, [...ids]), isNull(deployments.deletedAt)))
    .groupBy(deployments.credentialId);
  return new Map(rows.map((row) => [row.id ?? '', row.total]));
}
