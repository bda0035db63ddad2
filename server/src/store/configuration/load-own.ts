/** The deployments that organizations brought, as their own requests use them. */
import { and, asc, desc, eq, inArray, isNull, ne, type SQL } from 'drizzle-orm';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { OwnProviders } from '../../domain/routing/own.ts';
import { PLATFORM } from '../catalogue/credentials.ts';
import { withState } from '../catalogue/deployments.ts';
import type { Database } from '../database.ts';
import { credentials, deployments, organizations, prices } from '../schema.ts';
import { withoutSecret } from './load-catalogue.ts';
import { deploymentsFrom, type OnUnreadable, type OpenCredential } from './load-deployments.ts';

/** The means to open own credentials. */
export interface OwnOpener {
  readonly open: OpenCredential;
  readonly onUnreadable: OnUnreadable;
}

/** Returns the own deployments of these organizations, by organization. Those without any are absent. Call it in a snapshot. */
export async function readOwn(
  tx: Database,
  organizationIds: readonly string[],
  { open, onUnreadable }: OwnOpener,
): Promise<ReadonlyMap<string, readonly DeploymentConfig[]>> {
  const named = organizationIds.filter((id) => id !== PLATFORM);
  return named.length === 0 ? new Map() : readWhere(tx, inArray(deployments.owner, named), { open, onUnreadable });
}

/**
 * Returns how each organization uses own deployments of these models, by organization, without their secrets. Organizations that have
 * none and do not insist on own ones are absent. It reads over all tenants: use it only for what the platform is told.
 */
export async function ownUseOfAll(tx: Database, models: ReadonlySet<string>): Promise<ReadonlyMap<string, OwnProviders>> {
  const isOwn = and(ne(deployments.owner, PLATFORM), inArray(deployments.model, [...models]));
  const found = await readWhere(tx, isOwn, { open: withoutSecret, onUnreadable: () => {} });
  const insisting = await tx
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.ownDeployments, 'own_only'));
  const onlyOwn = new Set(insisting.map(({ id }) => id));
  const all = [...new Set([...found.keys(), ...onlyOwn])];
  return new Map(
    all.map((id) => {
      const byModel = Map.groupBy(found.get(id) ?? [], ({ model }) => model);
      return [id, { mode: onlyOwn.has(id) ? 'own_only' : 'own_first', byModel }] as const;
    }),
  );
}

async function readWhere(tx: Database, wanted: SQL | undefined, { open, onUnreadable }: OwnOpener) {
  const found = await tx
    .select()
    .from(deployments)
    .where(and(wanted, isNull(deployments.deletedAt)))
    .orderBy(asc(deployments.id));
  if (found.length === 0) return new Map<string, DeploymentConfig[]>();
  const ids = found.map(({ id }) => id);
  const used = [...new Set(found.flatMap(({ credentialId }) => credentialId ?? []))];
  const rows = {
    credentials: await tx.select().from(credentials).where(inArray(credentials.id, used)),
    deployments: found.map(withState),
    prices: await tx
      .select()
      .from(prices)
      .where(inArray(prices.deploymentId, ids))
      .orderBy(desc(prices.effectiveFrom), desc(prices.id)),
  };
  const all = [...deploymentsFrom(rows, open, onUnreadable).values()];
  return Map.groupBy(all, ({ organizationId }) => organizationId ?? '');
}
