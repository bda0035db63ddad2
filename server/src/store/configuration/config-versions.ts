/** Versions of the configuration: what replicas poll, so that a lost notification cannot leave one behind. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { configVersions as table } from '../schema.ts';
import { type ChangedScopes, tellOthers } from './config-notices.ts';

/** The scope of everything callable; an organization's scope is its id. */
export const CATALOGUE_SCOPE = 'catalogue';

/** Moves the version of one configuration on and returns it. Holds that row until the transaction ends. */
export async function bumpVersion(tx: Database, scope: string): Promise<number> {
  const [row] = await tx
    .insert(table)
    .values({ scope })
    .onConflictDoUpdate({ target: table.scope, set: { version: sql`${table.version} + 1` } })
    .returning({ version: table.version });
  return row?.version ?? 1;
}

/** As bumpVersion, for all a transaction changed. Always in the same order, so that two transactions cannot wait for each other. */
export async function bumpConfigVersions(tx: Database, changed: ChangedScopes): Promise<void> {
  const scopes = new Set(changed.organizationIds ?? []);
  if (changed.catalogue === true) scopes.add(CATALOGUE_SCOPE);
  for (const scope of [...scopes].sort()) await bumpVersion(tx, scope);
  if (scopes.size > 0) await tellOthers(tx, changed);
}

/** Current versions by scope; of these scopes only when they are given. A scope that never changed is absent and counts as 0. */
export async function configVersions(db: Database, scopes?: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const wanted = scopes === undefined ? undefined : sql`${table.scope} = any(${sql.param(scopes)})`;
  const rows = await db.select().from(table).where(wanted);
  return new Map(rows.map((row) => [row.scope, row.version]));
}
