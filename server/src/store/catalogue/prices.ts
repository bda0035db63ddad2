/** Versions of deployments' prices. Global. Rows are only added, because a ledger row names the version that it used. */
import { and, desc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { deployments, prices } from '../schema.ts';

export type PriceRow = typeof prices.$inferSelect;

/** Adds a version. An empty `perMillion` removes the price from `effectiveFrom` on. */
export async function insert(tx: Database, version: typeof prices.$inferInsert): Promise<PriceRow> {
  const [row] = await tx.insert(prices).values(version).returning();
  return row as PriceRow;
}

/** Returns versions by id. Includes those of deleted deployments. */
export async function findMany(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, PriceRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(prices)
    .where(inArray(prices.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row]));
}

/** Returns the version in force at a time, by deployment id. Deployments without one are absent. */
export async function inForce(db: Database, deploymentIds: readonly string[], at: Date): Promise<ReadonlyMap<string, PriceRow>> {
  if (deploymentIds.length === 0) return new Map();
  const rows = await db
    .selectDistinctOn([prices.deploymentId])
    .from(prices)
    .where(and(inArray(prices.deploymentId, [...deploymentIds]), lte(prices.effectiveFrom, at)))
    .orderBy(prices.deploymentId, desc(prices.effectiveFrom), desc(prices.id));
  return new Map(rows.map((row) => [row.deploymentId, row]));
}

export interface PriceFilter {
  readonly deploymentId?: string | undefined;
  /** Versions of every deployment of this model. */
  readonly model?: string | undefined;
}

/** Lists versions, latest `effectiveFrom` first. Includes versions of deleted deployments. Throws InvalidCursor. */
export async function list(
  db: Database,
  { deploymentId, model }: PriceFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Page<PriceRow & { readonly model: string }> & { readonly total: Total }> {
  const limit = pageLimit(page.limit);
  const wanted = [
    deploymentId === undefined ? undefined : eq(prices.deploymentId, deploymentId),
    model === undefined ? undefined : eq(deployments.model, model),
  ];
  const found = await db
    .select({ row: prices, model: deployments.model })
    .from(prices)
    .innerJoin(deployments, eq(deployments.id, prices.deploymentId))
    .where(and(...wanted, afterCursor(NEWEST_FIRST, page.cursor)))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  const kept = pageOf(NEWEST_FIRST, found, limit, ({ row }) => [row.effectiveFrom, row.id]);
  const all = db
    .select({ id: sql`1` })
    .from(prices)
    .innerJoin(deployments, eq(deployments.id, prices.deploymentId))
    .where(and(...wanted));
  return {
    rows: kept.rows.map(({ row, model: name }) => ({ ...row, model: name })),
    nextCursor: kept.nextCursor,
    total: await totalOf(db, all),
  };
}

const NEWEST_FIRST: Keyset = { name: 'prices.effective_from', columns: [prices.effectiveFrom, prices.id], direction: 'desc' };
