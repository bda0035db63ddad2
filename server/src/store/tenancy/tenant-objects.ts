/** The organization of an id, for URLs that do not name one. Global: this lookup finds the tenant. */
import { eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { tenantObjects } from '../schema.ts';

/** Returns the organization of a team, membership, service account or key. Null if the object never existed. */
export async function organizationOf(db: Database, id: string): Promise<string | null> {
  const [row] = await db
    .select({ organizationId: tenantObjects.organizationId })
    .from(tenantObjects)
    .where(eq(tenantObjects.id, id));
  return row?.organizationId ?? null;
}

/** Returns the organizations of these objects, without duplicates. Ids that never existed have none. */
export async function organizationsOf(db: Database, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectDistinct({ organizationId: tenantObjects.organizationId })
    .from(tenantObjects)
    .where(inArray(tenantObjects.id, [...ids]));
  return rows.map((row) => row.organizationId);
}
