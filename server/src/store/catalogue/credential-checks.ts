/** The last live check of each credential. */
import { asc, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { credentialChecks, credentials, organizations } from '../schema.ts';

export type CredentialCheckRow = typeof credentialChecks.$inferSelect;

/** Returns the last checks of these credentials, by credential id. Credentials that were never checked are absent. */
export async function findMany(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, CredentialCheckRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(credentialChecks)
    .where(inArray(credentialChecks.credentialId, [...ids]));
  return new Map(rows.map((row) => [row.credentialId, row]));
}

/** Returns every credential of the platform with its last check, or null. */
export async function all(db: Database) {
  return db
    .select({ credential: credentials, check: credentialChecks })
    .from(credentials)
    .leftJoin(credentialChecks, eq(credentialChecks.credentialId, credentials.id))
    .where(eq(credentials.owner, ''))
    .orderBy(asc(credentials.id));
}

/**
 * Returns credentials that active organizations brought, with their last check, or null. Those that were never checked come first,
 * and then those whose check is the oldest.
 */
export async function ownOldestFirst(db: Database, limit: number) {
  return db
    .select({ credential: credentials, check: credentialChecks })
    .from(credentials)
    .innerJoin(organizations, eq(organizations.id, credentials.owner))
    .leftJoin(credentialChecks, eq(credentialChecks.credentialId, credentials.id))
    .where(eq(organizations.status, 'active'))
    .orderBy(sql`${credentialChecks.checkedAt} asc nulls first`, asc(credentials.id))
    .limit(limit);
}

export async function put(tx: Database, row: CredentialCheckRow): Promise<void> {
  const { credentialId: _, ...columns } = row;
  await tx.insert(credentialChecks).values(row).onConflictDoUpdate({ target: credentialChecks.credentialId, set: columns });
}

/** Reports whether the provider refused the credential at its last check that said so, and has not accepted it since. */
export async function isFailing(db: Database, credentialId: string): Promise<boolean> {
  return ((await findMany(db, [credentialId])).get(credentialId)?.failingSince ?? null) !== null;
}

/** Keeps the result of a check, and since when the provider refuses the credential as it was. */
export async function note(db: Database, row: Omit<CredentialCheckRow, 'failingSince'>): Promise<void> {
  const { credentialId: _, ...columns } = row;
  await db
    .insert(credentialChecks)
    .values({ ...row, failingSince: null })
    .onConflictDoUpdate({ target: credentialChecks.credentialId, set: columns });
}
