/** Sealed credentials that we present to providers. Global, like the rest of the catalogue. */
import { and, count, eq, inArray, isNull, lte, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { credentials, deployments } from '../schema.ts';

export type CredentialRow = typeof credentials.$inferSelect;

export async function find(db: Database, id: string): Promise<CredentialRow | null> {
  const [row] = await db.select().from(credentials).where(eq(credentials.id, id));
  return row ?? null;
}

/** Finds a credential, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<CredentialRow | null> {
  const [row] = await tx.select().from(credentials).where(eq(credentials.id, id)).for('update');
  return row ?? null;
}

/** Inserts a credential. Throws UniqueViolation of `credentials_name` if the name is taken. */
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

export interface CredentialFilter {
  readonly provider?: string | undefined;
  /** The beginning of the name, or the whole id. */
  readonly search?: string | undefined;
}

export function list(db: Database, { provider, search }: CredentialFilter, page: PageRequest): Promise<Listed<CredentialRow>> {
  const wanted = [provider === undefined ? undefined : eq(credentials.provider, provider), named(credentials, search)];
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
