/**
 * Deployments: upstream models with credential and capacity. Global. Rows of deleted ones stay, because ledger rows name them.
 */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, named } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { deployments, routeGroupMembers, routeGroups } from '../schema.ts';
import { attemptCounts } from '../usage/attempt-counts.ts';
import {
  type AttemptFilter,
  attemptCondition,
  type CountsById,
  type DeploymentSort,
  deploymentOrder,
  needsCounts,
} from './deployment-order.ts';
import { passedOverIds } from './passed-over.ts';
import { unpricedDeployments } from './unpriced.ts';

export type DeploymentRow = typeof deployments.$inferSelect;

/** Finds a deployment. Returns null if there is none or it was deleted. */
export async function find(db: Database, id: string): Promise<DeploymentRow | null> {
  const [row] = await findMany(db, [id]);
  return row ?? null;
}

/** Returns those of these deployments that exist and are not deleted, in no order. */
export async function findMany(db: Database, ids: readonly string[]): Promise<readonly DeploymentRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(deployments)
    .where(and(inArray(deployments.id, [...ids]), isNull(deployments.deletedAt)));
}

/** Finds a deployment, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<DeploymentRow | null> {
  const [row] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.id, id), isNull(deployments.deletedAt)))
    .for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof deployments.$inferInsert): Promise<DeploymentRow> {
  const [inserted] = await tx.insert(deployments).values(row).returning();
  return inserted as DeploymentRow;
}

/** Updates a deployment and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof deployments.$inferInsert>,
  at: Date,
): Promise<DeploymentRow> {
  const [row] = await tx
    .update(deployments)
    .set({ ...changes, version: sql`${deployments.version} + 1`, updatedAt: at })
    .where(eq(deployments.id, id))
    .returning();
  return row as DeploymentRow;
}

/** Marks a deployment as deleted, and clears its credential, which can then be deleted. */
export async function remove(tx: Database, id: string, at: Date): Promise<void> {
  await update(tx, id, { deletedAt: at, credentialId: null }, at);
}

/** Returns the ids of the deployments that serve these models, by model, oldest first. Models without any are absent. */
export async function idsOfModels(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .select({ id: deployments.id, model: deployments.model })
    .from(deployments)
    .where(and(inArray(deployments.model, [...names]), isNull(deployments.deletedAt)))
    .orderBy(deployments.id);
  const byModel = Map.groupBy(rows, (row) => row.model);
  return new Map([...byModel].map(([name, found]) => [name, found.map((row) => row.id)]));
}

/** Returns the keys of the route groups that contain a deployment, in order. */
export async function routeGroupsOf(db: Database, id: string): Promise<readonly string[]> {
  const rows = await db
    .select({ key: routeGroups.key })
    .from(routeGroupMembers)
    .innerJoin(routeGroups, eq(routeGroups.id, routeGroupMembers.routeGroupId))
    .where(eq(routeGroupMembers.deploymentId, id))
    .orderBy(routeGroups.key);
  return rows.map((row) => row.key);
}

/** Returns those of these texts that are tags of at least one deployment. */
export async function tagsAmong(db: Database, texts: readonly string[]): Promise<ReadonlySet<string>> {
  if (texts.length === 0) return new Set();
  const { rows } = await db.execute<{
    tag: string;
  }>(sql`select distinct tag from ${deployments}, unnest(${deployments.tags}) as tag
    where ${deployments.deletedAt} is null and tag = any(${sql.param(texts)})`);
  return new Set(rows.map((row) => row.tag));
}

export interface DeploymentFilter extends AttemptFilter {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly tag?: string | undefined;
  readonly enabled?: boolean | undefined;
  /** True for deployments that lack a price, or the price of a unit used in the 30 days before `at`; false for others. */
  readonly unpriced?: { readonly is: boolean; readonly at: Date } | undefined;
  /** True for deployments that requests without tags skip at some target; false for others. */
  readonly passedOver?: boolean | undefined;
  /** The beginning of the model's or the upstream model's name, or the whole id. */
  readonly search?: string | undefined;
}

export interface DeploymentPage {
  readonly sort: DeploymentSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Lists one page of deployments. `since`: the time from which attempts count. Throws InvalidCursor. */
export async function list(
  db: Database,
  filter: DeploymentFilter,
  { since, ...page }: DeploymentPage & { readonly since: Date },
): Promise<Listed<DeploymentRow>> {
  const counts: CountsById =
    needsCounts(page.sort) || filter.state !== undefined || filter.errorRateMin !== undefined
      ? await attemptCounts(db, since)
      : new Map();
  const order = deploymentOrder(page.sort, counts);
  const limit = pageLimit(page.limit);
  const wanted = [
    ...conditionsOf(filter, { id: deployments.id, name: deployments.model }),
    await unpricedOr(db, filter),
    attemptCondition(filter, counts),
  ];
  const found = await db
    .select({ row: deployments, last: order.last })
    .from(deployments)
    .leftJoin(order.scored, sql`scored.of = ${deployments.id}`)
    .where(and(...wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, ({ row, last }) => order.keyOf(last, row.id));
  const all = db
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(...wanted));
  return { rows: kept.rows.map(({ row }) => row), nextCursor: kept.nextCursor, total: await totalOf(db, all) };
}

function conditionsOf(filter: DeploymentFilter, columns: Parameters<typeof named>[0]): (SQL | undefined)[] {
  const { model, provider, credentialId, tag, enabled, passedOver, search } = filter;
  return [
    isNull(deployments.deletedAt),
    model === undefined ? undefined : eq(deployments.model, model),
    provider === undefined ? undefined : eq(deployments.provider, provider),
    credentialId === undefined ? undefined : eq(deployments.credentialId, credentialId),
    tag === undefined ? undefined : sql`${tag} = any(${deployments.tags})`,
    enabled === undefined ? undefined : eq(deployments.enabled, enabled),
    passedOver === undefined ? undefined : eq(sql`${deployments.id} in ${passedOverIds()}`, passedOver),
    named(columns, search, deployments.upstreamModel),
  ];
}

async function unpricedOr(db: Database, { unpriced }: DeploymentFilter): Promise<SQL | undefined> {
  return unpriced && eq(sql`${deployments.id} in ${await unpricedDeployments(db, unpriced.at)}`, unpriced.is);
}
