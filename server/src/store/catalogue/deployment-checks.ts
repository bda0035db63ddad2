/** The last test call of each deployment that a person made. */
import { inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deploymentChecks } from '../schema.ts';

export type DeploymentCheckRow = typeof deploymentChecks.$inferSelect;

/** Returns the last checks of these deployments, by deployment id. Deployments that were never checked are absent. */
export async function findMany(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, DeploymentCheckRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(deploymentChecks)
    .where(inArray(deploymentChecks.deploymentId, [...ids]));
  return new Map(rows.map((row) => [row.deploymentId, row]));
}

/** Stores a check in place of the one before. */
export async function put(db: Database, row: DeploymentCheckRow): Promise<void> {
  const { deploymentId: _, ...columns } = row;
  await db.insert(deploymentChecks).values(row).onConflictDoUpdate({ target: deploymentChecks.deploymentId, set: columns });
}
