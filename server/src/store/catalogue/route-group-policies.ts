/** Versions of a route group's routing policy. The newest is in force; older ones can be restored. */
import { and, desc, eq, max } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { storedStrategy, withStrategy } from '../schema/strategy-columns.ts';
import { routeGroupPolicies } from '../schema.ts';

export type PolicyVersionRow = ReturnType<typeof withStrategy<typeof routeGroupPolicies.$inferSelect>>;

/** Lists versions, newest first, at most `limit`. */
export async function list(db: Database, routeGroupId: string, limit: number): Promise<readonly PolicyVersionRow[]> {
  const rows = await db
    .select()
    .from(routeGroupPolicies)
    .where(eq(routeGroupPolicies.routeGroupId, routeGroupId))
    .orderBy(desc(routeGroupPolicies.version))
    .limit(limit);
  return rows.map(withStrategy);
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
  return row === undefined ? null : withStrategy(row);
}

/** Adds the next version and returns its number. Lock the group first: otherwise two calls could take the same number. */
export async function add(tx: Database, row: Omit<PolicyVersionRow, 'version'>): Promise<number> {
  const [newest] = await tx
    .select({ version: max(routeGroupPolicies.version) })
    .from(routeGroupPolicies)
    .where(eq(routeGroupPolicies.routeGroupId, row.routeGroupId));
  const version = (newest?.version ?? 0) + 1;
  await tx.insert(routeGroupPolicies).values({ ...storedStrategy(row), version });
  return version;
}
