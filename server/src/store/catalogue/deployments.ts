/** Deployments: upstream models with their credential and capacity. Global. A deleted one keeps its row: ledger rows name it. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, type ListSort, listOrder, named } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { deployments, routeGroupMembers, routeGroups } from '../schema.ts';
import { passedOverIds } from './passed-over.ts';
import { unpricedDeployments } from './unpriced.ts';

export type DeploymentRow = typeof deployments.$inferSelect;

/** Null when there is none or it was deleted. */
export async function find(db: Database, id: string): Promise<DeploymentRow | null> {
  const [row] = await findMany(db, [id]);
  return row ?? null;
}

/** Of these the ones that are there, in no order. */
export async function findMany(db: Database, ids: readonly string[]): Promise<readonly DeploymentRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(deployments)
    .where(and(inArray(deployments.id, [...ids]), isNull(deployments.deletedAt)));
}

/** As find, and nobody else changes the deployment until the transaction ends. */
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

/** Moves the version on. */
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

/** Lets go of its credential, which may then be deleted. */
export async function remove(tx: Database, id: string, at: Date): Promise<void> {
  await update(tx, id, { deletedAt: at, credentialId: null }, at);
}

/** Ids of the deployments that serve these models, by model, oldest first; models without any are absent. */
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

/** Keys of the route groups a deployment is a member of. */
export async function routeGroupsOf(db: Database, id: string): Promise<readonly string[]> {
  const rows = await db
    .select({ key: routeGroups.key })
    .from(routeGroupMembers)
    .innerJoin(routeGroups, eq(routeGroups.id, routeGroupMembers.routeGroupId))
    .where(eq(routeGroupMembers.deploymentId, id))
    .orderBy(routeGroups.key);
  return rows.map((row) => row.key);
}

/** Which of these texts are routing tags of some deployment. */
export async function tagsAmong(db: Database, texts: readonly string[]): Promise<ReadonlySet<string>> {
  if (texts.length === 0) return new Set();
  const { rows } = await db.execute<{
    tag: string;
  }>(sql`select distinct tag from ${deployments}, unnest(${deployments.tags}) as tag
    where ${deployments.deletedAt} is null and tag = any(${sql.param(texts)})`);
  return new Set(rows.map((row) => row.tag));
}

export interface DeploymentFilter {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly tag?: string | undefined;
  readonly enabled?: boolean | undefined;
  /** Whether it lacks a price, or a unit that was used lately, at an instant. */
  readonly unpriced?: { readonly is: boolean; readonly at: Date } | undefined;
  /** Whether requests without tags pass it over at some target. */
  readonly passedOver?: boolean | undefined;
  /** Beginning of the model's or the upstream model's name, or the whole id. */
  readonly search?: string | undefined;
}

export interface DeploymentPage {
  readonly sort: 'created_at' | '-created_at' | 'model' | '-model';
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Throws InvalidCursor. */
export async function list(db: Database, filter: DeploymentFilter, page: DeploymentPage): Promise<Listed<DeploymentRow>> {
  const columns = { id: deployments.id, name: deployments.model };
  const order = listOrder('deployments', page.sort.replace('model', 'name') as ListSort, columns);
  const limit = pageLimit(page.limit);
  const wanted = [...conditionsOf(filter, columns), await unpricedOr(db, filter)];
  const found = await db
    .select({ row: deployments, id: deployments.id, lowerName: order.lowerName })
    .from(deployments)
    .where(and(...wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, order.keyOf);
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
