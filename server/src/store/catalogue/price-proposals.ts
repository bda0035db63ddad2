/** List prices that differ from those that deployments took from the list. */
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { type GivenPrice, givenPrice } from '../../domain/money/price-units.ts';
import type { Database } from '../database.ts';
import { deployments, priceProposals, prices } from '../schema.ts';

/** A deployment that is not deleted and whose price in force comes from the list. */
export interface ListPriced {
  readonly deploymentId: string;
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly price: GivenPrice;
}

/** Returns every such deployment at a time. */
export async function listPriced(db: Database, at: Date): Promise<readonly ListPriced[]> {
  const inForce = db
    .selectDistinctOn([prices.deploymentId], {
      deploymentId: prices.deploymentId,
      perMillion: prices.perMillion,
      units: prices.units,
      source: prices.source,
    })
    .from(prices)
    .where(sql`${prices.effectiveFrom} <= ${at}`)
    .orderBy(prices.deploymentId, desc(prices.effectiveFrom), desc(prices.id))
    .as('in_force');
  const rows = await db
    .select({
      deploymentId: deployments.id,
      model: deployments.model,
      provider: deployments.provider,
      upstreamModel: deployments.upstreamModel,
      perMillion: inForce.perMillion,
      units: inForce.units,
    })
    .from(deployments)
    .innerJoin(inForce, eq(inForce.deploymentId, deployments.id))
    .where(and(isNull(deployments.deletedAt), eq(deployments.owner, ''), eq(inForce.source, 'list')));
  return rows.map(({ perMillion, units, ...row }) => ({ ...row, price: givenPrice({ perMillion, units }) }));
}

/** Proposes a price for a deployment. Returns false if the last proposal, open or dismissed, was the same. */
export async function propose(
  db: Database,
  deploymentId: string,
  { perMillion: rates, units }: GivenPrice,
  at: Date,
): Promise<boolean> {
  const perMillion = units === null ? rates : { ...rates, units };
  const rows = await db
    .insert(priceProposals)
    .values({ deploymentId, perMillion, foundAt: at })
    .onConflictDoUpdate({
      target: priceProposals.deploymentId,
      set: { perMillion, foundAt: at, dismissedAt: null },
      setWhere: sql`${priceProposals.perMillion} <> excluded.per_million`,
    })
    .returning({ id: priceProposals.deploymentId });
  return rows.length === 1;
}

/** Deletes the proposal of a deployment. */
export async function withdraw(db: Database, deploymentId: string): Promise<void> {
  await db.delete(priceProposals).where(eq(priceProposals.deploymentId, deploymentId));
}

export async function dismiss(tx: Database, deploymentId: string, at: Date): Promise<void> {
  await tx.update(priceProposals).set({ dismissedAt: at }).where(eq(priceProposals.deploymentId, deploymentId));
}

/** An open proposal, with its deployment. */
export interface Proposal {
  readonly deploymentId: string;
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly price: GivenPrice;
  readonly foundAt: Date;
}

/** Returns the open proposals of all deployments that are not deleted, or of one. */
export async function open(db: Database, deploymentId?: string): Promise<readonly Proposal[]> {
  const rows = await db
    .select({
      deploymentId: deployments.id,
      model: deployments.model,
      provider: deployments.provider,
      upstreamModel: deployments.upstreamModel,
      perMillion: priceProposals.perMillion,
      foundAt: priceProposals.foundAt,
    })
    .from(priceProposals)
    .innerJoin(deployments, eq(deployments.id, priceProposals.deploymentId))
    .where(
      and(
        isNull(priceProposals.dismissedAt),
        isNull(deployments.deletedAt),
        deploymentId === undefined ? undefined : eq(deployments.id, deploymentId),
      ),
    )
    .orderBy(deployments.model, deployments.id);
  return rows.map(({ perMillion: { units = null, ...perMillion }, ...row }) => ({
    ...row,
    price: givenPrice({ perMillion, units }),
  }));
}
