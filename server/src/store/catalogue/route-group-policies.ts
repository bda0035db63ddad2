/** Versions of what a route group routes by. The newest is in force; older ones can be brought back. */
import { and, desc, eq, max } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { routeGroupPolicies } from '../schema.ts';

export type PolicyVersionRow = typeof routeGroupPolicies.$inferSelect;

/** Newest first, at most `limit`. */
export async function list(db: Database, routeGroupId: string, limit: number): Promise<readonly PolicyVersionRow[]> {
  return db
    .select()
    .from(routeGroupPolicies)
    .where(eq(routeGroupPolicies.routeGroupId, routeGroupId))
    .orderBy(desc(routeGroupPolicies.version))
    .limit(limit);
}

export async function find(
  db: Database,
  key: Pick<PolicyVersionRow, 'routeGroupId' | 'version'>,
): Promise<PolicyVersionRow | null> {
  const { routeGroupId, version } = routeGroupPolicies;
  const [row] = await db
    .select()
    .from(routeGroupPolicies)
    .where(and(eq(routeGroupId, key.routeGroupId), eq(version, key.version)));
  return row ?? null;
}

/** Adds the next version. The group must be locked, or two could take the same number. */
export async function add(tx: Database, row: Omit<PolicyVersionRow, 'version'>): Promise<number> {
  const [newest] = await tx
    .select({ version: max(routeGroupPolicies.version) })
    .from(routeGroupPolicies)
    .where(eq(routeGroupPolicies.routeGroupId, row.routeGroupId));
  const version = (newest?.version ?? 0) + 1;
  await tx.insert(routeGroupPolicies).values({ ...row, version });
  return version;
}
