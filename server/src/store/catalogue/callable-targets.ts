/** The namespace of callable names: models and route groups. Global. */
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import { CATALOGUE_SCOPE } from '../configuration/config-versions.ts';
import type { Database } from '../database.ts';
import {
  afterCursor,
  type Keyset,
  orderOf,
  type Page,
  pageLimit,
  pageOf,
  prefixPattern,
  type Total,
  totalOf,
} from '../paging.ts';
import { callableTargets, configVersions, deployments, models, routeGroupMembers, routeGroups, targetLabels } from '../schema.ts';
import { unpricedDeployments } from './unpriced.ts';

export type TargetKind = 'model' | 'route_group';

/**
 * Locks the catalogue until the transaction ends, so that changes of names, fallbacks and labels run one after another. Their
 * checks need the whole catalogue. Call it first in any transaction that changes one of these.
 */
export async function lockCatalogue(tx: Database): Promise<void> {
  const scope = CATALOGUE_SCOPE;
  // Inserting the row, or writing its own name back, locks it.
  await tx.insert(configVersions).values({ scope }).onConflictDoUpdate({ target: configVersions.scope, set: { scope } });
}

export async function kindOf(db: Database, name: string): Promise<TargetKind | null> {
  const [row] = await db.select({ kind: callableTargets.kind }).from(callableTargets).where(eq(callableTargets.name, name));
  return row?.kind ?? null;
}

/** Returns the mode of each of these names that exists. Null for a route group without members. */
export async function modesOf(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, DeploymentMode | null>> {
  if (names.length === 0) return new Map();
  const ofModels = await db
    .select({ name: models.name, mode: models.mode })
    .from(models)
    .where(inArray(models.name, [...names]));
  const ofGroups = await db
    .selectDistinctOn([routeGroups.key], { name: routeGroups.key, mode: deployments.mode })
    .from(routeGroups)
    .leftJoin(routeGroupMembers, eq(routeGroupMembers.routeGroupId, routeGroups.id))
    .leftJoin(deployments, eq(deployments.id, routeGroupMembers.deploymentId))
    .where(inArray(routeGroups.key, [...names]))
    .orderBy(routeGroups.key, routeGroupMembers.deploymentId);
  return new Map([...ofModels, ...ofGroups].map((row) => [row.name, row.mode]));
}

/** Reserves a name. Throws UniqueViolation of `callable_targets_pkey` if it is taken. */
export async function claim(tx: Database, target: { readonly name: string; readonly kind: TargetKind }, at: Date): Promise<void> {
  await tx.insert(callableTargets).values({ ...target, createdAt: at });
}

/** Frees a name and deletes its labels; grants of it stay. Delete the model or route group itself first. */
export async function release(tx: Database, name: string): Promise<void> {
  await tx.delete(callableTargets).where(eq(callableTargets.name, name));
}

/** Returns the fallbacks of every target that has some, by name. */
export async function fallbacksOfAll(db: Database): Promise<Map<string, readonly string[]>> {
  const ofModels = await db.select({ name: models.name, fallbacks: models.fallbacks }).from(models);
  const ofGroups = await db.select({ name: routeGroups.key, fallbacks: routeGroups.fallbacks }).from(routeGroups);
  return new Map([...ofModels, ...ofGroups].filter((row) => row.fallbacks.length > 0).map((row) => [row.name, row.fallbacks]));
}

export interface TargetFilter {
  readonly kind?: TargetKind | undefined;
  readonly accessGroup?: string | undefined;
  /** The beginning of the name. */
  readonly search?: string | undefined;
  /** Only these names. Absent: all. */
  readonly among?: readonly string[] | undefined;
  /**
   * True for models with a deployment that lacks a price, or the price of a unit used in the 30 days before `at`. False for
   * others.
   */
  readonly unpriced?: { readonly is: boolean; readonly at: Date } | undefined;
}

/** Lists one page of names, in order. Throws InvalidCursor. */
export async function list(
  db: Database,
  filter: TargetFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly direction: 'asc' | 'desc' },
): Promise<Page<string> & { readonly total: Total }> {
  const keyset: Keyset = { name: 'callable-targets.name', columns: [callableTargets.name], direction: page.direction };
  const limit = pageLimit(page.limit);
  const wanted = [...conditionsOf(filter), await unpricedOr(db, filter)];
  const found = await db
    .select({ name: callableTargets.name })
    .from(callableTargets)
    .where(and(...wanted, afterCursor(keyset, page.cursor)))
    .orderBy(orderOf(keyset))
    .limit(limit + 1);
  const kept = pageOf(keyset, found, limit, (row) => [row.name]);
  const all = db
    .select({ name: callableTargets.name })
    .from(callableTargets)
    .where(and(...wanted));
  return { rows: kept.rows.map((row) => row.name), nextCursor: kept.nextCursor, total: await totalOf(db, all) };
}

function conditionsOf({ kind, accessGroup, search, among }: TargetFilter): (SQL | undefined)[] {
  const labelled = sql`exists (select 1 from ${targetLabels} where ${targetLabels.targetName} = ${callableTargets.name}
    and ${targetLabels.accessGroup} = ${accessGroup})`;
  return [
    kind === undefined ? undefined : eq(callableTargets.kind, kind),
    accessGroup === undefined ? undefined : labelled,
    search === undefined ? undefined : sql`lower(${callableTargets.name}) like ${prefixPattern(search)}`,
    among === undefined ? undefined : sql`${callableTargets.name} = any(${sql.param(among)})`,
  ];
}

async function unpricedOr(db: Database, { unpriced }: TargetFilter): Promise<SQL | undefined> {
  if (unpriced === undefined) return undefined;
  const served = sql`(select ${deployments.model} from ${deployments}
    where ${deployments.deletedAt} is null and ${deployments.owner} = '' and ${deployments.id} in ${await unpricedDeployments(db, unpriced.at)})`;
  return eq(sql`${callableTargets.name} in ${served}`, unpriced.is);
}
