/** Versions of the configuration. Replicas poll them, so that a lost notification leaves no replica behind. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { configVersions as table } from '../schema.ts';
import { type ChangedScopes, tellOthers } from './config-notices.ts';

/** The scope of the catalogue. The scope of an organization is its id. */
export const CATALOGUE_SCOPE = 'catalogue';

/** Increments the version of one configuration and returns it. Locks its row until the transaction ends. */
export async function bumpVersion(tx: Database, scope: string): Promise<number> {
  const [row] = await tx
    .insert(table)
    .values({ scope })
    .onConflictDoUpdate({ target: table.scope, set: { version: sql`${table.version} + 1` } })
    .returning({ version: table.version });
  return row?.version ?? 1;
}

/**
 * Increments the versions of all that a transaction changed, and notifies other replicas. Sorted, so that transactions cannot
 * deadlock.
 */
export async function bumpConfigVersions(tx: Database, changed: ChangedScopes): Promise<void> {
  const scopes = new Set(changed.organizationIds ?? []);
  if (changed.catalogue === true) scopes.add(CATALOGUE_SCOPE);
  for (const scope of [...scopes].sort()) await bumpVersion(tx, scope);
  if (scopes.size > 0) await tellOthers(tx, changed);
}

/** Returns the current versions by scope, of all scopes or of these. A scope that never changed is absent and counts as 0. */
export async function configVersions(db: Database, scopes?: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const wanted = scopes === undefined ? undefined : sql`${table.scope} = any(${sql.param(scopes)})`;
  const rows = await db.select().from(table).where(wanted);
  return new Map(rows.map((row) => [row.scope, row.version]));
}
