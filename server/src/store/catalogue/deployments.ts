/**
 * Deployments: upstream models with credential and capacity. Rows of deleted ones stay, because ledger rows name them. Each has an
 * owner, as credentials do: a function without an owner means the platform's.
 */
import { and, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, named } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { deployments, routeGroupMembers, routeGroups } from '../schema.ts';
import { attemptCounts } from '../usage/attempt-counts.ts';
import { PLATFORM } from './credentials.ts';
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

/** A deployment. `enabled` is its state, whoever owns it. */
export type DeploymentRow = Omit<typeof deployments.$inferSelect, 'ownEnabled'>;

/** Finds a deployment. Returns null if there is none or it was deleted. */
export async function find(db: Database, id: string, owner: string = PLATFORM): Promise<DeploymentRow | null> {
  const [row] = await findMany(db, [id], owner);
  return row ?? null;
}

/** Finds a deployment of an organization, and so which organization. Check that the caller may see it. */
export async function findOwn(db: Database, id: string): Promise<DeploymentRow | null> {
  const [row] = await db
    .select()
    .from(deployments)
    .where(and(eq(deployments.id, id), ne(deployments.owner, PLATFORM), isNull(deployments.deletedAt)));
  return row === undefined ? null : withState(row);
}

/** Returns those of these deployments that exist and are not deleted, in no order. */
export async function findMany(
  db: Database,
  ids: readonly string[],
  owner: string = PLATFORM,
): Promise<readonly DeploymentRow[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select()
    .from(deployments)
    .where(and(inArray(deployments.id, [...ids]), eq(deployments.owner, owner), isNull(deployments.deletedAt)));
  return rows.map(withState);
}

/** Returns a stored row with its state in one field. */
export function withState({ ownEnabled, ...row }: typeof deployments.$inferSelect): DeploymentRow {
  return row.owner === PLATFORM ? row : { ...row, enabled: ownEnabled };
}

type Columns = Partial<typeof deployments.$inferInsert>;

/** Returns columns as they are stored: the state of an own deployment is in its own column, where versions before do not see it. */
function stored<T extends Columns>(columns: T, owner: string): T {
  if (owner === PLATFORM || columns.enabled === undefined) return columns;
  return { ...columns, enabled: false, ownEnabled: columns.enabled };
}

/** Returns the number of an organization's own deployments. */
export async function countOf(db: Database, owner: string): Promise<number> {
  return db.$count(deployments, and(eq(deployments.owner, owner), isNull(deployments.deletedAt)));
}

/** Marks all own deployments of an organization as deleted, and clears their credentials. Returns their number. */
export async function removeAllOf(tx: Database, organizationId: string, at: Date): Promise<number> {
  const isIts = and(eq(deployments.owner, organizationId), ne(deployments.owner, PLATFORM));
  const deleted = { deletedAt: at, credentialId: null, updatedAt: at };
  const { rowCount } = await tx
    .update(deployments)
    .set(deleted)
    .where(and(isIts, isNull(deployments.deletedAt)));
  return rowCount ?? 0;
}

/** Finds a deployment, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string, owner: string = PLATFORM): Promise<DeploymentRow | null> {
  const [row] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.id, id), eq(deployments.owner, owner), isNull(deployments.deletedAt)))
    .for('update');
  return row === undefined ? null : withState(row);
}

export async function insert(tx: Database, row: Omit<typeof deployments.$inferInsert, 'ownEnabled'>): Promise<DeploymentRow> {
  const [inserted] = await tx
    .insert(deployments)
    .values(stored(row, row.owner ?? PLATFORM))
    .returning();
  return withState(inserted as typeof deployments.$inferSelect);
}

/** Updates a deployment and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Omit<Columns, 'ownEnabled' | 'owner'>,
  at: Date,
  owner: string = PLATFORM,
): Promise<DeploymentRow> {
  const [row] = await tx
    .update(deployments)
    .set({ ...stored(changes, owner), version: sql`${deployments.version} + 1`, updatedAt: at })
    .where(and(eq(deployments.id, id), eq(deployments.owner, owner)))
    .returning();
  return withState(row as typeof deployments.$inferSelect);
}

/** Marks a deployment as deleted, and clears its credential, which can then be deleted. */
export async function remove(tx: Database, id: string, at: Date, owner: string = PLATFORM): Promise<void> {
  await update(tx, id, { deletedAt: at, credentialId: null }, at, owner);
}

/** Returns the ids of the platform's deployments that serve these models, by model, oldest first. Models without any are absent. */
export async function idsOfModels(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map();
  const rows = await db
    .select({ id: deployments.id, model: deployments.model })
    .from(deployments)
    .where(and(inArray(deployments.model, [...names]), eq(deployments.owner, PLATFORM), isNull(deployments.deletedAt)))
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
    where ${deployments.deletedAt} is null and ${deployments.owner} = '' and tag = any(${sql.param(texts)})`);
  return new Set(rows.map((row) => row.tag));
}

export interface DeploymentFilter extends AttemptFilter {
  /** Default: the platform. */
  readonly owner?: string | undefined;
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
  return { rows: kept.rows.map(({ row }) => withState(row)), nextCursor: kept.nextCursor, total: await totalOf(db, all) };
}

function conditionsOf(filter: DeploymentFilter, columns: Parameters<typeof named>[0]): (SQL | undefined)[] {
  const { owner = PLATFORM, model, provider, credentialId, tag, enabled, passedOver, search } = filter;
  return [
    isNull(deployments.deletedAt),
    eq(deployments.owner, owner),
    model === undefined ? undefined : eq(deployments.model, model),
    provider === undefined ? undefined : eq(deployments.provider, provider),
    credentialId === undefined ? undefined : eq(deployments.credentialId, credentialId),
    tag === undefined ? undefined : sql`${tag} = any(${deployments.tags})`,
    enabled === undefined ? undefined : eq(owner === PLATFORM ? deployments.enabled : deployments.ownEnabled, enabled),
    passedOver === undefined ? undefined : eq(sql`${deployments.id} in ${passedOverIds()}`, passedOver),
    named(columns, search, deployments.upstreamModel),
  ];
}

async function unpricedOr(db: Database, { unpriced }: DeploymentFilter): Promise<SQL | undefined> {
  return unpriced && eq(sql`${deployments.id} in ${await unpricedDeployments(db, unpriced.at)}`, unpriced.is);
}
