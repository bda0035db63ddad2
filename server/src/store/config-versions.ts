/** Numbers that go up with every change of the configuration: how replicas notice. One for the catalogue, one per organization. */
import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { configVersions } from './schema.ts';

export const CATALOGUE_SCOPE = 'catalogue';

/** Moves the versions of what a change touched, in its transaction. Keys belong to their organization's. */
export async function bumpConfigVersions(
  tx: Database,
  touched: { readonly catalogue?: boolean; readonly organizationIds?: readonly string[] },
): Promise<void> {
  const scopes = [...(touched.organizationIds ?? []), ...(touched.catalogue === true ? [CATALOGUE_SCOPE] : [])];
  if (scopes.length === 0) return;
  await tx
    .insert(configVersions)
    // In one order, so that two changes never wait for each other.
    .values([...new Set(scopes)].sort().map((scope) => ({ scope })))
    .onConflictDoUpdate({ target: configVersions.scope, set: { version: sql`${configVersions.version} + 1` } });
}
