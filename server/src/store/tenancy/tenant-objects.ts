/** From an id to its organization, for addresses that do not name one. Global: it discovers the tenant. */
import { eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { tenantObjects } from '../schema.ts';

/** The organization a team, membership, service account or key belongs to; null when there never was such an object. */
export async function organizationOf(db: Database, id: string): Promise<string | null> {
  const [row] = await db
    .select({ organizationId: tenantObjects.organizationId })
    .from(tenantObjects)
    .where(eq(tenantObjects.id, id));
  return row?.organizationId ?? null;
}

/** The organizations these objects belong to; what never was belongs to none. */
export async function organizationsOf(db: Database, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectDistinct({ organizationId: tenantObjects.organizationId })
    .from(tenantObjects)
    .where(inArray(tenantObjects.id, [...ids]));
  return rows.map((row) => row.organizationId);
}
