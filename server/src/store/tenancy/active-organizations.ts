/** Organizations with recent usage. Global: jobs go over every tenant. */
import { and, asc, gt, inArray, ne } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { organizationDays, organizations } from '../schema.ts';
import { DAY_MS } from '../usage/usage-rows.ts';
import type { OrganizationRow } from './organizations.ts';

/** Returns up to `most` organizations with usage since the UTC day of a time, by id, after `after`. */
export async function activeAfter(
  db: Database,
  { sinceMs, after, most }: { readonly sinceMs: number; readonly after: string; readonly most: number },
): Promise<readonly OrganizationRow[]> {
  const used = db
    .select({ id: organizationDays.organizationId })
    .from(organizationDays)
    .where(gt(organizationDays.dayStart, new Date(sinceMs - DAY_MS)));
  return db
    .select()
    .from(organizations)
    .where(and(gt(organizations.id, after), ne(organizations.status, 'deleted'), inArray(organizations.id, used)))
    .orderBy(asc(organizations.id))
    .limit(most);
}
