/** The last live check of each credential. */
import { asc, eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { credentialChecks, credentials } from '../schema.ts';

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

/** Returns every credential of the platform with its last check, or null. Those of organizations are checked by hand. */
export async function all(db: Database) {
  return db
    .select({ credential: credentials, check: credentialChecks })
    .from(credentials)
    .leftJoin(credentialChecks, eq(credentialChecks.credentialId, credentials.id))
    .where(eq(credentials.owner, ''))
    .orderBy(asc(credentials.id));
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
